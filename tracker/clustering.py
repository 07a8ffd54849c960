"""Grouping with rules: what is alike comes together, what can't be one never does."""

import numpy as np

from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["cluster"]


def cluster(distances: FloatArray, limit: float, cannot_link: BoolArray) -> IntArray:
    """(N,) labels 0..K-1 of average-linkage groups that respect the rules.

    distances: (N, N) symmetric. limit: groups further apart than this on average aren't joined.
    cannot_link: (N, N) symmetric; two groups with such a pair across them are never joined.
    Labels are numbered by their first member. The nearest two groups are joined first (ties: the
    earlier), so the result depends on nothing but the input.
    """
    count = len(distances)
    labels = np.arange(count)
    between = np.where(cannot_link, np.inf, distances).astype(np.float64)
    np.fill_diagonal(between, np.inf)
    sizes = np.ones(count)
    while count:
        a, b = divmod(int(np.argmin(between)), len(labels))
        if not between[a, b] <= limit:
            break
        a, b = min(a, b), max(a, b)
        joined = (sizes[a] * between[a] + sizes[b] * between[b]) / (sizes[a] + sizes[b])
        joined[[a, b]] = np.inf
        between[a], between[:, a] = joined, joined
        between[b], between[:, b] = np.inf, np.inf
        sizes[a] += sizes[b]
        labels[labels == b] = a
        count -= 1
    return np.unique(labels, return_inverse=True)[1]
