"""The second pass: what is known only after the last frame.

Online, a track must be believed before it is reported, and a gap stays a gap. Afterwards, pieces
of one way are joined, gaps between two sightings are filled, the noise of the detector is
smoothed away over both sides, and tracks that never amounted to anything go.
"""

import itertools
from collections.abc import Mapping

import numpy as np
from pydantic import Field
from scipy.ndimage import gaussian_filter1d

from configs.settings import Settings
from tracker.camera_tracker_settings import CameraTrackerSettings
from tracker.joining import JoiningSettings, join
from tracker.trajectories import Trajectories
from tracker.types import BoolArray, FloatArray

__all__ = ["OfflineSettings", "first_pass", "refine"]


class OfflineSettings(Settings):
    """What the second pass does; each step can be off."""

    joining: JoiningSettings | None = JoiningSettings()
    """Join pieces of one way; null doesn't."""
    max_fill: float = Field(default=1.5, ge=0)
    """Seconds of a gap between two sightings that is filled; 0 fills none."""
    smoothing: float = Field(default=0.1, ge=0)
    """Standard deviation in seconds of the Gaussian that smooths a way; 0 doesn't."""
    min_sightings: int = Field(default=3, ge=1)
    """Detections that a track must have."""
    min_mean_score: float = Field(default=0.5, ge=0, le=1)
    """Mean score that a track's detections must have."""
    min_best_score: float = Field(default=0.7, ge=0, le=1)
    """Score that at least one of a track's detections must have."""
    extension: float = Field(default=0.1, ge=0)
    """Seconds by which a way is prolonged before its first sighting: people are there a little
    before a detector finds them."""


def first_pass(settings: CameraTrackerSettings) -> CameraTrackerSettings:
    """The settings under which to run the tracker if a second pass follows.

    The tracker decides all the same, but tells of each track from its first frame on: the second
    pass knows which ones it came to believe.
    """
    return settings.model_copy(update={"report_tentative": True})


def refine(
    table: Trajectories,
    settings: OfflineSettings | None = None,
    appearance: Mapping[int, FloatArray] | None = None,
) -> Trajectories:
    """Second thoughts on the tracks of one camera over a whole video.

    table: what the tracker reported, best under `first_pass` settings. appearance: a unit vector
    for each id whose looks are known, for the joining.
    """
    settings = settings or OfflineSettings()
    if settings.joining is not None:
        table = join(table, settings.joining, appearance)
    table = table[_substantial(table, settings)]
    starts = table.starts()
    clock = _Clock(table)
    ways = [
        _complete(table[np.arange(a, b)], clock, settings) for a, b in itertools.pairwise(starts)
    ]
    return Trajectories.joined(ways)


class _Clock:
    """Times of frames, read off the table and continued evenly where it has no row."""

    def __init__(self, table: Trajectories) -> None:
        self._frames, first = np.unique(table.frames, return_index=True)
        self._times = table.times[first]
        steps = np.diff(self._times) / np.diff(self._frames)
        self.step = float(np.median(steps)) if len(steps) else 1.0

    def times(self, frames: FloatArray) -> FloatArray:
        inside = np.interp(frames, self._frames, self._times)
        early = np.minimum(frames - self._frames[0], 0) * self.step
        late = np.maximum(frames - self._frames[-1], 0) * self.step
        return inside + early + late


def _substantial(table: Trajectories, settings: OfflineSettings) -> BoolArray:
    """(N,) True for the rows of tracks that are worth keeping."""
    if len(table) == 0:
        return np.zeros(0, bool)
    starts = table.starts()
    sightings = np.add.reduceat(table.seen, starts[:-1], dtype=np.int64)
    total = np.add.reduceat(np.where(table.seen, table.scores, 0.0), starts[:-1])
    best = np.maximum.reduceat(np.where(table.seen, table.scores, 0.0), starts[:-1])
    kept = (
        (sightings >= settings.min_sightings)
        & (total >= settings.min_mean_score * sightings)
        & (best >= settings.min_best_score)
    )
    return np.repeat(kept, np.diff(starts))


def _complete(track: Trajectories, clock: _Clock, settings: OfflineSettings) -> Trajectories:
    """One track with its gaps filled, its start prolonged and its way smoothed."""
    seen = track[track.seen]
    tail = track[track.frames > seen.frames[-1]]  # predicted, and believed when it was
    lead = round(settings.extension / clock.step)
    frames = np.arange(max(0, seen.frames[0] - lead), track.frames[-1] + 1)
    times = clock.times(frames)
    anchors = Trajectories.joined([seen, tail])
    boxes = np.column_stack([np.interp(times, anchors.times, side) for side in anchors.boxes.T])
    scores = np.interp(times, seen.times, seen.scores)
    early = int(np.count_nonzero(frames < seen.frames[0]))
    if early and len(frames) > early + 1:
        reach = slice(early, early + 1 + max(2, round(0.5 / clock.step)))
        way = np.polynomial.polynomial.polyfit(times[reach] - times[early], boxes[reach], 1)
        boxes[:early] += np.outer(times[:early] - times[early], way[1])
    if settings.smoothing:
        boxes = _smoothed(boxes, settings.smoothing / clock.step)
    is_seen = np.isin(frames, seen.frames)
    kept = np.isin(frames, track.frames) | _fillable(frames, seen, clock, settings)
    kept[:early] = True
    count = int(kept.sum())
    ids = np.full(count, seen.ids[0])
    return Trajectories(frames[kept], times[kept], ids, boxes[kept], scores[kept], is_seen[kept])


def _fillable(
    frames: FloatArray, seen: Trajectories, clock: _Clock, settings: OfflineSettings
) -> BoolArray:
    """(F,) True for frames inside a gap that is short enough."""
    after = np.searchsorted(seen.frames, frames)
    inside = (after > 0) & (after < len(seen))
    after = np.clip(after, 0, len(seen) - 1)
    gap = seen.times[after] - seen.times[np.maximum(after - 1, 0)]
    return inside & (gap <= settings.max_fill + clock.step)


def _smoothed(boxes: FloatArray, sigma: float) -> FloatArray:
    """Boxes (F, 4) of consecutive frames, smoothed in time; ends keep their trend."""
    margin = min(len(boxes) - 1, int(4 * sigma) + 1)
    padded = np.pad(boxes, ((margin, margin), (0, 0)), mode="reflect", reflect_type="odd")
    return gaussian_filter1d(padded, sigma, axis=0)[margin : margin + len(boxes)]
