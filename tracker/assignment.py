"""From costs to pairs."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from tracker.types import FloatArray, IntArray

__all__ = ["assign"]


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
