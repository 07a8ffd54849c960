"""Where each camera saw each person last: a box much like that one is likelier the same person's.

On the ground a detection is as good as its foot point. In its own picture it hardly moves from one
frame to the next, which tells apart people whose places are too unsure for that.
"""

import numpy as np

from tracker.boxes import iou
from tracker.fusion import Observations
from tracker.types import FloatArray, IntArray

__all__ = ["LastBoxes"]

NEVER = -np.inf


class LastBoxes:
    """The last box of each track on each camera, by the numbers of both."""

    def __init__(self, cameras: int, max_age: float) -> None:
        """max_age: seconds after which a box tells nothing any more."""
        self._cameras = cameras
        self._max_age = max_age
        self._boxes: dict[int, FloatArray] = {}  # by track: (C, 5) time, then the box

    def overlaps(self, tracks: IntArray, seen: Observations, time: float) -> FloatArray:
        """(N, M) intersection over union of each observation with the box in which the same camera
        saw each track (N,) last; 0 where it didn't lately."""
        if not len(tracks):
            return np.zeros((0, len(seen)))
        never = np.full((self._cameras, 5), NEVER)
        last = np.stack([self._boxes.get(track, never) for track in tracks.tolist()])
        found = np.zeros((len(tracks), len(seen)))
        for camera in np.unique(seen.cameras):
            here = np.flatnonzero(seen.cameras == camera)
            lately = np.flatnonzero(last[:, camera, 0] >= time - self._max_age)
            found[np.ix_(lately, here)] = iou(last[lately, camera, 1:], seen.boxes[here])
        return found

    def remember(self, tracks: IntArray, seen: Observations, taken: IntArray, time: float) -> None:
        """Each track (N,) took one observation in each view, (N, V), or none, -1. All others are
        forgotten."""
        boxes = {}
        for track, row in zip(tracks.tolist(), taken, strict=True):
            kept = self._boxes.get(track)
            if kept is None:
                kept = np.full((self._cameras, 5), NEVER)
            here = row[row >= 0]
            kept[seen.cameras[here], 0] = time
            kept[seen.cameras[here], 1:] = seen.boxes[here]
            boxes[track] = kept
        self._boxes = boxes
