"""Whole ways of people on one camera, as one table; what the offline pass works on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracker.types import BoolArray, CameraTracks, FloatArray, IntArray

__all__ = ["Trajectories", "collect"]


@dataclass(frozen=True)
class Trajectories:
    """Rows of all tracks of a camera, ordered by id and then by frame.

    frames: (N,) int64 positions in the source. times: (N,) seconds. ids: (N,) int64.
    boxes: (N, 4). scores: (N,). seen: (N,) False where a box was predicted or filled in.
    A track has at most one row per frame.
    """

    frames: IntArray
    times: FloatArray
    ids: IntArray
    boxes: FloatArray
    scores: FloatArray
    seen: BoolArray

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, rows: IntArray | BoolArray) -> "Trajectories":
        return Trajectories(
            self.frames[rows],
            self.times[rows],
            self.ids[rows],
            self.boxes[rows],
            self.scores[rows],
            self.seen[rows],
        )

    def relabelled(self, ids: IntArray) -> "Trajectories":
        """The same rows with other ids (N,), in the order that these ask for."""
        order = np.lexsort((self.frames, ids))
        moved = self[order]
        return Trajectories(
            moved.frames, moved.times, ids[order], moved.boxes, moved.scores, moved.seen
        )

    def moved(self, boxes: FloatArray) -> "Trajectories":
        """The same rows with other boxes (N, 4)."""
        return replace(self, boxes=boxes)

    def starts(self) -> IntArray:
        """(T + 1,) the first row of each of T tracks, and the end of the last."""
        if len(self) == 0:
            return np.zeros(1, np.int64)
        cuts = np.flatnonzero(np.diff(self.ids)) + 1
        return np.concatenate([[0], cuts, [len(self)]])

    @classmethod
    def joined(cls, parts: Sequence["Trajectories"]) -> "Trajectories":
        """Tables under one another; `parts` are in order of their ids."""
        if not parts:
            return cls(*(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64)), *_no_boxes())
        return cls(
            np.concatenate([part.frames for part in parts]),
            np.concatenate([part.times for part in parts]),
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.seen for part in parts]),
        )


def collect(tracks: Sequence[CameraTracks]) -> Trajectories:
    """What a `CameraTracker` reported over a whole video, as one table.

    Tracks that were never confirmed (`is_new`) are left out.
    """
    if not tracks:
        return Trajectories.joined([])
    counts = [len(moment) for moment in tracks]
    table = Trajectories(
        np.repeat(np.array([moment.index for moment in tracks], np.int64), counts),
        np.repeat(np.array([moment.time for moment in tracks], np.float64), counts),
        np.concatenate([moment.ids for moment in tracks]),
        np.concatenate([moment.boxes for moment in tracks]),
        np.concatenate([moment.scores for moment in tracks]),
        np.concatenate([moment.detection_rows for moment in tracks]) >= 0,
    )
    confirmed = np.concatenate([moment.ids[moment.is_new] for moment in tracks])
    kept = table[np.isin(table.ids, confirmed)]
    return kept.relabelled(kept.ids)


def _no_boxes() -> tuple[FloatArray, FloatArray, BoolArray]:
    return np.zeros((0, 4)), np.zeros(0), np.zeros(0, bool)
