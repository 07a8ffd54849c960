"""The tracks of one camera as one table: a structured array with a row per track."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker import kalman
from tracker.kalman import MotionSettings
from tracker.types import FloatArray, IntArray

__all__ = ["TRAIL_LENGTH", "TrackTable", "born", "hide", "observe"]

TRAIL_LENGTH = 3  # OC-SORT's span of the direction of a track
EVIDENCE_MEMORY = 0.1  # share of the newest update in the running means

TrackTable = NDArray[Any]
"""Rows of `TRACK`. Fields:

id: 0 until the track is reported. confirmed: it is believed to be a person.
state: the box filter's. anchor: the state when last seen.
trail: the detected boxes taken last, newest first. score: of the newest. mean_score: running.
surprise: running mean of how far off the filter was, heights. hit_rate: running share of updates
with a detection. doubt: probability that all detections so far were false, were they independent.
hits: detections taken. missed: updates since the last. seen: time of the last, seconds.
row: row of this frame's detections that the track took, or -1. kept: its predicted box has been
confirmed as a candidate of this frame.
"""

TRACK = np.dtype(
    [
        ("id", np.int64),
        ("confirmed", np.bool_),
        ("state", np.float64, (5, 4)),
        ("anchor", np.float64, (5, 4)),
        ("trail", np.float64, (TRAIL_LENGTH, 4)),
        ("score", np.float64),
        ("mean_score", np.float64),
        ("surprise", np.float64),
        ("hit_rate", np.float64),
        ("doubt", np.float64),
        ("hits", np.int64),
        ("missed", np.int64),
        ("seen", np.float64),
        ("row", np.int64),
        ("kept", np.bool_),
    ]
)


def born(
    boxes: FloatArray, scores: FloatArray, rows: IntArray, time: float, motion: MotionSettings
) -> TrackTable:
    """(N,) new tracks at boxes (N, 4), which are rows (N,) of the frame's detections."""
    tracks = np.zeros(len(boxes), TRACK)
    tracks["state"] = tracks["anchor"] = kalman.begin(boxes, motion)
    tracks["trail"] = boxes[:, None]
    tracks["score"] = tracks["mean_score"] = scores
    tracks["surprise"] = motion.measurement_noise
    tracks["hit_rate"] = 1
    tracks["doubt"] = 1 - scores
    tracks["hits"] = 1
    tracks["seen"] = time
    tracks["row"] = rows
    return tracks


def observe(
    tracks: TrackTable, boxes: FloatArray, scores: FloatArray, rows: IntArray, time: float
) -> TrackTable:
    """The tracks with all their bookkeeping, save the filter's, after each has taken a box.

    `tracks` is a copy of the rows concerned, with `state` still predicted; it is changed.
    """
    predicted = tracks["state"][:, 0]
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    error = np.abs(centre - predicted[:, :2]).sum(axis=1) / predicted[:, 3]
    tracks["surprise"] += EVIDENCE_MEMORY * (error - tracks["surprise"])
    tracks["mean_score"] += EVIDENCE_MEMORY * (scores - tracks["mean_score"])
    tracks["hit_rate"] += EVIDENCE_MEMORY
    tracks["trail"][:, 1:] = tracks["trail"][:, :-1]
    tracks["trail"][:, 0] = boxes
    tracks["score"] = scores
    tracks["doubt"] *= 1 - scores
    tracks["hits"] += 1
    tracks["missed"] = 0
    tracks["seen"] = time
    tracks["row"] = rows
    return tracks


def hide(tracks: TrackTable) -> None:
    """Count an update in which none of the tracks has been seen yet; changes `tracks`."""
    tracks["missed"] += 1
    tracks["hit_rate"] *= 1 - EVIDENCE_MEMORY
    tracks["row"] = -1
    tracks["kept"] = False
