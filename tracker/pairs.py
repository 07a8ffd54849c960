"""Which boxes overlap, and by how much, without a look at all pairs.

Boxes are `(4, N)` here, coordinates first (left, top, right, bottom): each coordinate is one
contiguous row. Pairs are two index arrays.
"""

import numpy as np

from configs.compiling import kernel
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["crossings", "grown_overlaps", "overlaps"]

Pairs = tuple[IntArray, IntArray, FloatArray]


def crossings(boxes: FloatArray) -> Pairs:
    """Every two boxes of (4, N) that share some area, once, and the areas (K,) that they share.

    In no particular order, but the first of two stands before the second in `boxes`. Boxes without
    area overlap nothing.
    """
    return _sweep(boxes, np.arange(boxes.shape[1]), boxes.shape[1], True)


def overlaps(a: FloatArray, b: FloatArray) -> Pairs:
    """Rows and columns (K,) of all pairs of boxes (4, N) and (4, M) that share some area, and the
    intersection over union (K,) of each. Ordered by row, then by column."""
    of_a, of_b = np.ones(a.shape[1], bool), np.ones(b.shape[1], bool)
    return grown_overlaps(a, of_a, b, of_b, 0.0, 0.0)


@kernel("void(f8[:, ::1], i8[::1])")
def _sort_from_left(boxes: FloatArray, order: IntArray) -> None:
    """Sort `order` (K,), which boxes of (4, N), by their left edges, in place: a stable merge
    sort. NumPy's would take seconds to compile."""
    source, target, width = order, np.empty(len(order), np.int64), 1
    while width < len(order):
        for start in range(0, len(order), 2 * width):
            middle = min(start + width, len(order))
            end, i, j = min(start + 2 * width, len(order)), start, middle
            for k in range(start, end):
                if j >= end or (i < middle and boxes[0, source[i]] <= boxes[0, source[j]]):
                    target[k] = source[i]
                    i += 1
                else:
                    target[k] = source[j]
                    j += 1
        source, target, width = target, source, 2 * width
    for k in range(len(order)):
        order[k] = source[k]


@kernel("Tuple((i8[::1], i8[::1], f8[::1]))(f8[:, ::1], i8[::1], i8, b1)")
def _sweep(boxes: FloatArray, order: IntArray, split: int, within: bool) -> Pairs:
    """Two boxes of (4, N) each, the first before the second, and the areas (K,) that they share.

    order: (M,) the boxes that take part, is sorted in place. within: any two of them, or else one
    before `split` and one from there on. Of two boxes that meet, one begins while the other lasts:
    each in turn, from left to right, is compared with those that begin between its own left and
    right edge.
    """
    _sort_from_left(boxes, order)
    rows, others, shared = _room(2 * len(order))
    count = 0
    for i in range(len(order)):
        one = order[i]
        top, right, bottom = boxes[1, one], boxes[2, one], boxes[3, one]
        for j in range(i + 1, len(order)):
            other = order[j]
            if boxes[0, other] >= right:
                break
            if not within and (one < split) == (other < split):
                continue
            width = min(right, boxes[2, other]) - boxes[0, other]
            height = min(bottom, boxes[3, other]) - max(top, boxes[1, other])
            if width <= 0 or height <= 0:
                continue
            if count == len(shared):
                rows, others, shared = _roomier(rows, others, shared)
            rows[count], others[count] = min(one, other), max(one, other)
            shared[count] = width * height
            count += 1
    return rows[:count], others[:count], shared[:count]


@kernel("Tuple((i8[::1], i8[::1], f8[::1]))(i8)")
def _room(count: int) -> Pairs:
    """Arrays that aren't filled yet."""
    return np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count)


@kernel("Tuple((i8[::1], i8[::1], f8[::1]))(i8[::1], i8[::1], f8[::1])")
def _roomier(rows: IntArray, others: IntArray, shared: FloatArray) -> Pairs:
    """The same pairs (K,) with room for K more."""
    firsts, seconds, areas = _room(2 * len(rows))
    for k in range(len(rows)):
        firsts[k], seconds[k], areas[k] = rows[k], others[k], shared[k]
    return firsts, seconds, areas


@kernel("Tuple((i8[::1], i8[::1], f8[::1]))(f8[:, ::1], b1[::1], f8[:, ::1], b1[::1], f8, f8)")
def grown_overlaps(
    a: FloatArray,
    of_a: BoolArray,
    b: FloatArray,
    of_b: BoolArray,
    share: float,
    least: float,
) -> Pairs:
    """`overlaps` of boxes grown by a share of their sides on every side (buffered IoU; Yang et al.,
    WACV 2023): of some of `a` (4, N) and some of `b` (4, M), where their overlap is at least so
    much.

    of_a: (N,) and of_b: (M,) True for those that take part.
    """
    n, m = len(of_a), len(of_b)
    boxes, order, count = np.empty((4, n + m)), np.empty(n + m, np.int64), 0
    for box in range(n + m):
        if of_a[box] if box < n else of_b[box - n]:
            order[count] = box
            count += 1
            for axis in range(2):
                low = a[axis, box] if box < n else b[axis, box - n]
                high = a[axis + 2, box] if box < n else b[axis + 2, box - n]
                margin = share * (high - low)
                boxes[axis, box], boxes[axis + 2, box] = low - margin, high + margin
    rows, columns, iou = _sweep(boxes, order[:count], n, False)
    count = 0
    for k in range(len(iou)):
        union = _area(boxes, rows[k]) + _area(boxes, columns[k]) - iou[k]
        if iou[k] / union >= least:
            rows[count], columns[count], iou[count] = rows[k], columns[k] - n, iou[k] / union
            count += 1
    return _ordered(rows[:count], columns[:count], iou[:count], n, m)


@kernel("f8(f8[:, ::1], i8)")
def _area(boxes: FloatArray, n: int) -> float:
    return (boxes[2, n] - boxes[0, n]) * (boxes[3, n] - boxes[1, n])


@kernel("Tuple((i8[::1], i8[::1], f8[::1]))(i8[::1], i8[::1], f8[::1], i8, i8)")
def _ordered(rows: IntArray, columns: IntArray, values: FloatArray, n: int, m: int) -> Pairs:
    """The pairs (K,) by row, then by column; n, m: how many rows and columns there are.

    Sorted by counting, columns first: each row has a chain of its pairs, and each is put before
    those of higher columns.
    """
    heads, following = np.empty(n + m, np.int64), np.empty(len(rows), np.int64)
    for head in range(n + m):
        heads[head] = -1
    for k in range(len(rows)):
        following[k], heads[n + columns[k]] = heads[n + columns[k]], k
    for column in range(m - 1, -1, -1):
        k = heads[n + column]
        while k >= 0:
            after = following[k]
            following[k], heads[rows[k]] = heads[rows[k]], k
            k = after
    firsts, seconds, sorted_values = np.empty_like(rows), np.empty_like(rows), np.empty(len(rows))
    count = 0
    for row in range(n):
        k = heads[row]
        while k >= 0:
            firsts[count], seconds[count], sorted_values[count] = row, columns[k], values[k]
            count, k = count + 1, following[k]
    return firsts, seconds, sorted_values
