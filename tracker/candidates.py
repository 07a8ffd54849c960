"""Which boxes of a frame take part in the association."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from configs.settings import Settings
from tracker.boxes import iou
from tracker.scores import ScoreScale, margins2probabilities
from tracker.types import BoolArray, Detections, FloatArray, IntArray

__all__ = [
    "CandidateSettings",
    "Candidates",
    "RegionScore",
    "confidence_map",
    "select",
    "standing_predictions",
    "without_duplicates",
]

RegionScore = Callable[[FloatArray], FloatArray]
"""Boxes (N, 4) -> probabilities (N,) that each frames a person: a region classifier."""


class CandidateSettings(Settings):
    """Which boxes of a frame take part in the association."""

    score_scale: ScoreScale = "auto"
    """What detection scores are: `probability`, or the unbounded `margin` of a support vector
    machine such as a DPM's; `auto` is probability until a score outside 0..1 comes."""
    min_score: float = Field(default=0.05, ge=0, le=1)
    """Detections below this probability are not used at all."""
    max_iou: float = Field(default=0.7, gt=0, le=1)
    """Of two candidates that overlap by more than this, the one with the lower score goes."""
    predictions: bool = False
    """Let the predicted boxes of reported tracks compete with the detections (MOTDT)."""
    min_prediction_score: float = Field(default=0.4, ge=0, le=1)
    """A predicted box below this score doesn't compete."""


@dataclass(frozen=True)
class Candidates:
    """Detections that take part. rows: (M,) where they stand in the frame's `Detections`."""

    rows: IntArray
    boxes: FloatArray
    scores: FloatArray  # probabilities
    embeddings: FloatArray | None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: IntArray | BoolArray) -> "Candidates":
        embeddings = None if self.embeddings is None else self.embeddings[chosen]
        return Candidates(self.rows[chosen], self.boxes[chosen], self.scores[chosen], embeddings)


def select(detections: Detections, is_margin: bool, settings: CandidateSettings) -> Candidates:
    """The detections worth using, without duplicates, in their order; scores as probabilities."""
    scores = margins2probabilities(detections.scores) if is_margin else detections.scores
    rows = np.flatnonzero(scores >= settings.min_score)
    embeddings = None if detections.embeddings is None else detections.embeddings[rows]
    found = Candidates(rows, detections.boxes[rows], scores[rows], embeddings)
    kept = without_duplicates(found.boxes, found.scores, settings.max_iou)
    return found if kept.all() else found[kept]


def without_duplicates(boxes: FloatArray, scores: FloatArray, max_iou: float) -> BoolArray:
    """(N,) True for the boxes that greedy non-maximum suppression keeps.

    Best score first, a box goes if it overlaps a kept one by more than `max_iou`; ties go to the
    earlier row. Instead of visiting boxes one by one, each round settles all boxes whose rivals
    are settled: as many rounds as the longest chain of rivals, mostly none or two.
    """
    n = len(scores)
    rivals = iou(boxes, boxes) > max_iou
    np.fill_diagonal(rivals, False)
    kept, gone = np.zeros(n, bool), np.zeros(n, bool)
    if not rivals.any():
        return ~kept
    rank = np.empty(n, np.int64)
    rank[np.argsort(-scores, kind="stable")] = np.arange(n)
    rivals &= rank[:, None] > rank  # row yields to column
    while not (kept | gone).all():
        gone |= (rivals & kept).any(axis=1)
        kept |= ~gone & ~(rivals & ~gone).any(axis=1)
    return kept


def confidence_map(detections: FloatArray, scores: FloatArray) -> RegionScore:
    """The detector's own confidence at any box: the best score of its raw detections (N, 4),
    each weighted by its overlap with the box. 0 where nothing was detected."""

    def score(boxes: FloatArray) -> FloatArray:
        return (iou(boxes, detections) * scores).max(axis=1, initial=0)

    return score


def standing_predictions(
    predictions: FloatArray, scores: FloatArray, candidates: Candidates, settings: CandidateSettings
) -> tuple[BoolArray, Candidates]:
    """Predicted boxes (N, 4) and detections compete by score (MOTDT, Chen et al., ICME 2018).

    Returns (N,) True for the predictions that no better candidate suppresses, and the detections
    that no prediction suppresses.
    """
    joint = np.concatenate([candidates.scores, scores])
    eligible = np.concatenate(
        [np.ones(len(candidates), bool), scores >= settings.min_prediction_score]
    )
    joint = np.where(eligible, joint, -1)
    boxes = np.concatenate([candidates.boxes, predictions])
    kept = without_duplicates(boxes, joint, settings.max_iou) & eligible
    return kept[len(candidates) :], candidates[kept[: len(candidates)]]
