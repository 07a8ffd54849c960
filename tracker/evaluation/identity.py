"""ID metrics: how much of each person's time one id covers.

Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking", 2016.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from tracker.evaluation.comparison import Comparison
from tracker.evaluation.matching import MATCH

__all__ = ["Identity", "identity"]


@dataclass(frozen=True)
class Identity:
    """Counts that add up over sequences; matches: rows where a person has the id that is his."""

    truths: int
    results: int
    matches: int

    def __add__(self, other: "Identity") -> "Identity":
        return Identity(
            self.truths + other.truths, self.results + other.results, self.matches + other.matches
        )

    @property
    def idf1(self) -> float:
        """The harmonic mean of `idp` and `idr`, 0..1."""
        return self.matches / max(1.0, (self.truths + self.results) / 2)

    @property
    def idp(self) -> float:
        """The share of the result that is the right person."""
        return self.matches / max(1, self.results)

    @property
    def idr(self) -> float:
        """The share of the truth that has its right id."""
        return self.matches / max(1, self.truths)


def identity(comparison: Comparison) -> Identity:
    """Pair each person with at most one id for the whole sequence, so that most rows agree."""
    people, others = comparison.truth_id_count, comparison.result_id_count
    reached = comparison.likeness >= MATCH
    truth_ids = comparison.truth_ids[comparison.pair_truth[reached]]
    result_ids = comparison.result_ids[comparison.pair_result[reached]]
    agreements = np.bincount(truth_ids * others + result_ids, minlength=people * others)
    agreements = agreements.reshape(people, others)
    rows, columns = linear_sum_assignment(agreements, maximize=True)
    return Identity(
        len(comparison.truth_ids),
        len(comparison.result_ids),
        int(agreements[rows, columns].sum()),
    )
