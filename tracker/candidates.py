"""Which boxes of a frame take part in the association."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from configs.settings import Settings
from tracker.pairs import areas, intersections, overlapping_pairs
from tracker.scores import ScoreScale, margins2probabilities
from tracker.types import BoolArray, Detections, FloatArray, IntArray

__all__ = [
    "CandidateSettings",
    "Candidates",
    "RegionScore",
    "confidence_map",
    "select",
    "standing_predictions",
    "widen",
    "without_duplicates",
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


@dataclass(frozen=True)
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
        embeddings = None if self.embeddings is None else self.embeddings[chosen]
        return Candidates(self.rows[chosen], self.boxes[:, chosen], self.scores[chosen], embeddings)


def select(detections: Detections, is_margin: bool, settings: CandidateSettings) -> Candidates:
    """The detections worth using, without duplicates, in their order; scores as probabilities."""
    scores = margins2probabilities(detections.scores) if is_margin else detections.scores
    boxes = np.ascontiguousarray(detections.boxes.T, np.float64)
    found = Candidates(np.arange(len(scores)), boxes, scores, detections.embeddings)
    likely = scores >= settings.min_score
    if not likely.all():
        found = found[likely]
    kept = without_duplicates(found.boxes, found.scores, settings.max_iou)
    return found if kept.all() else found[kept]


def widen(area: FloatArray, boxes: FloatArray) -> None:
    """Widen the area (4,) in which candidates are known to occur by boxes (4, M), in place."""
    if boxes.shape[1]:
        area[:2] = np.minimum(area[:2], boxes[:2].min(axis=1))
        area[2:] = np.maximum(area[2:], boxes[2:].max(axis=1))


def without_duplicates(boxes: FloatArray, scores: FloatArray, max_iou: float) -> BoolArray:
    """(N,) True for the boxes (4, N) that greedy non-maximum suppression keeps.

    Best score first, a box goes if it overlaps a kept one by more than `max_iou`; ties go to the
    earlier one. Instead of visiting boxes one by one, each round settles all boxes whose rivals
    are settled: as many rounds as the longest chain of rivals, mostly none or two.
    """
    kept = np.ones(len(scores), bool)
    loser, winner = _rivals(boxes, scores, max_iou)
    if len(loser) == 0:
        return kept
    settled = np.zeros(len(scores), bool)
    kept[loser] = False
    settled[kept] = True
    while True:
        beaten = loser[kept[winner] & settled[winner]]
        settled[beaten] = True
        waiting = ~settled
        if not waiting.any():
            return kept
        # Whose better rivals are all settled, and none of them kept, is kept.
        blocked = np.zeros(len(scores), bool)
        blocked[loser[waiting[winner]]] = True
        freed = waiting & ~blocked
        kept |= freed
        settled |= freed


def _rivals(boxes: FloatArray, scores: FloatArray, max_iou: float) -> tuple[IntArray, IntArray]:
    """Of each two boxes that overlap by more than `max_iou`, the one that goes and the better."""
    one, other = overlapping_pairs(boxes, boxes)
    ahead = one < other
    one, other = one[ahead], other[ahead]
    shared = intersections(boxes[:, one], boxes[:, other])
    area = areas(boxes)
    close = shared > max_iou * (area[one] + area[other] - shared)
    one, other = one[close], other[close]
    first_loses = scores[one] < scores[other]
    return np.where(first_loses, one, other), np.where(first_loses, other, one)


def confidence_map(detections: FloatArray, scores: FloatArray) -> RegionScore:
    """The detector's own confidence at any box: the best score of its raw detections (4, N),
    each weighted by its overlap with the box. 0 where nothing was detected."""

    def score(boxes: FloatArray) -> FloatArray:
        rows, columns = overlapping_pairs(boxes, detections)
        shared = intersections(boxes[:, rows], detections[:, columns])
        union = areas(boxes)[rows] + areas(detections)[columns] - shared
        best = np.zeros(boxes.shape[1])
        np.maximum.at(best, rows, shared / union * scores[columns])
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
