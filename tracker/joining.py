"""Which tracks of a camera are pieces of one person's way: the end of one, the start of another.

The tracker decided online with what it knew until then. Here tracks are cut wherever somebody
was out of sight for a while, and all ends and starts are paired anew, in one assignment that
makes the whole most likely: a logistic rule tells the odds that a pair is one person.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from configs.settings import Settings
from tracker.assignment import assign
from tracker.logistic import Evidence, Weights, log_odds
from tracker.trajectories import Trajectories
from tracker.types import BoolArray, FloatArray, IntArray
from tracker.way_ends import first_ends, last_ends, misses

__all__ = ["JoiningSettings", "JoiningWeights", "Pairs", "cut", "gather_pairs", "join"]

WIDEST_MISS = 0.5  # heights, plus as many for each second of the gap: beyond it no pair is weighed
WIDEST_SIZE = 0.6  # of the logarithm of the heights
BORDER = 0.3  # widths from the border of what is seen: somebody there may be leaving
SMALLEST_MISS = 0.03  # heights: the detector's own noise


class JoiningWeights(Weights):
    """Weights of the log-odds that an end and a start are of one person."""

    bias: float = -1.91
    log_gap: float = -0.07
    """Logarithm of the seconds between."""
    miss_x: float = -1.47
    """Heights by which the ways, each prolonged to the middle of the gap, miss one another."""
    miss_y: float = -1.12
    log_miss: float = -0.45
    """Logarithm of the length of the miss."""
    size: float = -3.63
    """Difference of the logarithms of the heights."""
    score: float = 0.83
    """Mean score of the piece that has the lower one."""
    border: float = -2.56
    """1 where the middle of the gap is at the border of what is seen, else 0."""
    same: float = 1.49
    """1 where the tracker took both for one person, else 0."""


class JoiningSettings(Settings):
    """When two pieces of a way belong together."""

    cut_gap: float = Field(default=0.3, ge=0)
    """Seconds unseen at which a track is cut, to be joined anew."""
    max_gap: float = Field(default=2.5, ge=0)
    """Seconds between the end of one piece and the start of the next; 0 joins nothing."""
    motion_span: float = Field(default=0.7, gt=0)
    """Seconds at the end or start of a piece from which its velocity is taken."""
    motion_memory: float = Field(default=1.0, gt=0)
    """Seconds after which a velocity has decayed to 1/e in the gap."""
    min_probability: float = Field(default=0.27, gt=0, lt=1)
    """Of being one person, from which a pair is joined."""
    weights: JoiningWeights = JoiningWeights()
    """The rule."""
    max_distance: float = Field(default=0.5, gt=0, le=2)
    """Greatest cosine distance of the pieces' appearance, where it is known."""
    appearance_weight: float = Field(default=3.0, ge=0)
    """What the same appearance adds to the log-odds, and one at the greatest distance takes."""


@dataclass(frozen=True)
class Pairs:
    """Ends and starts of pieces that may be of one person.

    ends: (P,) rows of the pieces that end. starts: (P,) of those that start later.
    evidence: by the names of `JoiningWeights`.
    """

    ends: IntArray
    starts: IntArray
    evidence: Evidence


def join(
    table: Trajectories,
    settings: JoiningSettings,
    visible: FloatArray | None = None,
    appearance: Mapping[int, FloatArray] | None = None,
) -> Trajectories:
    """The table with all pieces of one way under one id.

    A way takes the id of the track that its first piece began; a piece in the middle of a track
    that isn't joined to anything earlier takes a new id. table: sightings, best in coordinates in
    which the camera rests. visible: (N, 4) the same boxes in the image, if they differ.
    appearance: a unit vector for each id whose looks are known.
    """
    if len(table) == 0:
        return table
    pieces = cut(table, settings.cut_gap)
    origins = table.ids[pieces.starts()[:-1]]
    count = len(origins)
    pairs = gather_pairs(pieces, origins, table.boxes if visible is None else visible, settings)
    odds = log_odds(pairs.evidence, settings.weights)
    if appearance:
        odds += _appearance_odds(origins[pairs.ends], origins[pairs.starts], appearance, settings)
    cost = np.full((count, count), np.inf)
    cost[pairs.ends, pairs.starts] = -odds
    least = np.log(settings.min_probability / (1 - settings.min_probability))
    names = _names(origins, *assign(cost, -least))
    return pieces.relabelled(np.repeat(names, np.diff(pieces.starts())))


