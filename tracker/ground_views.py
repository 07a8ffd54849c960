"""What the calibrated cameras tell of the ground, and what they ought to see of it."""

from collections.abc import Mapping, Sequence

import numpy as np

from calibration.camera import Camera
from calibration.camera_stack import CameraStack
from tracker.alignment import Alignment
from tracker.floor import distance_outside
from tracker.footprints import locate
from tracker.fusion import Observations, pack
from tracker.ground_settings import GroundSettings
from tracker.silhouettes import expected_boxes, visible_shares
from tracker.suppression import nms
from tracker.types import BoolArray, Detections, FloatArray, Frame, IntArray

__all__ = ["GroundViews"]

WITNESSES = 3  # cameras that must see a person for their disagreement to tell who is off


class GroundViews:
    """All calibrated cameras, with what was learned of their errors."""

    def __init__(
        self, cameras: Mapping[str, Camera], settings: GroundSettings, area: FloatArray | None
    ) -> None:
        """area: (K, 2) polygon in metres; detections further outside than `margin` are ignored."""
        self._index = {name: index for index, name in enumerate(cameras)}
        self._cameras = CameraStack(list(cameras.values()))
        self._settings = settings
        self._area = area
        self._alignments = {name: Alignment(camera) for name, camera in cameras.items()}

    def observe(self, frames: Sequence[Frame], detections: Sequence[Detections]) -> Observations:
        """The detections of one tick that lie on the ground where people are followed."""
        kept = [self._usable(found) for found in detections]
        counts = [len(rows) for rows in kept]
        views = np.repeat(np.arange(len(frames)), counts)
        rows = np.concatenate(kept)
        boxes = np.concatenate([d.boxes[r] for d, r in zip(detections, kept, strict=True)])
        scores = np.concatenate([d.scores[r] for d, r in zip(detections, kept, strict=True)])
        of = self._of(frames)[views]
        where = locate(self._cameras, of, boxes, self._settings.footprint)
        ends = np.cumsum(counts)[:-1]
        parts = zip(frames, np.split(where.points, ends), strict=True)
        points = np.concatenate([self._alignments[f.camera].correct(part) for f, part in parts])
        good = where.valid
        if self._area is not None:
            outside = distance_outside(self._area, np.nan_to_num(points, nan=1e9))
            good = good & (outside <= self._settings.margin)
        made = Observations(views, rows, points, pack(where.covariances), scores, where.odds)
        return made[np.flatnonzero(good)]

    def _usable(self, found: Detections) -> IntArray:
        """One view's rows of detections that are neither faint nor double."""
        rows = np.sort(nms(found.boxes, found.scores, self._settings.max_detection_iou))
        return rows[found.scores[rows] >= self._settings.min_score]

    def _of(self, frames: Sequence[Frame]) -> IntArray:
        """(V,) index of each frame's camera."""
        return np.array([self._index[frame.camera] for frame in frames], np.int64)

    def align(
        self,
        frames: Sequence[Frame],
        seen: Observations,
        taken: IntArray,
        positions: FloatArray,
        sure: BoolArray,
    ) -> None:
        """Learn by how much each camera is off, from sure people (N,) whom most cameras see.

        taken: (N, V) each person's observation or -1. positions: (N, 2) of all views together.
        """
        sure = sure & ((taken >= 0).sum(axis=1) >= WITNESSES)
        here = sure[:, None] & (taken >= 0)
        if not here.any():
            return
        points = seen.points[taken]
        apart = ((points - positions[:, None]) ** 2).sum(axis=2)
        close = here & (apart < self._settings.merge_distance**2)
        for view, frame in enumerate(frames):
            rows = close[:, view]
            self._alignments[frame.camera].learn(points[rows, view], positions[rows])

    def outlook(
        self, frames: Sequence[Frame], positions: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """(V, N, 4) how people at positions (N, 2) would be boxed in frames, NaN where unknown, and
        (N, V) the share of them that each frame ought to show."""
        of = self._of(frames)
        boxes = expected_boxes(self._cameras, positions, self._settings.footprint.person_height)
        return boxes[of], visible_shares(self._cameras, positions, boxes)[of].T
