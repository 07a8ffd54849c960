"""How well people are found: average precision at one IoU."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker.boxes import iou
from tracker.types import BoolArray, Detections, FloatArray

__all__ = ["AnnotatedFrame", "average_precision"]


@dataclass(frozen=True)
class AnnotatedFrame:
    """The truth of one frame.

    boxes: (N, 4). counted: (N,) True for those that must be found; a detection that meets
    one of the others is neither right nor wrong.
    """

    boxes: FloatArray
    counted: BoolArray


def average_precision(
    detections: Sequence[Detections], truth: Sequence[AnnotatedFrame], min_iou: float = 0.5
) -> float:
    """Area under the curve of precision (made monotonous) over recall, 0..1; NaN without people.

    In each frame the detections choose in the order of their scores, each the counted person
    that it overlaps most among those still free, at `min_iou` or more.
    """
    n_counted = sum(int(frame.counted.sum()) for frame in truth)
    if not n_counted:
        return float("nan")
    scores: list[FloatArray] = [np.zeros(0)]
    right: list[BoolArray] = [np.zeros(0, bool)]
    for found, frame in zip(detections, truth, strict=True):
        order = np.argsort(-found.scores, kind="stable")
        hits, judged = _judge(found.boxes[order], frame, min_iou)
        scores.append(found.scores[order][judged])
        right.append(hits[judged])
    order = np.argsort(-np.concatenate(scores), kind="stable")
    hits = np.concatenate(right)[order].cumsum()
    precision = hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(precision @ np.diff(hits, prepend=0)) / n_counted


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
