"""What a lost track must have done, once it is seen again."""

from tracker import kalman
from tracker.kalman import MotionSettings
from tracker.track_table import MISSED, SEEN, TrackTable
from tracker.types import FloatArray

__all__ = ["re_update"]


def re_update(
    tracks: TrackTable, boxes: FloatArray, time: float, steps: int, motion: MotionSettings
) -> FloatArray:
    """(4, 5, N) predicted states, those of tracks that had been lost replayed through the gap.

    Unseen, a filter runs on by its last velocity, wrong or not. Once the track is seen at `boxes`
    (4, N), the gap is filled with `steps` virtual boxes on the straight line from the last one,
    and the filter is run over them from where it was seen last (observation-centric re-update;
    Cao et al., CVPR 2023, equation 7, with evenly spaced steps in place of one per frame).
    """
    states = tracks.state.copy()
    lost = tracks[MISSED] > 1
    if not lost.any():
        return states
    replayed, last = tracks.anchor[..., lost], tracks.trail[0][:, lost]
    seconds = (time - tracks[SEEN][lost]) / (steps + 1)
    way = (boxes[:, lost] - last) / (steps + 1)
    for step in range(1, steps + 1):
        replayed = kalman.predict(replayed, seconds, motion)
        replayed = kalman.correct(replayed, last + step * way, motion)
    states[..., lost] = kalman.predict(replayed, seconds, motion)
    return states
