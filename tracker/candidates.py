"""Which boxes of a frame take part in the association."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from configs.compiling import kernel
from configs.settings import Settings
from tracker.pairs import overlaps
from tracker.scores import ScoreScale, margins2probabilities
from tracker.suppression import without_duplicates
from tracker.types import BoolArray, Detections, FloatArray, IntArray

__all__ = [
    "CandidateSettings",
    "Candidates",
    "RegionScore",
    "candidates_of",
    "confidence_map",
    "extremes",
    "select",
    "standing_predictions",
    "widen",
]

RegionScore = Callable[[FloatArray], FloatArray]
"""Boxes (4, N) -> probabilities (N,) that each frames a person: a region classifier."""


class CandidateSettings(Settings):
    """Which boxes of a frame take part in the association."""

    score_scale: ScoreScale = "auto"
    """What detection scores are: `probability`, or the unbounded `margin` of a support vector
    machine such as a DPM's; `auto` is probability until a score outside 0..1 comes."""
    min_score: float = Field(default=0.05, ge=0, le=1)
    """Detections below this probability are not used at all."""
    max_iou: float = Field(default=0.35, gt=0, le=1)
    """Of two candidates that overlap by more than this, the one with the lower score goes."""
    predictions: bool = False
    """Let the predicted boxes of reported tracks compete with the detections (MOTDT)."""
    min_prediction_score: float = Field(default=0.4, ge=0, le=1)
    """A predicted box below this score doesn't compete."""


@dataclass(slots=True)
class Candidates:
    """M detections that take part. rows: (M,) where they stand in the frame's `Detections`.
    boxes: (4, M), coordinates first. scores: (M,) probabilities. embeddings: (M, D) or None.
    """

    rows: IntArray
    boxes: FloatArray
    scores: FloatArray
    embeddings: FloatArray | None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: IntArray | BoolArray) -> "Candidates":
        if chosen.dtype == np.bool_:
            chosen = chosen.nonzero()[0]
        embeddings = None if self.embeddings is None else self.embeddings[chosen]
        boxes = self.boxes.take(chosen, axis=1)
        return Candidates(self.rows[chosen], boxes, self.scores[chosen], embeddings)


def candidates_of(detections: Detections) -> Candidates:
    """All detections."""
    boxes = np.array(detections.boxes.T, np.float64, order="C")
    scores = np.array(detections.scores, np.float64)
    return Candidates(np.arange(len(scores)), boxes, scores, detections.embeddings)


@kernel("UniTuple(f8, 2)(f8[:, ::1], f8[::1])")
def extremes(boxes: FloatArray, scores: FloatArray) -> tuple[float, float]:
    """The lowest and the highest of scores (N,); inf and -inf of none.

    Raises ValueError where a score or a coordinate of the boxes (4, N) isn't finite.
    """
    lowest, highest = np.inf, -np.inf
    for n in range(len(scores)):
        total = scores[n] + boxes[0, n] + boxes[1, n] + boxes[2, n] + boxes[3, n]
        if not math.isfinite(total):
            raise ValueError("a detection's box or score is not finite")
        lowest, highest = min(lowest, scores[n]), max(highest, scores[n])
    return lowest, highest


def select(found: Candidates, is_margin: bool, settings: CandidateSettings) -> Candidates:
    """The detections worth using, without duplicates, in their order; scores as probabilities."""
    scores = margins2probabilities(found.scores) if is_margin else found.scores
    kept = without_duplicates(found.boxes, scores, settings.max_iou)
    kept &= scores >= settings.min_score  # these are beaten by all others, and beat none of them
    return Candidates(found.rows, found.boxes, scores, found.embeddings)[kept]


@kernel("void(f8[::1], f8[:, ::1])")
def widen(area: FloatArray, boxes: FloatArray) -> None:
    """Widen the area (4,) in which candidates are known to occur by boxes (4, M), in place."""
    for n in range(boxes.shape[1]):
        for axis in range(2):
            area[axis] = min(area[axis], boxes[axis, n])
            area[axis + 2] = max(area[axis + 2], boxes[axis + 2, n])


def confidence_map(detections: FloatArray, scores: FloatArray) -> RegionScore:
    """The detector's own confidence at any box: the best score of its raw detections (4, N),
    each weighted by its overlap with the box. 0 where nothing was detected."""

    def score(boxes: FloatArray) -> FloatArray:
        rows, columns, iou = overlaps(boxes, detections)
        best = np.zeros(boxes.shape[1])
        np.maximum.at(best, rows, iou * scores[columns])
        return best

    return score


def standing_predictions(
    predictions: FloatArray, scores: FloatArray, candidates: Candidates, settings: CandidateSettings
) -> tuple[BoolArray, Candidates]:
    """Predicted boxes (4, N) and detections compete by score (MOTDT, Chen et al., ICME 2018).

    Returns (N,) True for the predictions that no better candidate suppresses, and the detections
    that no prediction suppresses.
    """
    joint = np.concatenate([candidates.scores, scores])
    eligible = np.concatenate(
        [np.ones(len(candidates), bool), scores >= settings.min_prediction_score]
    )
    joint = np.where(eligible, joint, -1)
    boxes = np.concatenate([candidates.boxes, predictions], axis=1)
    kept = without_duplicates(boxes, joint, settings.max_iou) & eligible
    return kept[len(candidates) :], candidates[kept[: len(candidates)]]
