"""The second pass: what is known only after the last frame.

Online, a track must be believed before it is reported, a gap stays a gap, and a lost track is
taken up again on what was known then. Afterwards, pieces of ways are paired anew, gaps between
two sightings are bridged, the noise of the detector is smoothed away over both sides, and of all
boxes, seen or not, those stay that are likely right.
"""

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from configs.settings import Settings
from tracker.camera_path import camera_path, moved_by
from tracker.camera_tracker_settings import CameraTrackerSettings
from tracker.completion import Circumstances, CompletionSettings, complete
from tracker.hindsight import HindsightSettings, gather, likely
from tracker.joining import JoiningSettings, join
from tracker.trajectories import Trajectories
from tracker.types import BoolArray, FloatArray

__all__ = ["OfflineSettings", "completed", "first_pass", "refine", "sightings"]


class OfflineSettings(Settings):
    """What the second pass does; each step can be off.

    The rules' weights were fitted to MOT17-02, 05, 09, 11 and 13 with public FRCNN and DPM
    detections by `tools/search fit`; lengths of time and thresholds were picked on
    all five, so they are not held out. HOTA, MOTA and IDF1, motion only, after the default first
    pass:

    rules fitted without the scene:  FRCNN 49.9, 49.3, 58.4;  DPM 33.9, 34.5, 41.6
    rules fitted to all five:        FRCNN 50.3, 49.8, 58.8;  DPM 34.2, 34.9, 41.9
    """

    steady: bool = True
    """Compare places after taking out how the camera's view wandered, as told by the people."""
    joining: JoiningSettings | None = JoiningSettings()
    """Pair the pieces of ways anew; null leaves the tracks as they are."""
    completion: CompletionSettings = CompletionSettings()
    """How gaps are bridged and ways prolonged and smoothed."""
    hindsight: HindsightSettings | None = HindsightSettings()
    """Keep only boxes that are likely right; null keeps all but those beyond the last sighting."""
    min_sightings: int = Field(default=3, ge=1)
    """Detections that must remain of a track."""


def first_pass(settings: CameraTrackerSettings) -> CameraTrackerSettings:
    """The settings under which to run the tracker if a second pass follows.

    The tracker decides all the same, but tells of each track from its first frame on, and only
    where it was seen: the second pass knows which tracks it came to believe, and which boxes
    between sightings are likely.
    """
    return settings.model_copy(
        update={"report_tentative": True, "plausibility": None, "max_predicted": 0}
    )


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
    if len(table) == 0:
        return table
    ways, facts = completed(table, settings, appearance)
    if settings.hindsight is None:
        kept = ~facts.beyond
    else:
        kept = likely(gather(ways, facts), facts, settings.hindsight)
    ways = ways[kept]
    return ways[_substantial(ways, settings.min_sightings)]


def sightings(table: Trajectories, settings: OfflineSettings) -> tuple[Trajectories, FloatArray]:
    """The sightings of the table, in coordinates in which the camera rests; and the camera's path
    (F, 2) over all frames, to add to places in them."""
    seen = table[table.seen]
    path = camera_path(seen)
    if not settings.steady:
        path[:] = 0
    return seen.moved(moved_by(seen, -path)), path


def completed(
    table: Trajectories, settings: OfflineSettings, appearance: Mapping[int, FloatArray] | None
) -> tuple[Trajectories, Circumstances]:
    """Joined, bridged, prolonged and smoothed ways, before anything is judged."""
    still, path = sightings(table, settings)
    if settings.joining is not None:
        still = join(still, settings.joining, moved_by(still, path), appearance)
    ways, facts = complete(still, _frame_times(table), settings.completion)
    return ways.moved(moved_by(ways, path)), facts


def _frame_times(table: Trajectories) -> FloatArray:
    """(F,) times of all frames up to the last, read off the table and continued evenly where it
    has no row."""
    frames, first = np.unique(table.frames, return_index=True)
    times = table.times[first]
    steps = np.diff(times) / np.diff(frames)
    step = float(np.median(steps)) if len(steps) else 1.0
    every = np.arange(frames[-1] + 1)
    return np.interp(every, frames, times) + np.minimum(every - frames[0], 0) * step


def _substantial(ways: Trajectories, min_sightings: int) -> BoolArray:
    """(N,) True for the rows of tracks of which enough was seen."""
    _, track = np.unique(ways.ids, return_inverse=True)
    return np.bincount(track, ways.seen)[track] >= min_sightings
