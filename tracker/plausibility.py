"""Is there really a person in a track's box? A small logistic rule, for seen boxes and for
predicted ones.

A box is worth reporting while it is more likely right than wrong. Of a predicted box that depends
on how long ago the track was seen and how well it is known, on whether something nearer hides it
(then the detector had a reason to miss it), and on whether it is leaving the image. Of a detected
box it depends on its score and its track's, and on whether it covers somebody who is seen as well
(then it is often a second box of one person). The weights were fitted to MOT17-02, 05, 09, 11 and
13 with public FRCNN and DPM detections by `tools/search fit --online`, which also leaves
one scene out at a time; `CameraTrackerSettings` has both scores.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from configs.compiling import kernel
from configs.settings import Settings
from tracker import kalman
from tracker.pairs import crossings
from tracker.track_table import (
    CONFIRMED,
    HIT_RATE,
    MEAN_SCORE,
    MISSED,
    SCORE,
    SEEN,
    SURPRISE,
    TrackTable,
)
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = [
    "EvidenceHook",
    "PlausibilitySettings",
    "TrackEvidence",
    "Weights",
    "evidence_of",
    "gather_evidence",
    "log_odds",
    "weight_rows",
]


class Weights(Settings):
    """What each kind of evidence adds to the log-odds, times its amount."""

    bias: float = 0.0
    """Of every box."""
    score: float = 0.0
    """Log-odds of the newest detection's score."""
    mean_score: float = 0.0
    """Running mean of the scores, 0..1."""
    unseen: float = 0.0
    """Seconds since the newest detection."""
    hit_rate: float = 0.0
    """Running share of updates with a detection, 0..1."""
    surprise: float = 0.0
    """Running mean of the filter's error, heights."""
    spread: float = 0.0
    """The filter's standard deviation of the centre, widths."""
    hidden: float = 0.0
    """Largest share of the box inside one nearer track that is seen, 0..1."""
    hiding: float = 0.0
    """Largest share of the box inside one farther track that is seen, 0..1."""
    outside: float = 0.0
    """Share of the box outside the area where detections occur, 0..1."""


class PlausibilitySettings(Settings):
    """When a box is plausible enough to be reported."""

    min_probability: float = Field(default=0.42, gt=0, lt=1)
    """Probability of being right from which a box is reported. 0.5 is best for MOTA; less favours
    recall, and with it IDF1 and HOTA, as long as half of the people are missed."""
    seen: Weights = Weights(
        bias=-1.44, score=0.47, mean_score=3.41, hit_rate=0.54, hidden=-0.25, hiding=-2.68
    )
    """Weights for a box that was detected."""
    predicted: Weights = Weights(
        bias=0.91,
        unseen=-1.56,
        hit_rate=1.07,
        surprise=-20.75,
        spread=-0.15,
        hidden=0.9,
        hiding=-0.61,
        outside=-3.85,
    )
    """Weights for a box that is only predicted."""


@dataclass(frozen=True)
class TrackEvidence:
    """What is known of all N tracks of a camera at one frame, before anything is decided on it.

    index: the frame's. boxes: (N, 4) where the tracks are. missed: (N,) updates since the newest
    detection, 0 for a track that is seen now. confirmed: (N,) True where the track was believed
    before this frame. evidence: (10, N) in the order of `Weights`.
    """

    index: int
    boxes: FloatArray
    missed: IntArray
    confirmed: BoolArray
    evidence: FloatArray


EvidenceHook = Callable[[TrackEvidence], None]
"""Who is told of the evidence, frame by frame."""


def evidence_of(index: int, tracks: TrackTable, time: float, area: FloatArray) -> TrackEvidence:
    """The record for one frame, with copies of all numbers; see `gather_evidence`."""
    boxes = kalman.state2boxes(tracks.state)
    return TrackEvidence(
        index,
        np.ascontiguousarray(boxes.T),
        tracks[MISSED].astype(np.int64),
        tracks[CONFIRMED] > 0,
        gather_evidence(tracks, boxes, time, area),
    )


