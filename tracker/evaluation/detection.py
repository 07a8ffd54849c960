"""How well people are found: average precision at one IoU, and the best score to cut at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker.boxes import iou
from tracker.types import BoolArray, Detections, FloatArray

__all__ = ["AnnotatedFrame", "OperatingPoint", "average_precision", "best_operating_point"]


@dataclass(frozen=True)
class AnnotatedFrame:
    """The truth of one frame.

    boxes: (N, 4). counted: (N,) True for those that must be found; a detection that meets
    one of the others is neither right nor wrong.
    """

    boxes: FloatArray
    counted: BoolArray


@dataclass(frozen=True)
class OperatingPoint:
    """What a detector does if only boxes of at least `score` count; ratios 0..1."""

    score: float
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def average_precision(
    detections: Sequence[Detections], truth: Sequence[AnnotatedFrame], min_iou: float = 0.5
) -> float:
    """Area under the curve of precision (made monotonous) over recall, 0..1; NaN without people.

    In each frame the detections choose in the order of their scores, each the counted person
    that it overlaps most among those still free, at `min_iou` or more.
    """
    n_counted = _people(truth)
    if not n_counted:
        return float("nan")
    _, hits = _ranked(detections, truth, min_iou)
    precision = hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(precision @ np.diff(hits, prepend=0)) / n_counted


def best_operating_point(
    detections: Sequence[Detections], truth: Sequence[AnnotatedFrame], min_iou: float = 0.5
) -> OperatingPoint | None:
    """Where F1 is highest, at the highest such score; None without people or any detection."""
    scores, hits = _ranked(detections, truth, min_iou)
    n_counted = _people(truth)
    # Boxes of one score come in or stay out together.
    ends = np.flatnonzero(np.diff(scores, append=-np.inf))
    if not n_counted or not len(ends):
        return None
    f1 = 2 * hits[ends] / (ends + 1 + n_counted)
    best = int(ends[f1.argmax()])
    return OperatingPoint(float(scores[best]), hits[best] / (best + 1), hits[best] / n_counted)


def _people(truth: Sequence[AnnotatedFrame]) -> int:
    return sum(int(frame.counted.sum()) for frame in truth)


def _ranked(
    detections: Sequence[Detections], truth: Sequence[AnnotatedFrame], min_iou: float
) -> tuple[FloatArray, FloatArray]:
    """(N,) scores of all boxes that count, best first, and how many are right up to each."""
    scores: list[FloatArray] = [np.zeros(0)]
    right: list[BoolArray] = [np.zeros(0, bool)]
    for found, frame in zip(detections, truth, strict=True):
        order = np.argsort(-found.scores, kind="stable")
        hits, judged = _judge(found.boxes[order], frame, min_iou)
        scores.append(found.scores[order][judged])
        right.append(hits[judged])
    every = np.concatenate(scores)
    order = np.argsort(-every, kind="stable")
    return every[order], np.concatenate(right)[order].cumsum().astype(np.float64)


def _judge(boxes: FloatArray, frame: AnnotatedFrame, min_iou: float) -> tuple[BoolArray, BoolArray]:
    """(N,) which boxes are right, and (N,) which count at all; boxes come best first."""
    overlaps = iou(boxes, frame.boxes[frame.counted])
    excused = (iou(boxes, frame.boxes[~frame.counted]) >= min_iou).any(axis=1)
    hits = np.zeros(len(boxes), bool)
    if overlaps.shape[1]:
        for row in range(len(boxes)):
            best = int(overlaps[row].argmax())
            if overlaps[row, best] >= min_iou:
                hits[row] = True
                overlaps[:, best] = -1.0
    return hits, hits | ~excused
