"""Which boxes overlap, and by how much, without a look at all pairs.

Boxes are `(4, N)` here, coordinates first (left, top, right, bottom): each coordinate is one
contiguous row. Pairs are two index arrays.
"""

import numpy as np

from tracker.compiling import kernel
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["crossings", "grown_overlaps", "overlaps"]


@kernel("Tuple((i8[::1], i8[::1], f8[::1]))(f8[:, ::1])")
def crossings(boxes: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Every two boxes of (4, N) that share some area, once, and the areas (K,) that they share.

    In no particular order, but the first of two stands before the second in `boxes`. Boxes without
    area overlap nothing.
    """
    return _sweep(boxes, len(boxes[0]), True)


@kernel("Tuple((i8[::1], i8[::1], f8[::1]))(f8[:, ::1], f8[:, ::1])")
def overlaps(a: FloatArray, b: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Rows and columns (K,) of all pairs of boxes (4, N) and (4, M) that share some area, in no
    particular order, and the intersection over union (K,) of each."""
    boxes = np.concatenate((a, b), axis=1)
    rows, others, shared = _sweep(boxes, a.shape[1], False)
    for k in range(len(shared)):
        shared[k] /= _area(boxes, rows[k]) + _area(boxes, others[k]) - shared[k]
    return rows, others - a.shape[1], shared


@kernel("f8(f8[:, ::1], i8)")
def _area(boxes: FloatArray, n: int) -> float:
    return (boxes[2, n] - boxes[0, n]) * (boxes[3, n] - boxes[1, n])


@kernel("Tuple((i8[::1], i8[::1], f8[::1]))(f8[:, ::1], i8, b1)")
def _sweep(boxes: FloatArray, split: int, within: bool) -> tuple[IntArray, IntArray, FloatArray]:
    """Two boxes of (4, N) each, the first before the second, and the areas (K,) that they share.

    within: two of the first `split` boxes, or else one of these and one of the others. Of two boxes
    that meet, one begins while the other lasts: each in turn, from left to right, is compared with
    those that begin between its own left and right edge.
    """
    from_left = np.argsort(boxes[0])
    pairs, shared = np.empty((2, 2 * len(from_left)), np.int64), np.empty(2 * len(from_left))
    count = 0
    for i in range(len(from_left)):
        left_one = from_left[i]
        top, right, bottom = boxes[1, left_one], boxes[2, left_one], boxes[3, left_one]
        for other in from_left[i + 1 :]:
            if boxes[0, other] >= right:
                break
            if ((left_one < split) == (other < split)) != within:
                continue
            width = min(right, boxes[2, other]) - boxes[0, other]
            height = min(bottom, boxes[3, other]) - max(top, boxes[1, other])
            if width <= 0 or height <= 0:
                continue
            if count == len(shared):  # twice the room
                pairs = np.concatenate((pairs, pairs), axis=1)
                shared = np.concatenate((shared, shared))
            pairs[0, count], pairs[1, count] = min(left_one, other), max(left_one, other)
            shared[count] = width * height
            count += 1
    return pairs[0, :count], pairs[1, :count], shared[:count]


@kernel("Tuple((i8[::1], i8[::1], f8[::1]))(f8[:, ::1], b1[::1], f8[:, ::1], b1[::1], f8, f8)")
def grown_overlaps(
    a: FloatArray,
    of_a: BoolArray,
    b: FloatArray,
    of_b: BoolArray,
    share: float,
    least: float,
) -> tuple[IntArray, IntArray, FloatArray]:
    """The same of boxes grown by a share of their sides on every side (buffered IoU; Yang et al.,
    WACV 2023): of some of `a` (4, N) and some of `b` (4, M), where their overlap is at least so
    much.

    of_a: (N,) and of_b: (M,) True for those that take part.
    """
    chosen_a, chosen_b = np.flatnonzero(of_a), np.flatnonzero(of_b)
    rows, columns, iou = overlaps(_grown(a, chosen_a, share), _grown(b, chosen_b, share))
    count = 0
    for k in range(len(iou)):
        if iou[k] >= least:
            rows[count], columns[count] = chosen_a[rows[k]], chosen_b[columns[k]]
            iou[count] = iou[k]
            count += 1
    return rows[:count], columns[:count], iou[:count]


@kernel("f8[:, ::1](f8[:, ::1], i8[::1], f8)")
def _grown(boxes: FloatArray, chosen: IntArray, share: float) -> FloatArray:
    """(4, K) the boxes `chosen` (K,), grown by a share of their sides on every side."""
    grown = np.empty((4, len(chosen)))
    for k in range(len(chosen)):
        for axis in range(2):
            low, high = boxes[axis, chosen[k]], boxes[axis + 2, chosen[k]]
            margin = share * (high - low)
            grown[axis, k], grown[axis + 2, k] = low - margin, high + margin
    return grown