def weight_rows(weights: Weights) -> FloatArray:
    """(10,) the weights, in the order of the evidence."""
    return np.array([getattr(weights, name) for name in Weights.model_fields])


def gather_evidence(
    tracks: TrackTable, boxes: FloatArray, time: float, area: FloatArray
) -> FloatArray:
    """(10, N) the evidence on all tracks of a camera, in the order of `Weights`.

    boxes: (4, N) where the tracks are. area: (4,) box around all detections so far: what the
    camera can see, as far as is known.
    """
    evidence = np.empty((len(Weights.model_fields), len(tracks)))
    means = tracks[SCORE], tracks[MEAN_SCORE], tracks[HIT_RATE], tracks[SURPRISE]
    _fill_in(evidence, boxes, *means, tracks[SEEN], tracks.state[0, kalman.VARIANCE], area, time)
    _hidden_and_hiding(evidence, boxes, tracks[MISSED], *crossings(boxes))
    return evidence


@kernel(
    "void(f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8)"
)
def _fill_in(
    evidence: FloatArray,
    boxes: FloatArray,
    scores: FloatArray,
    mean_scores: FloatArray,
    hit_rates: FloatArray,
    surprises: FloatArray,
    seen: FloatArray,
    variances: FloatArray,
    area: FloatArray,
    time: float,
) -> None:
    """Write into `evidence` (10, N) all that is known of each track by itself.

    boxes: (4, N). scores to variances: (N,), of the table's rows and of the centre's x. area: (4,).
    """
    left, top, right, bottom = area[0], area[1], area[2], area[3]
    for n in range(boxes.shape[1]):
        probability = min(max(scores[n], 0.005), 0.995)
        width, height = boxes[2, n] - boxes[0, n], boxes[3, n] - boxes[1, n]
        inside_x = max(min(boxes[2, n], right) - max(boxes[0, n], left), 0.0)
        inside_y = max(min(boxes[3, n], bottom) - max(boxes[1, n], top), 0.0)
        evidence[0, n] = 1
        evidence[1, n] = math.log(probability / (1 - probability))
        evidence[2, n] = mean_scores[n]
        evidence[3, n] = time - seen[n]
        evidence[4, n] = hit_rates[n]
        evidence[5, n] = surprises[n]
        evidence[6, n] = math.sqrt(variances[n]) / width
        evidence[9, n] = 1 - inside_x * inside_y / (width * height)


@kernel("void(f8[:, ::1], f8[:, ::1], f8[::1], i8[::1], i8[::1], f8[::1])")
def _hidden_and_hiding(
    evidence: FloatArray,
    boxes: FloatArray,
    missed: FloatArray,
    rows: IntArray,
    others: IntArray,
    shared: FloatArray,
) -> None:
    """Write into rows 7 and 8 of `evidence` (10, N) the largest share of each box inside a nearer
    one that is seen, and inside a farther one.

    Who stands lower in the image is nearer. boxes: (4, N). missed: (N,) updates since each was
    seen. rows, others, shared: (K,) the pairs of boxes that overlap, and the area they share.
    """
    for n in range(len(missed)):
        evidence[7, n] = evidence[8, n] = 0
    for k in range(len(shared)):
        for turn in range(2):
            row, other = (rows[k], others[k]) if turn else (others[k], rows[k])
            if missed[other] == 0:
                kind = 7 if boxes[3, other] > boxes[3, row] else 8
                area = (boxes[2, row] - boxes[0, row]) * (boxes[3, row] - boxes[1, row])
                evidence[kind, row] = max(evidence[kind, row], shared[k] / area)


@kernel("f8[::1](f8[:, ::1], f8[:, ::1], f8[::1])")
def log_odds(evidence: FloatArray, weights: FloatArray, missed: FloatArray) -> FloatArray:
    """(N,) logarithms of the odds that boxes hold a person, of evidence (10, N).

    weights: (2, 10) of seen boxes and of predicted ones. missed: (N,) 0 for a box that is seen.
    """
    odds = np.zeros(len(missed))
    for n in range(len(missed)):
        for k in range(len(evidence)):
            odds[n] += weights[0 if missed[n] == 0 else 1, k] * evidence[k, n]
    return odds
