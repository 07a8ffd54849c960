"""Which boxes overlap, and by how much, without a look at all pairs.

Boxes are `(4, N)` here, coordinates first (left, top, right, bottom): each coordinate is one
contiguous row. Pairs are two index arrays.
"""

import numpy as np

from tracker.compiling import kernel
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["grown_overlaps", "overlapping_pairs", "overlaps"]


@kernel("f8(f8[:, ::1], i8, f8[:, ::1], i8)")
def _shared(a: FloatArray, row: int, b: FloatArray, column: int) -> float:
    """Area that box `row` of `a` shares with box `column` of `b`; 0 if there is none."""
    width = min(a[2, row], b[2, column]) - max(a[0, row], b[0, column])
    height = min(a[3, row], b[3, column]) - max(a[1, row], b[1, column])
    return max(width, 0.0) * max(height, 0.0)


@kernel("Tuple((i8[::1], i8[::1], f8[::1]))(f8[:, ::1], f8[:, ::1])")
def overlapping_pairs(a: FloatArray, b: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Rows and columns (K,) of all pairs of boxes (4, N) and (4, M) that share some area, in no
    particular order, and the areas (K,) that they share.

    Boxes without area overlap nothing. Of two boxes that meet, one begins while the other lasts:
    each box in turn, from left to right, is compared with those of the other set that begin
    between its own left and right edge.
    """
    n, m = a.shape[1], b.shape[1]
    a_from_left, b_from_left = np.argsort(a[0]), np.argsort(b[0])
    pairs, shared = np.empty((2, 2 * (n + m)), np.int64), np.empty(2 * (n + m))
    count = i = j = 0
    while i < n and j < m:
        row, column = a_from_left[i], b_from_left[j]
        a_is_first = a[0, row] <= b[0, column]
        end = a[2, row] if a_is_first else b[2, column]
        for k in range(m - j if a_is_first else n - i):
            if a_is_first:
                column = b_from_left[j + k]
            else:
                row = a_from_left[i + k]
            if max(a[0, row], b[0, column]) >= end:
                break
            area = _shared(a, row, b, column)
            if area > 0:
                if count == len(shared):  # twice the room
                    pairs = np.concatenate((pairs, pairs), axis=1)
                    shared = np.concatenate((shared, shared))
                pairs[0, count], pairs[1, count], shared[count] = row, column, area
                count += 1
        if a_is_first:
            i += 1
        else:
            j += 1
    return pairs[0, :count], pairs[1, :count], shared[:count]


@kernel("Tuple((i8[::1], i8[::1], f8[::1]))(f8[:, ::1], f8[:, ::1])")
def overlaps(a: FloatArray, b: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """The same pairs, and the intersection over union (K,) of each."""
    rows, columns, shared = overlapping_pairs(a, b)
    for k in range(len(shared)):
        row, column = rows[k], columns[k]
        area = (a[2, row] - a[0, row]) * (a[3, row] - a[1, row])
        others = (b[2, column] - b[0, column]) * (b[3, column] - b[1, column])
        shared[k] /= area + others - shared[k]
    return rows, columns, shared


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
