"""Which boxes overlap, and by how much, without a look at all pairs where there are many boxes.

Boxes are `(4, N)` here, coordinates first (left, top, right, bottom): each coordinate is one
contiguous row, which is what arithmetic over many boxes runs on. Pairs are two index arrays.
"""

import numpy as np

from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["areas", "intersections", "overlapping_pairs"]

ALL_PAIRS = 16_000  # up to so many it is quicker to test them all than to sort


def overlapping_pairs(a: FloatArray, b: FloatArray) -> tuple[IntArray, IntArray]:
    """Rows and columns (K,) of all pairs of boxes (4, N) and (4, M) that share some area.

    Ordered by row, then by column. Boxes without area overlap nothing.
    """
    if a.shape[1] * b.shape[1] <= ALL_PAIRS:
        meet = _meet(a[:, :, None], b[:, None])
        rows, columns = meet.nonzero()
        return rows, columns
    return _swept_pairs(a, b)


def _meet(a: FloatArray, b: FloatArray) -> BoolArray:
    """True where boxes share some area; a, b: (4, ...) that broadcast."""
    inside = a[:2] < b[2:]
    inside &= b[:2] < a[2:]
    return inside[0] & inside[1]


def _swept_pairs(a: FloatArray, b: FloatArray) -> tuple[IntArray, IntArray]:
    """The same by sorting the left edges of `b`: a box overlaps none that begins right of its
    end, and none that begins more than the widest box left of it."""
    order = np.argsort(b[0], kind="stable")
    left = b[0, order]
    widest = (b[2] - b[0]).max()
    first = np.searchsorted(left, a[0] - widest, side="left")
    count = np.maximum(np.searchsorted(left, a[2], side="left") - first, 0)
    rows = np.repeat(np.arange(a.shape[1]), count)
    steps = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count - first, count)
    columns = order[steps]
    meet = _meet(a[:, rows], b[:, columns])
    rows, columns = rows[meet], columns[meet]
    by_column = np.lexsort((columns, rows))
    return rows[by_column], columns[by_column]


def intersections(a: FloatArray, b: FloatArray) -> FloatArray:
    """(K,) shared areas of boxes (4, K) and (4, K) that overlap."""
    sides = np.minimum(a[2:], b[2:])
    sides -= np.maximum(a[:2], b[:2])
    return sides[0] * sides[1]


def areas(boxes: FloatArray) -> FloatArray:
    """(N,) areas of boxes (4, N)."""
    sides = boxes[2:] - boxes[:2]
    return sides[0] * sides[1]
