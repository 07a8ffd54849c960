"""The tracks of one camera as one table: a column per track, a row per number known of it."""

import numpy as np

from tracker import kalman
from tracker.kalman import MotionSettings
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = [
    "CONFIRMED",
    "DOUBT",
    "HITS",
    "HIT_RATE",
    "IDENTITY",
    "KEPT",
    "MEAN_SCORE",
    "MISSED",
    "ROW",
    "SCORE",
    "SEEN",
    "SURPRISE",
    "TRAIL_LENGTH",
    "TrackTable",
    "born",
    "hide",
    "observe",
]

TRAIL_LENGTH = 3  # OC-SORT's span of the direction of a track
EVIDENCE_MEMORY = 0.1  # share of the newest update in the running means

# The rows of the table. First the blocks: the box filter's state, the state when last seen, and
# the detected boxes taken last, newest first.
STATE, ANCHOR, TRAIL = slice(0, 20), slice(20, 40), slice(40, 40 + 4 * TRAIL_LENGTH)
IDENTITY = TRAIL.stop  # 0 until the track is reported
CONFIRMED = IDENTITY + 1  # 1 once it is believed to be a person
SCORE = CONFIRMED + 1  # of the newest detection
MEAN_SCORE = SCORE + 1  # running mean of the scores
SURPRISE = MEAN_SCORE + 1  # running mean of how far off the filter was, heights
HIT_RATE = SURPRISE + 1  # running share of updates with a detection
DOUBT = HIT_RATE + 1  # probability that all detections were false, were they independent
HITS = DOUBT + 1  # detections taken
MISSED = HITS + 1  # updates since the newest detection
SEEN = MISSED + 1  # time of the newest detection, seconds
ROW = SEEN + 1  # row of this frame's detections that the track took, or -1
KEPT = ROW + 1  # 1 if its predicted box has been confirmed as a candidate of this frame
ROWS = KEPT + 1


class TrackTable:
    """N tracks. One array for everything, so that to take, keep or add tracks is one operation.

    values: (rows, N) float64; counters and flags are whole numbers in it.
    """

    __slots__ = ("values",)

    def __init__(self, values: FloatArray) -> None:
        self.values = values

    def __len__(self) -> int:
        return self.values.shape[1]

    def __getitem__(self, row: int) -> FloatArray:
        """(N,) one number of every track, a view."""
        return self.values[row]

    def __setitem__(self, row: int, value: FloatArray | IntArray | BoolArray | float) -> None:
        self.values[row] = value

    def take(self, tracks: IntArray | BoolArray) -> "TrackTable":
        """A copy of some of the tracks."""
        return TrackTable(self.values[:, tracks])

    def put(self, tracks: IntArray, changed: "TrackTable") -> None:
        """Write tracks back that were taken."""
        self.values[:, tracks] = changed.values

    def joined(self, others: "TrackTable") -> "TrackTable":
        """These tracks, then the others."""
        return TrackTable(np.concatenate([self.values, others.values], axis=1))

    @property
    def state(self) -> FloatArray:
        """(4, 5, N) the box filter's state, a view."""
        return self.values[STATE].reshape(4, 5, -1)

    @state.setter
    def state(self, states: FloatArray) -> None:
        self.values[STATE] = states.reshape(20, -1)

    @property
    def anchor(self) -> FloatArray:
        """(4, 5, N) the state when last seen, a view."""
        return self.values[ANCHOR].reshape(4, 5, -1)

    @anchor.setter
    def anchor(self, states: FloatArray) -> None:
        self.values[ANCHOR] = states.reshape(20, -1)

    @property
    def trail(self) -> FloatArray:
        """(T, 4, N) the detected boxes taken last, newest first, a view."""
        return self.values[TRAIL].reshape(TRAIL_LENGTH, 4, -1)


def born(
    boxes: FloatArray, scores: FloatArray, rows: IntArray, time: float, motion: MotionSettings
) -> TrackTable:
    """N new tracks at boxes (4, N), which are rows (N,) of the frame's detections."""
    tracks = TrackTable(np.zeros((ROWS, len(scores))))
    tracks.state = tracks.anchor = kalman.begin(boxes, motion)
    tracks.trail[:] = boxes
    tracks[SCORE] = tracks[MEAN_SCORE] = scores
    tracks[SURPRISE] = motion.measurement_noise
    tracks[HIT_RATE] = 1
    tracks[DOUBT] = 1 - scores
    tracks[HITS] = 1
    tracks[SEEN] = time
    tracks[ROW] = rows
    return tracks


def observe(
    tracks: TrackTable, boxes: FloatArray, scores: FloatArray, rows: IntArray, time: float
) -> None:
    """All bookkeeping, save the filter's, after each of the tracks has taken a box (4, N).

    The state must still be the predicted one. Changes `tracks`.
    """
    predicted = tracks.state[:, kalman.POSITION]
    error = np.abs((boxes[:2] + boxes[2:]) * 0.5 - predicted[:2]).sum(axis=0) / predicted[3]
    means = tracks.values[MEAN_SCORE : SURPRISE + 1]
    means *= 1 - EVIDENCE_MEMORY
    means[0] += EVIDENCE_MEMORY * scores
    means[1] += EVIDENCE_MEMORY * error
    tracks[HIT_RATE] += EVIDENCE_MEMORY
    trail = tracks.trail
    trail[1:] = trail[:-1]
    trail[0] = boxes
    tracks[SCORE] = scores
    tracks[DOUBT] *= 1 - scores
    tracks[HITS] += 1
    tracks[MISSED] = 0
    tracks[SEEN] = time
    tracks[ROW] = rows


def hide(tracks: TrackTable) -> None:
    """Count an update in which none of the tracks has been seen yet; changes `tracks`."""
    tracks[MISSED] += 1
    tracks[HIT_RATE] *= 1 - EVIDENCE_MEMORY
    tracks[ROW] = -1
    tracks[KEPT] = 0
