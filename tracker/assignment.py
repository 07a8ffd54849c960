"""From costs or gains to pairs."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from tracker.types import FloatArray, IntArray

__all__ = ["assign", "assign_pairs"]

DENSE = 40_000  # up to so many cells a full matrix is quicker than a sparse graph


def assign(cost: FloatArray, limit: float) -> tuple[IntArray, IntArray]:
    """Pair rows with columns so that the total cost is least and no pair costs `limit` or more.

    cost: (N, M), any size including 0; an entry of inf forbids the pair.
    Returns the paired rows and their columns, (K,) each, rows ascending. A pair is made only if it
    is cheaper than leaving both sides unpaired at `limit` together.

    Leaving a pair out is the same as making it at a gain of 0, so the gate needs no dummy rows or
    columns, and the problem keeps its size.
    """
    gain = np.minimum(cost - limit, 0)
    rows, columns = linear_sum_assignment(gain)
    made = gain[rows, columns] < 0
    return rows[made].astype(np.int64), columns[made].astype(np.int64)


def assign_pairs(
    rows: IntArray, columns: IntArray, gains: FloatArray, shape: tuple[int, int]
) -> tuple[IntArray, IntArray]:
    """Choose among the pairs (K,), (K,) those with the most gain in total, no row and no column
    twice.

    gains: (K,); a pair without a positive gain isn't made. shape: numbers of rows and columns.
    Returns rows and columns of the pairs made, rows ascending.
    """
    if shape[0] * shape[1] <= DENSE:
        matrix = np.zeros(shape)
        matrix[rows, columns] = gains
        chosen, theirs = linear_sum_assignment(matrix, maximize=True)
        made = matrix[chosen, theirs] > 0
        return chosen[made], theirs[made]
    return _assign_sparse(rows, columns, gains, shape)


def _assign_sparse(
    rows: IntArray, columns: IntArray, gains: FloatArray, shape: tuple[int, int]
) -> tuple[IntArray, IntArray]:
    """The same on a graph of the pairs alone. Each row has a column of its own as well, which
    stands for staying alone; all edges weigh 1 more than they gain, since a sparse graph takes a
    weight of 0 for no edge, and every full matching has as many edges."""
    n, m = shape
    good = gains > 0
    alone = np.arange(n)
    graph = csr_array(
        (
            np.concatenate([1 + gains[good], np.ones(n)]),
            (np.concatenate([rows[good], alone]), np.concatenate([columns[good], m + alone])),
        ),
        shape=(n, m + n),
    )
    chosen, theirs = min_weight_full_bipartite_matching(graph, maximize=True)
    made = theirs < m
    return chosen[made].astype(np.int64), theirs[made].astype(np.int64)