def cut(table: Trajectories, gap: float) -> Trajectories:
    """The same rows; each piece unseen for at most `gap` seconds has an id of its own, from 0."""
    new = (np.diff(table.ids) != 0) | (np.diff(table.times) > gap)
    ids = np.concatenate([np.zeros(min(1, len(table)), np.int64), np.cumsum(new)])
    return table.relabelled(ids)


def gather_pairs(
    pieces: Trajectories, origins: IntArray, visible: FloatArray, settings: JoiningSettings
) -> Pairs:
    """All pairs of T pieces worth weighing. origins: (T,) the tracks that they are cut from.

    visible: (N, 4) the pieces' boxes in the image.
    """
    rows = pieces.starts()
    first, last = rows[:-1], rows[1:] - 1
    heads, tails = first_ends(pieces, settings.motion_span), last_ends(pieces, settings.motion_span)
    gap = heads.times[None, :] - tails.times[:, None]
    ends, starts = np.nonzero((gap > 0) & (gap <= settings.max_gap))
    gap = gap[ends, starts]
    miss = np.abs(misses(tails[ends], heads[starts], settings.motion_memory))
    length = np.hypot(miss[:, 0], miss[:, 1])
    size = np.abs(np.log(heads.sizes[starts, 1] / tails.sizes[ends, 1]))
    worth = (length < WIDEST_MISS * (1 + gap)) & (size < WIDEST_SIZE)
    ends, starts = ends[worth], starts[worth]
    means = np.add.reduceat(pieces.scores, first) / np.diff(rows)
    middle = (visible[last[ends]] + visible[first[starts]]) / 2
    evidence = {
        "log_gap": np.log(gap[worth]),
        "miss_x": miss[worth, 0],
        "miss_y": miss[worth, 1],
        "log_miss": np.log(SMALLEST_MISS + length[worth]),
        "size": size[worth],
        "score": np.minimum(means[ends], means[starts]),
        "border": _at_border(middle, visible).astype(np.float64),
        "same": (origins[ends] == origins[starts]).astype(np.float64),
    }
    return Pairs(ends, starts, evidence)


def _at_border(boxes: FloatArray, visible: FloatArray) -> BoolArray:
    """(P,) True for boxes (P, 4) at the left or right border of all that was seen (N, 4)."""
    left, right = visible[:, 0].min(), visible[:, 2].max()
    room = np.minimum(boxes[:, 0] - left, right - boxes[:, 2])
    return room < BORDER * (boxes[:, 2] - boxes[:, 0])


def _appearance_odds(
    ends: IntArray,
    starts: IntArray,
    appearance: Mapping[int, FloatArray],
    settings: JoiningSettings,
) -> FloatArray:
    """(P,) what looks add to the log-odds of tracks `ends` and `starts` (P,); 0 where unknown."""
    odds = np.zeros(len(ends))
    for row, (end, start) in enumerate(zip(ends.tolist(), starts.tolist(), strict=True)):
        if end in appearance and start in appearance:
            share = (1 - float(appearance[end] @ appearance[start])) / settings.max_distance
            odds[row] = settings.appearance_weight * (1 - 2 * share) if share <= 1 else -np.inf
    return odds


def _names(origins: IntArray, ends: IntArray, starts: IntArray) -> IntArray:
    """(T,) an id for each piece, the same along each chain of joined pieces."""
    before = np.arange(len(origins))
    before[starts] = ends
    while (before != before[before]).any():  # doubling: a chain of n in log n steps
        before = before[before]
    names = origins.copy()
    inner = np.ones(len(origins), bool)
    inner[np.unique(origins, return_index=True)[1]] = False
    names[inner] = origins.max() + 1 + np.arange(np.count_nonzero(inner))
    return names[before]
