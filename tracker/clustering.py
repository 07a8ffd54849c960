"""Grouping with rules: what is alike comes together, what can't be one never does."""

import numpy as np

from configs.compiling import kernel
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["cluster", "cluster_pairs"]


def cluster(distances: FloatArray, limit: float, cannot_link: BoolArray) -> IntArray:
    """(N,) labels 0..K-1 of average-linkage groups that respect the rules.

    distances: (N, N) symmetric. limit: groups further apart than this on average aren't joined.
    cannot_link: (N, N) symmetric; two groups with such a pair across them are never joined.
    Labels are numbered by their first member. The nearest two groups are joined first (ties: the
    earlier), so the result depends on nothing but the input.
    """
    pairs = np.where(cannot_link, np.inf, distances)[np.triu_indices(len(distances), 1)]
    return cluster_pairs(pairs.astype(np.float64), len(distances), limit)


def cluster_pairs(distances: FloatArray, count: int, limit: float) -> IntArray:
    """The same of the `count` * (count - 1) / 2 pairs alone: (0, 1), (0, 2), ... (1, 2), ...

    distances: float32 or float64, which is also the precision of the means; inf for pairs that
    must not be joined. Overwritten, as there may be no room for two of it.
    """
    join = _join_singles if distances.dtype == np.float32 else _join_doubles
    return np.unique(join(distances, count, limit), return_inverse=True)[1]


def _join(between: FloatArray, count: int, limit: float) -> IntArray:
    """(count,) the first member of the group of each; a group goes by its first member's number.

    Every row of the upper triangle keeps its nearest column. A row whose nearest has gone is
    looked through again only when nothing else is nearer than that was: means of distances are
    no less than the least of them, so the row's nearest is no nearer. Time grows with the square
    of `count` as long as few rows are looked through again for each join, as is usual; at worst
    with the cube.
    """
    first = np.arange(count)
    sizes = np.ones(count, between.dtype)
    start = np.empty(count, np.int64)  # start[row] + column is the place of a pair
    nearest = np.full(count, -1)  # -1: unknown
    bound = np.full(count, -np.inf, between.dtype)  # no pair of the row is nearer
    for i in range(count):
        start[i] = i * (2 * count - i - 1) // 2 - i - 1
    while True:
        a, least = -1, np.inf
        for i in range(count):
            if bound[i] < least:
                a, least = i, bound[i]
        if a < 0 or least > limit:
            return first
        b = nearest[a]
        if b < 0:
            bound[a] = np.inf
            for j in range(a + 1, count):
                if between[start[a] + j] < bound[a]:
                    nearest[a], bound[a] = j, between[start[a] + j]
            continue
        nearest[a], bound[a], bound[b] = -1, np.inf, np.inf
        total = sizes[a] + sizes[b]
        for i in range(count):
            if first[i] == b:
                first[i] = a
            if first[i] != i or i == a:
                continue
            to_a = start[min(i, a)] + max(i, a)
            to_b = start[min(i, b)] + max(i, b)
            mean = (sizes[a] * between[to_a] + sizes[b] * between[to_b]) / total
            between[to_a] = mean
            if i < b:
                between[to_b] = np.inf
            if i > a:
                if mean < bound[a]:
                    nearest[a], bound[a] = i, mean
                if nearest[i] == b:
                    nearest[i] = -1
            elif mean < bound[i] or (mean == bound[i] and a <= nearest[i]):
                nearest[i], bound[i] = a, mean
            elif nearest[i] == a or nearest[i] == b:
                nearest[i] = -1
        between[start[a] + b] = np.inf
        sizes[a] = total


_join_singles = kernel("i8[::1](f4[::1], i8, f8)")(_join)
_join_doubles = kernel("i8[::1](f8[::1], i8, f8)")(_join)
