"""The tracks of one camera as one table: a column per track, a row per number known of it."""

import numpy as np

from configs.compiling import kernel
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
FIRST_STATE, FIRST_ANCHOR, FIRST_TRAIL = 0, 20, 40
IDENTITY = FIRST_TRAIL + 4 * TRAIL_LENGTH  # 0 until the track is reported
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

    __slots__ = ("_anchor", "_state", "_trail", "values")

    def __init__(self, values: FloatArray) -> None:
        self.values = values
        self._state = values[FIRST_STATE:FIRST_ANCHOR].reshape(4, 5, -1)
        self._anchor = values[FIRST_ANCHOR:FIRST_TRAIL].reshape(4, 5, -1)
        self._trail = values[FIRST_TRAIL:IDENTITY].reshape(TRAIL_LENGTH, 4, -1)

    def __len__(self) -> int:
        return self.values.shape[1]

    def __getitem__(self, row: int) -> FloatArray:
        """(N,) one number of every track, a view."""
        return self.values[row]

    def __setitem__(self, row: int, value: FloatArray | IntArray | BoolArray | float) -> None:
        self.values[row] = value

    def take(self, tracks: IntArray | BoolArray) -> "TrackTable":
        """A copy of some of the tracks."""
        chosen = tracks.nonzero()[0] if tracks.dtype == np.bool_ else tracks
        return TrackTable(self.values.take(chosen, axis=1))

    def put(self, tracks: IntArray, changed: "TrackTable") -> None:
        """Write tracks back that were taken."""
        self.values[:, tracks] = changed.values

    def joined(self, others: "TrackTable") -> "TrackTable":
        """These tracks, then the others."""
        return TrackTable(np.concatenate([self.values, others.values], axis=1))

    @property
    def state(self) -> FloatArray:
        """(4, 5, N) the box filter's state, a view."""
        return self._state

    @state.setter
    def state(self, states: FloatArray) -> None:
        self._state[:] = states

    @property
    def anchor(self) -> FloatArray:
        """(4, 5, N) the state when last seen, a view."""
        return self._anchor

    @anchor.setter
    def anchor(self, states: FloatArray) -> None:
        self._anchor[:] = states

    @property
    def trail(self) -> FloatArray:
        """(T, 4, N) the detected boxes taken last, newest first, a view."""
        return self._trail


def born(
    boxes: FloatArray, scores: FloatArray, rows: IntArray, time: float, motion: MotionSettings
) -> TrackTable:
    """N new tracks at boxes (4, N), which are rows (N,) of the frame's detections."""
    tracks = TrackTable(np.zeros((ROWS, len(scores))))
    tracks.state = tracks.anchor = kalman.begin(boxes, motion)
    _introduce(tracks.values, boxes, scores, rows, time, motion.measurement_noise)
    return tracks


@kernel("void(f8[:, ::1], f8[:, ::1], f8[::1], i8[::1], f8, f8)")
def _introduce(
    tracks: FloatArray,
    boxes: FloatArray,
    scores: FloatArray,
    rows: IntArray,
    time: float,
    surprise: float,
) -> None:
    """Write all but the filter's state into the values (rows, N) of a table of zeros."""
    for n in range(len(scores)):
        for row in range(FIRST_TRAIL, IDENTITY):
            tracks[row, n] = boxes[(row - FIRST_TRAIL) % 4, n]
        tracks[SCORE, n] = tracks[MEAN_SCORE, n] = scores[n]
        tracks[SURPRISE, n], tracks[HIT_RATE, n] = surprise, 1
        tracks[DOUBT, n], tracks[HITS, n] = 1 - scores[n], 1
        tracks[SEEN, n], tracks[ROW, n] = time, rows[n]


def observe(
    tracks: TrackTable,
    chosen: IntArray,
    boxes: FloatArray,
    scores: FloatArray,
    rows: IntArray,
    errors: FloatArray,
    time: float,
) -> None:
    """All bookkeeping after the filters of the tracks `chosen` (K,) have seen boxes (4, K).

    scores: (K,). rows: (K,) in the frame's detections. errors: (K,) how far off the filters were,
    heights. time: seconds. Changes `tracks`.
    """
    _observe(tracks.values, chosen, boxes, scores, rows, errors, time)


@kernel("void(f8[:, ::1], i8[::1], f8[:, ::1], f8[::1], i8[::1], f8[::1], f8)")
def _observe(
    tracks: FloatArray,
    chosen: IntArray,
    boxes: FloatArray,
    scores: FloatArray,
    rows: IntArray,
    errors: FloatArray,
    time: float,
) -> None:
    """The same of a table's values."""
    for k in range(len(chosen)):
        track = tracks[:, chosen[k]]
        for row in range(FIRST_STATE, FIRST_ANCHOR):
            track[FIRST_ANCHOR + row] = track[row]
        for row in range(IDENTITY - 1, FIRST_TRAIL + 3, -1):  # the oldest box of the trail goes
            track[row] = track[row - 4]
        for coordinate in range(4):
            track[FIRST_TRAIL + coordinate] = boxes[coordinate, k]
        track[MEAN_SCORE] *= 1 - EVIDENCE_MEMORY
        track[MEAN_SCORE] += EVIDENCE_MEMORY * scores[k]
        track[SURPRISE] *= 1 - EVIDENCE_MEMORY
        track[SURPRISE] += EVIDENCE_MEMORY * errors[k]
        track[HIT_RATE] += EVIDENCE_MEMORY
        track[DOUBT] *= 1 - scores[k]
        track[HITS] += 1
        track[SCORE], track[ROW] = scores[k], rows[k]
        track[MISSED], track[SEEN] = 0, time


def hide(tracks: TrackTable) -> None:
    """Count an update in which none of the tracks has been seen yet; changes `tracks`."""
    _hide(tracks.values)


@kernel("void(f8[:, ::1])")
def _hide(tracks: FloatArray) -> None:
    """The same of a table's values."""
    for n in range(tracks.shape[1]):
        tracks[MISSED, n] += 1
        tracks[HIT_RATE, n] *= 1 - EVIDENCE_MEMORY
        tracks[ROW, n], tracks[KEPT, n] = -1, 0
