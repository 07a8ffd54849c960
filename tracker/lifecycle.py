"""Which tracks of a camera are confirmed, reported and dropped after an update."""

import numpy as np

from configs.compiling import kernel
from tracker.camera_tracker_settings import CameraTrackerSettings
from tracker.track_table import CONFIRMED, DOUBT, HITS, MISSED, SEEN, TrackTable
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["KINDS", "kinds", "review"]


TENTATIVE, TRACKED, LOST = 1, 2, 4
KINDS = {"tentative": TENTATIVE, "tracked": TRACKED, "lost": LOST}


def kinds(tracks: TrackTable) -> IntArray:
    """(N,) what each track is, of `KINDS`, before the frame's detections are known."""
    return _kinds(tracks[CONFIRMED], tracks[MISSED])


@kernel("i8[::1](f8[::1], f8[::1])")
def _kinds(confirmed: FloatArray, missed: FloatArray) -> IntArray:
    """The same of what the table holds."""
    kinds = np.empty(len(confirmed), np.int64)
    for n in range(len(confirmed)):
        if confirmed[n] == 0:
            kinds[n] = TENTATIVE
        else:
            kinds[n] = TRACKED if missed[n] <= 1 else LOST
    return kinds


def review(
    tracks: TrackTable, plausible: BoolArray, time: float, settings: CameraTrackerSettings
) -> tuple[IntArray, IntArray, IntArray, BoolArray]:
    """Confirm tracks; tell which (K,) are reported, which (L,) go on and which (M,) end, and (N,)
    True for those that are new.

    plausible: (N,) True where a track's box is worth reporting. Changes `tracks`.
    """
    return _review(
        tracks[CONFIRMED],
        tracks[MISSED],
        time - tracks[SEEN],
        tracks[HITS],
        tracks[DOUBT],
        plausible,
        settings.min_hits,
        settings.confirm_probability,
        settings.max_gap,
        settings.max_tentative_missed,
        settings.report_tentative,
    )


@kernel(
    "Tuple((i8[::1], i8[::1], i8[::1], b1[::1]))"
    "(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], b1[::1], i8, f8, f8, i8, b1)"
)
def _review(
    confirmed: FloatArray,
    missed: FloatArray,
    unseen: FloatArray,
    hits: FloatArray,
    doubt: FloatArray,
    plausible: BoolArray,
    min_hits: int,
    confirm_probability: float,
    max_gap: float,
    max_tentative_missed: int,
    report_tentative: bool,
) -> tuple[IntArray, IntArray, IntArray, BoolArray]:
    """The same, of what the table and the settings hold; unseen: (N,) seconds."""
    count = len(confirmed)
    reported, is_new = np.empty(count, np.int64), np.zeros(count, np.bool_)
    alive, ended = np.empty(count, np.int64), np.empty(count, np.int64)
    reports = lives = 0
    for n in range(count):
        sure = missed[n] == 0 and hits[n] >= min_hits and 1 - doubt[n] >= confirm_probability
        if sure and plausible[n] and confirmed[n] == 0:
            is_new[n], confirmed[n] = True, 1
        if unseen[n] <= max_gap if confirmed[n] else missed[n] <= max_tentative_missed:
            alive[lives] = n
            lives += 1
            if plausible[n] and (confirmed[n] or report_tentative):
                reported[reports] = n
                reports += 1
        else:
            ended[n - lives] = n
    return reported[:reports], alive[:lives], ended[: count - lives], is_new
