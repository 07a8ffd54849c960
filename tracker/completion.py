"""Ways without gaps: between two sightings, and a little beyond the first and the last one."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field
from scipy.ndimage import gaussian_filter1d

from configs.settings import Settings
from tracker.trajectories import Trajectories
from tracker.types import BoolArray, FloatArray, IntArray
from tracker.way_ends import first_ends, last_ends, misses, reach

__all__ = ["Circumstances", "CompletionSettings", "complete"]

ROUNDING = 1e-6  # seconds


class CompletionSettings(Settings):
    """How gaps are bridged and ways prolonged and smoothed."""

    max_fill: float = Field(default=2.5, ge=0)
    """Seconds of the longest gap between two sightings that is bridged; 0 bridges none."""
    extension: float = Field(default=1.0, ge=0)
    """Seconds by which a way is prolonged before its first and after its last sighting."""
    smoothing: float = Field(default=0.1, ge=0)
    """Standard deviation in seconds of the Gaussian that smooths a way; 0 doesn't."""
    motion_span: float = Field(default=0.7, gt=0)
    """Seconds at an end of a way from which its velocity is taken."""
    motion_memory: float = Field(default=1.0, gt=0)
    """Seconds after which a velocity has decayed to 1/e where nothing is seen."""


@dataclass(frozen=True)
class Circumstances:
    """How each of N boxes of completed ways came about, (N,) each.

    away: seconds to the nearest sighting. gap: seconds between the sightings around it, 0 at one
    and beyond the last. bend: heights by which its gap's two ends, each prolonged to the middle,
    miss one another. beyond: before the first or after the last sighting.
    """

    away: FloatArray
    gap: FloatArray
    bend: FloatArray
    beyond: BoolArray

    def __getitem__(self, rows: IntArray | BoolArray) -> "Circumstances":
        return Circumstances(self.away[rows], self.gap[rows], self.bend[rows], self.beyond[rows])


def complete(
    table: Trajectories, frame_times: FloatArray, settings: CompletionSettings
) -> tuple[Trajectories, Circumstances]:
    """All rows of the table, all of them sightings, and between and around what follows from them.

    frame_times: (F,) seconds of all frames of the video.
    """
    owner, frames = _wanted(table, frame_times, settings.extension)
    times = frame_times[frames]
    before, after = _neighbours(table, owner, frames)
    starts = table.starts()
    seen = (before == after) & (table.frames[before] == frames)
    beyond = (before == after) & ~seen
    gap = table.times[after] - table.times[before]
    share = np.divide(times - table.times[before], gap, out=np.zeros(len(gap)), where=gap > 0)
    boxes = table.boxes[before] + share[:, None] * (table.boxes[after] - table.boxes[before])
    scores = table.scores[before] + share * (table.scores[after] - table.scores[before])
    ways = Trajectories(frames, times, table.ids[starts[owner]], boxes, scores, seen)
    if settings.smoothing:
        _smooth(ways, beyond, settings.smoothing)
    _prolong(table, ways, beyond, owner, settings)
    facts = Circumstances(
        away=np.minimum(np.abs(times - table.times[before]), np.abs(table.times[after] - times)),
        gap=gap,
        bend=np.where(seen | beyond, 0.0, _bends(table, settings)[before]),
        beyond=beyond,
    )
    kept = gap <= settings.max_fill + ROUNDING
    return ways[kept], facts[kept]


def _wanted(
    table: Trajectories, frame_times: FloatArray, extension: float
) -> tuple[IntArray, IntArray]:
    """For each row of the completed ways: which track's it is, from 0, and its frame."""
    starts = table.starts()
    first, last = starts[:-1], starts[1:] - 1
    begin = np.searchsorted(frame_times, table.times[first] - extension - ROUNDING)
    end = np.searchsorted(frame_times, table.times[last] + extension + ROUNDING)
    counts = end - begin
    owner = np.repeat(np.arange(len(counts)), counts)
    offsets = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - offsets[owner] + begin[owner]


def _neighbours(
    table: Trajectories, owner: IntArray, frames: IntArray
) -> tuple[IntArray, IntArray]:
    """Rows of the sightings up to and from each frame on; beyond an end, that end twice."""
    starts = table.starts()
    stride = int(max(table.frames.max(initial=0), frames.max(initial=0))) + 1
    keys = np.repeat(np.arange(len(starts) - 1), np.diff(starts)) * stride + table.frames
    wanted = owner * stride + frames
    first, last = starts[:-1][owner], starts[1:][owner] - 1
    before = np.searchsorted(keys, wanted, side="right") - 1
    after = np.searchsorted(keys, wanted)
    return np.clip(before, first, last), np.clip(after, first, last)


def _bends(table: Trajectories, settings: CompletionSettings) -> FloatArray:
    """(N,) heights by which the ways before and after the step from each row to the next miss."""
    bends = np.zeros(len(table))
    pieces = table.relabelled(_runs(table))
    starts = pieces.starts()
    tails = last_ends(pieces, settings.motion_span)
    heads = first_ends(pieces, settings.motion_span)
    rows = np.arange(max(0, len(starts) - 2))
    miss = misses(tails[rows], heads[rows + 1], settings.motion_memory)
    bends[starts[1:-1] - 1] = np.hypot(miss[:, 0], miss[:, 1])
    return bends


def _runs(table: Trajectories) -> IntArray:
    """(N,) a number for each run of consecutive frames of a track."""
    new = (np.diff(table.ids) != 0) | (np.diff(table.frames) != 1)
    return np.concatenate([np.zeros(min(1, len(table)), np.int64), np.cumsum(new)])


def _smooth(ways: Trajectories, beyond: BoolArray, seconds: float) -> None:
    """Smooth every way between its first and last sighting; the ends keep their trend."""
    inner = np.flatnonzero(~beyond)
    cuts = np.flatnonzero(np.diff(ways.ids[inner])) + 1
    for rows in np.split(inner, cuts):
        if len(rows) > 1:
            sigma = seconds * (len(rows) - 1) / (ways.times[rows[-1]] - ways.times[rows[0]])
            margin = min(len(rows) - 1, int(4 * sigma) + 1)
            padded = np.pad(
                ways.boxes[rows], ((margin, margin), (0, 0)), mode="reflect", reflect_type="odd"
            )
            smooth = gaussian_filter1d(padded, sigma, axis=0)
            ways.boxes[rows] = smooth[margin : margin + len(rows)]


def _prolong(
    table: Trajectories,
    ways: Trajectories,
    beyond: BoolArray,
    owner: IntArray,
    settings: CompletionSettings,
) -> None:
    """Let the boxes beyond both ends go on from them, by a velocity that decays."""
    starts = table.starts()
    inner = np.flatnonzero(~beyond)
    first = np.searchsorted(owner[inner], np.arange(len(starts) - 1))
    last = np.searchsorted(owner[inner], np.arange(len(starts) - 1), side="right") - 1
    heads, tails = first_ends(table, settings.motion_span), last_ends(table, settings.motion_span)
    late = ways.frames > table.frames[starts[1:] - 1][owner]
    for ends, edge, side in ((heads, inner[first], ~late), (tails, inner[last], late)):
        rows = np.flatnonzero(beyond & side)
        whose = owner[rows]
        carried = reach(ways.times[rows] - ends.times[whose], settings.motion_memory)
        shift = carried[:, None] * ends.velocities[whose]
        ways.boxes[rows] = ways.boxes[edge[whose]] + np.tile(shift, (1, 2))
