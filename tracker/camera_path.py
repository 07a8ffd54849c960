"""How the camera's view wandered over a whole video, told from the people in it alone."""

import numpy as np

from tracker.trajectories import Trajectories
from tracker.types import FloatArray

__all__ = ["camera_path", "moved_by"]

DOUBT = 3.0  # as many tracks at rest are added to those of a step: one walker is no camera


def camera_path(table: Trajectories) -> FloatArray:
    """(F, 2) pixels by which everything has shifted since frame 0, for all frames of the table.

    Each step is the median step of the tracks seen in both frames, drawn towards rest where they
    are few. People who all walk the same way look like a camera that turns; that does no harm to
    what this serves, to compare places of one moment with those of another a little later.
    """
    length = int(table.frames.max(initial=-1)) + 1
    steps = np.zeros((length, 2))
    centres = (table.boxes[:, :2] + table.boxes[:, 2:]) / 2
    follows = (np.diff(table.ids) == 0) & (np.diff(table.frames) == 1)
    follows &= table.seen[1:] & table.seen[:-1]
    rows = np.flatnonzero(follows) + 1
    rows = rows[np.argsort(table.frames[rows], kind="stable")]
    frames, first, counts = np.unique(table.frames[rows], return_index=True, return_counts=True)
    for frame, start, count in zip(frames, first, counts, strict=True):
        some = rows[start : start + count]
        median = np.median(centres[some] - centres[some - 1], axis=0)
        steps[frame] = median * (count / (count + DOUBT))
    return np.cumsum(steps, axis=0)


def moved_by(table: Trajectories, path: FloatArray) -> FloatArray:
    """(N, 4) the table's boxes moved by the path (F, 2), which rests after its last frame."""
    return table.boxes + np.tile(path[np.minimum(table.frames, len(path) - 1)], (1, 2))
