"""Is there really a person in a box of a completed way? A logistic rule that knows both sides.

As `plausibility` for the online pass, but a filled box lies between two sightings, and of every
track it is known how long it lasted and how often it was seen around each moment. The weights
are fitted by `tools/search`.
"""

import numpy as np
from pydantic import Field

from configs.settings import Settings
from tracker.boxes import areas
from tracker.completion import Circumstances
from tracker.logistic import Evidence, Weights, log_odds
from tracker.trajectories import Trajectories
from tracker.types import BoolArray, FloatArray

__all__ = ["BeyondWeights", "FilledWeights", "HindsightSettings", "SeenWeights", "gather", "likely"]

VICINITY = 0.5  # seconds on both sides of a moment that tell how well a track is seen there
NEAREST = 0.02  # seconds, added to times of which the logarithm is taken


class SeenWeights(Weights):
    """Weights for a box that was detected."""

    bias: float = -1.4
    score: float = 0.42
    """Log-odds of the detection's score."""
    mean_score: float = -1.56
    """Of all the track's detections, 0..1."""
    count: float = 0.49
    """Logarithm of the number of the track's detections."""
    density: float = 1.88
    """Share of the frames around that have a detection, 0..1."""
    local_score: float = 1.38
    """Mean score of the detections around, 0..1."""
    hiding: float = -2.65
    """Largest share of the box inside one farther person who is seen, 0..1."""


class FilledWeights(Weights):
    """Weights for a box between two sightings."""

    bias: float = -0.77
    count: float = 0.48
    density: float = 0.84
    local_score: float = 0.07
    hiding: float = -1.93
    hidden: float = 0.43
    """Largest share of the box inside one nearer person who is seen, 0..1."""
    away: float = -0.83
    """Seconds to the nearest sighting."""
    bend: float = -3.05
    """Heights by which the ways before and after the gap miss one another."""


class BeyondWeights(Weights):
    """Weights for a box before the first or after the last sighting."""

    bias: float = -2.9
    count: float = 0.32
    density: float = 1.74
    mean_score: float = -0.38
    hiding: float = 0.06
    hidden: float = 0.95
    outside: float = -4.27
    """Share of the box outside the area where detections occur, 0..1."""
    log_away: float = -0.69
    """Logarithm of the seconds to the nearest sighting."""


class HindsightSettings(Settings):
    """When a box of a completed way is worth reporting."""

    min_probability: float = Field(default=0.5, gt=0, lt=1)
    """Probability of being right from which a box is kept. 0.5 is best for MOTA; less favours
    recall."""
    seen: SeenWeights = SeenWeights()
    filled: FilledWeights = FilledWeights()
    beyond: BeyondWeights = BeyondWeights()


def likely(evidence: Evidence, facts: Circumstances, settings: HindsightSettings) -> BoolArray:
    """(N,) True for the boxes that are worth reporting."""
    odds = log_odds(evidence, settings.filled)
    seen = facts.away == 0
    odds[seen] = log_odds(evidence, settings.seen)[seen]
    odds[facts.beyond] = log_odds(evidence, settings.beyond)[facts.beyond]
    return odds >= np.log(settings.min_probability / (1 - settings.min_probability))


def gather(ways: Trajectories, facts: Circumstances) -> Evidence:
    """What speaks for and against each of N boxes of completed ways, in image coordinates."""
    starts = ways.starts()
    lengths = np.diff(starts)
    counts = np.add.reduceat(ways.seen, starts[:-1], dtype=np.int64)
    means = np.add.reduceat(np.where(ways.seen, ways.scores, 0), starts[:-1]) / counts
    probability = np.clip(ways.scores, 0.005, 0.995)
    density, local_score = _vicinity(ways)
    hidden, hiding = _overlaps(ways)
    return {
        "score": np.log(probability / (1 - probability)),
        "mean_score": np.repeat(means, lengths),
        "count": np.repeat(np.log(counts), lengths),
        "density": density,
        "local_score": np.where(np.isnan(local_score), np.repeat(means, lengths), local_score),
        "hidden": hidden,
        "hiding": hiding,
        "outside": _outside(ways),
        "away": facts.away,
        "log_away": np.log(NEAREST + facts.away),
        "bend": facts.bend,
    }


def _vicinity(ways: Trajectories) -> tuple[FloatArray, FloatArray]:
    """(N,) share of the frames around that have a sighting, and these sightings' mean score,
    NaN without any."""
    frames, first = np.unique(ways.frames, return_index=True)
    steps = np.diff(ways.times[first]) / np.diff(frames)
    step = float(np.median(steps)) if len(steps) else VICINITY
    reach = max(1, round(VICINITY / step))
    starts = ways.starts()
    stride = int(ways.frames.max()) + 2 * reach + 2
    keys = np.repeat(np.arange(len(starts) - 1), np.diff(starts)) * stride + ways.frames
    seen = keys[ways.seen]
    low, high = np.searchsorted(seen, keys - reach), np.searchsorted(seen, keys + reach, "right")
    total = np.concatenate([[0.0], np.cumsum(ways.scores[ways.seen])])
    count = high - low
    mean = np.full(len(ways), np.nan)
    np.divide(total[high] - total[low], count, out=mean, where=count > 0)
    return count / (2 * reach + 1), mean


def _overlaps(ways: Trajectories) -> tuple[FloatArray, FloatArray]:
    """(N,) largest share of each box inside one nearer, and inside one farther, sighting."""
    hidden, hiding = np.zeros(len(ways)), np.zeros(len(ways))
    order = np.argsort(ways.frames, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(ways.frames[order])) + 1):
        boxes = ways.boxes[rows]
        seen = np.flatnonzero(ways.seen[rows])
        shares = _shares_inside(boxes, boxes[seen])
        shares[seen, np.arange(len(seen))] = 0
        nearer = boxes[seen, 3] > boxes[:, 3, None]
        hidden[rows] = (shares * nearer).max(axis=1, initial=0)
        hiding[rows] = (shares * ~nearer).max(axis=1, initial=0)
    return hidden, hiding


def _outside(ways: Trajectories) -> FloatArray:
    """(N,) share of each box outside the area in which sightings occur."""
    sightings = ways.boxes[ways.seen]
    area = np.concatenate([sightings[:, :2].min(axis=0), sightings[:, 2:].max(axis=0)])
    return 1 - _shares_inside(ways.boxes, area[None])[:, 0]


def _shares_inside(boxes: FloatArray, others: FloatArray) -> FloatArray:
    """(N, M) share of each box (N, 4) that lies inside each of `others` (M, 4)."""
    width = np.minimum(boxes[:, None, 2], others[:, 2]) - np.maximum(
        boxes[:, None, 0], others[:, 0]
    )
    height = np.minimum(boxes[:, None, 3], others[:, 3]) - np.maximum(
        boxes[:, None, 1], others[:, 1]
    )
    return np.maximum(width, 0) * np.maximum(height, 0) / np.maximum(areas(boxes), 1e-9)[:, None]
