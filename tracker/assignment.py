"""From costs to pairs."""

import lap
import numpy as np

from tracker.types import FloatArray, IntArray

__all__ = ["assign"]


def assign(cost: FloatArray, limit: float) -> tuple[IntArray, IntArray]:
    """Pair rows with columns so that the total cost is least and no pair costs more than `limit`.

    cost: (N, M), any size including 0; an entry of inf forbids the pair.
    Returns the paired rows and their columns, (K,) each, rows ascending. A pair is made only if it
    is cheaper than leaving both sides unpaired at `limit` together (Jonker-Volgenant, gated).
    """
    if cost.size == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    finite = np.where(np.isfinite(cost), cost, max(limit, 0.0) * 2 + 1e6)
    _, column_of_row, _ = lap.lapjv(
        np.ascontiguousarray(finite, np.float64), extend_cost=True, cost_limit=limit
    )
    rows = np.flatnonzero(column_of_row >= 0)
    return rows, column_of_row[rows].astype(np.int64)
