"""Is there really a person in a track's box? A small logistic rule, for seen boxes and for
predicted ones.

A box is worth reporting while it is more likely right than wrong. Of a predicted box that depends
on how long ago the track was seen and how well it is known, on whether something nearer hides it
(then the detector had a reason to miss it), and on whether it is leaving the image. Of a detected
box it depends on its score and its track's, and on whether it covers somebody who is seen as well
(then it is often a second box of one person). The weights were fitted to MOT17-02, 05, 09, 11 and
13 together and rounded; the two overlap features have been redefined since, without a new fit.
"""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from configs.settings import Settings
from tracker import kalman
from tracker.track_table import TrackTable
from tracker.types import BoolArray, FloatArray

__all__ = ["Evidence", "PlausibilitySettings", "Weights", "gather_evidence", "log_odds"]


@dataclass(frozen=True)
class Evidence:
    """What speaks for and against the boxes of N tracks, (N,) each."""

    score: FloatArray  # log-odds of the newest detection's score
    mean_score: FloatArray  # running mean of the scores, 0..1
    unseen: FloatArray  # seconds since the newest detection
    hit_rate: FloatArray  # running share of updates with a detection, 0..1
    surprise: FloatArray  # running mean of the filter's error, heights
    spread: FloatArray  # the filter's standard deviation of the centre, widths
    hidden: FloatArray  # largest share of the box inside one nearer track that is seen, 0..1
    hiding: FloatArray  # largest share of the box inside one farther track that is seen, 0..1
    outside: FloatArray  # share of the box outside the area where detections occur, 0..1


class Weights(Settings):
    """Weights of the log-odds, one for each kind of evidence."""

    bias: float = 0.0
    score: float = 0.0
    mean_score: float = 0.0
    unseen: float = 0.0
    hit_rate: float = 0.0
    surprise: float = 0.0
    spread: float = 0.0
    hidden: float = 0.0
    hiding: float = 0.0
    outside: float = 0.0


class PlausibilitySettings(Settings):
    """When a box is plausible enough to be reported."""

    min_probability: float = Field(default=0.5, gt=0, lt=1)
    """Probability of being right from which a box is reported. 0.5 is best for MOTA; less favours
    recall, and with it IDF1 and HOTA, as long as half of the people are missed."""
    seen: Weights = Weights(bias=-0.69, score=0.59, mean_score=2.98, hidden=-0.14, hiding=-3.28)
    """Weights for a box that was detected."""
    predicted: Weights = Weights(
        bias=0.36,
        hit_rate=1.26,
        hidden=0.8,
        hiding=-2.0,
        surprise=-15.8,
        spread=-0.59,
        outside=-3.5,
    )
    """Weights for a box that is only predicted."""


def gather_evidence(tracks: TrackTable, rows: BoolArray, time: float, area: FloatArray) -> Evidence:
    """The evidence on the tracks of `rows` (N,) among all of a camera.

    area: (4,) box around all detections so far: what the camera can see, as far as is known.
    """
    chosen = tracks[rows]
    position = chosen["state"][:, 0]
    boxes = kalman.state2boxes(chosen["state"])
    others = kalman.state2boxes(tracks["state"])
    shares = _shares_inside(boxes, others)
    shares *= tracks["missed"] == 0
    shares[np.arange(len(chosen)), np.flatnonzero(rows)] = 0
    nearer = others[:, 3] > boxes[:, 3, None]
    probability = np.clip(chosen["score"], 0.005, 0.995)
    return Evidence(
        score=np.log(probability / (1 - probability)),
        mean_score=chosen["mean_score"],
        unseen=time - chosen["seen"],
        hit_rate=chosen["hit_rate"],
        surprise=chosen["surprise"],
        spread=np.sqrt(chosen["state"][:, 2, 0]) / position[:, 2],
        hidden=(shares * nearer).max(axis=1, initial=0),
        hiding=(shares * ~nearer).max(axis=1, initial=0),
        outside=1 - _shares_inside(boxes, area[None])[:, 0],
    )


def log_odds(evidence: Evidence, weights: Weights) -> FloatArray:
    """(N,) logarithm of the odds that a box holds a person."""
    total = np.full(len(evidence.score), weights.bias)
    for name, weight in weights:
        if name != "bias" and weight != 0:
            total += weight * getattr(evidence, name)
    return total


def _shares_inside(boxes: FloatArray, others: FloatArray) -> FloatArray:
    """(N, M) share of each box (N, 4) that lies inside each of `others` (M, 4)."""
    width = np.minimum(boxes[:, 2, None], others[:, 2]) - np.maximum(
        boxes[:, 0, None], others[:, 0]
    )
    height = np.minimum(boxes[:, 3, None], others[:, 3]) - np.maximum(
        boxes[:, 1, None], others[:, 1]
    )
    own = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return np.maximum(width, 0) * np.maximum(height, 0) / np.maximum(own, 1e-9)[:, None]
