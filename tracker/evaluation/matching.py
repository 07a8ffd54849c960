"""The best one-to-one pairs of a frame, exactly as the reference evaluation finds them."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from tracker.types import FloatArray, IntArray

__all__ = ["EPSILON", "MATCH", "best_pairs"]

MATCH = 0.5  # the least likeness of a match in CLEAR, ID and the preprocessing
EPSILON = float(np.finfo(np.float64).eps)  # how far below a threshold still counts as reached


def best_pairs(score: FloatArray) -> tuple[IntArray, IntArray]:
    """Rows and columns (K,) of the pairs whose scores add up to the most; none with a score of 0.

    SciPy's solver, not `tracker.assignment`: where several matchings are equally good, the metrics
    are comparable with published ones only if the same one is taken.
    """
    rows, columns = linear_sum_assignment(score, maximize=True)
    paired = score[rows, columns] > EPSILON
    return rows[paired], columns[paired]
