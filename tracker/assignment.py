"""From costs or gains to pairs."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from configs.compiling import kernel
from tracker.types import FloatArray, IntArray

__all__ = ["assign", "assign_pairs"]


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

    rows: ascending. gains: (K,); a pair without a positive gain isn't made. shape: numbers of rows
    and columns. All arrays are in C order. Returns rows and columns of the pairs made, rows
    ascending.
    """
    return _augment(rows, columns, gains, *shape)


@kernel("Tuple((i8[::1], i8[::1]))(i8[::1], i8[::1], f8[::1], i8, i8)")
def _augment(
    rows: IntArray, columns: IntArray, gains: FloatArray, n: int, m: int
) -> tuple[IntArray, IntArray]:
    """The same by shortest augmenting paths (Jonker and Volgenant, Computing 1987) along the pairs
    alone: a row costs as much as the rows and columns that dispute one another, not as all.

    Row r has a column of its own as well, m + r, which stands for staying alone and gains nothing.
    Each row in turn takes its best column, where need be by a chain of others that change theirs:
    the cheapest one, found as Dijkstra does by the costs less the prices of both sides.
    """
    starts, column_of, row_price = np.empty(n + 1, np.int64), np.empty(n, np.int64), np.zeros(n)
    row_of, column_price, is_final = np.empty(m + n, np.int64), np.zeros(m + n), np.zeros(m + n)
    cost, origin, reached = np.empty(m + n), np.empty(m + n, np.int64), np.empty(m + n, np.int64)
    for column in range(m + n):
        row_of[column], cost[column] = -1, np.inf
    place = 0
    for row in range(n + 1):  # the pairs of a row stand from its start to the next one's
        while place < len(rows) and rows[place] < row:
            place += 1
        starts[row] = place
    for start in range(n):
        row, spent, count = start, 0.0, 0
        column_of[start] = -1
        while True:
            for place in range(starts[row], starts[row + 1] + 1):
                is_alone = place == starts[row + 1]
                column = m + row if is_alone else columns[place]
                gain = 0.0 if is_alone else gains[place]
                if gain <= 0 and not is_alone:
                    continue
                total = spent - gain - row_price[row] - column_price[column]
                if total < cost[column] and not is_final[column]:
                    if cost[column] == np.inf:
                        reached[count] = column
                        count += 1
                    cost[column], origin[column] = total, row
            column, spent = -1, np.inf
            for k in range(count):
                other = reached[k]
                if not is_final[other] and cost[other] < spent:
                    column, spent = other, cost[other]
            is_final[column] = 1
            if row_of[column] < 0:
                break
            row = row_of[column]
        row_price[start] += spent
        for k in range(count):
            other = reached[k]
            if is_final[other] and other != column:
                row_price[row_of[other]] += spent - cost[other]
                column_price[other] -= spent - cost[other]
            cost[other], is_final[other] = np.inf, 0
        row = -1
        while row != start:
            row = origin[column]
            row_of[column] = row
            column, column_of[row] = column_of[row], column
    made, taken, count = np.empty(n, np.int64), np.empty(n, np.int64), 0
    for row in range(n):
        if column_of[row] < m:
            made[count], taken[count] = row, column_of[row]
            count += 1
    return made[:count], taken[:count]
