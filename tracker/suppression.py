"""Greedy non-maximum suppression: of boxes that show the same, the best one stays."""

import numpy as np

from configs.compiling import kernel
from tracker.pairs import crossings
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["nms", "without_duplicates"]


def nms(boxes: FloatArray, scores: FloatArray, max_iou: float) -> IntArray:
    """Rows of boxes (N, 4) to keep, best score first, so that none overlap by over `max_iou`.

    Ties in the score (N,) go to the earlier row. Boxes without area overlap nothing.
    """
    columns = np.ascontiguousarray(boxes.T, np.float64)
    kept = without_duplicates(columns, np.ascontiguousarray(scores, np.float64), max_iou)
    order = np.argsort(-scores, kind="stable")
    return order[kept[order]]


def without_duplicates(boxes: FloatArray, scores: FloatArray, max_iou: float) -> BoolArray:
    """(N,) True for the boxes (4, N) that greedy non-maximum suppression keeps.

    Best score first, a box goes if it overlaps a kept one by more than `max_iou`; ties go to the
    earlier one.
    """
    return _suppress(boxes, scores, *crossings(boxes), max_iou)


@kernel("b1[::1](f8[:, ::1], f8[::1], i8[::1], i8[::1], f8[::1], f8)")
def _suppress(
    boxes: FloatArray,
    scores: FloatArray,
    rows: IntArray,
    others: IntArray,
    shared: FloatArray,
    max_iou: float,
) -> BoolArray:
    """The same, with the pairs (K,) of boxes that overlap at all.

    Instead of visiting boxes one by one, each round settles all whose better rivals are settled:
    as many rounds as the longest chain of rivals, mostly one or two.
    """
    count = len(scores)
    kept, settled, blocked = np.empty(count, np.bool_), np.empty(count, np.bool_), np.empty(count)
    areas, left = np.empty(count), count
    for box in range(count):
        areas[box] = (boxes[2, box] - boxes[0, box]) * (boxes[3, box] - boxes[1, box])
        kept[box] = settled[box] = False
    while left:
        for box in range(count):
            blocked[box] = 0
        for k in range(len(shared)):
            row, rival = rows[k], others[k]
            if shared[k] / (areas[row] + areas[rival] - shared[k]) > max_iou:
                if scores[rival] <= scores[row]:
                    row, rival = rival, row
                if kept[rival] and not settled[row]:
                    settled[row], left = True, left - 1
                if not settled[rival]:
                    blocked[row] = 1
        for box in range(count):
            if not settled[box] and not blocked[box]:
                kept[box], settled[box], left = True, True, left - 1
    return kept
