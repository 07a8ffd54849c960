"""HOTA: how well people are found and kept apart, over 19 thresholds of localisation.

Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", IJCV 2021.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from tracker.evaluation.comparison import Comparison
from tracker.evaluation.matching import EPSILON
from tracker.types import FloatArray, IntArray

__all__ = ["Hota", "hota"]

ALPHAS = np.arange(0.05, 0.99, 0.05)


@dataclass(frozen=True)
class Hota:
    """Sums that add up over sequences; arrays are (19,), one entry for each threshold.

    matches: pairs at least that alike. association: over the matches, the sum of the Jaccard index
    of the two ids' rows. similarity: over the matches, the sum of their likeness.
    """

    truths: int
    results: int
    matches: IntArray
    association: FloatArray
    similarity: FloatArray

    def __add__(self, other: "Hota") -> "Hota":
        return Hota(
            self.truths + other.truths,
            self.results + other.results,
            self.matches + other.matches,
            self.association + other.association,
            self.similarity + other.similarity,
        )

    @property
    def det_a(self) -> float:
        """Detection accuracy, 0..1."""
        return float(self._det_a().mean())

    @property
    def ass_a(self) -> float:
        """Association accuracy, 0..1."""
        return float(self._ass_a().mean())

    @property
    def loc_a(self) -> float:
        """Localisation accuracy, 0..1; 1 at a threshold where nothing matches."""
        floor = 1e-10
        return float((np.maximum(floor, self.similarity) / np.maximum(floor, self.matches)).mean())

    @property
    def hota(self) -> float:
        """The geometric mean of both accuracies, averaged over the thresholds."""
        return float(np.sqrt(self._det_a() * self._ass_a()).mean())

    def _det_a(self) -> FloatArray:
        return self.matches / np.maximum(1, self.truths + self.results - self.matches)

    def _ass_a(self) -> FloatArray:
        return self.association / np.maximum(1, self.matches)


def hota(comparison: Comparison) -> Hota:
    """Match by likeness weighted with how well two ids agree over the sequence, then count."""
    alignment = _alignment(comparison)
    truth_rows, result_rows, likeness = _matches(comparison, alignment)
    reached = likeness >= ALPHAS[:, None] - EPSILON  # (19, matches)
    truths = np.bincount(comparison.truth_ids)
    results = np.bincount(comparison.result_ids)
    pair = comparison.truth_ids[truth_rows] * len(results) + comparison.result_ids[result_rows]
    pairs, pair_of_match = np.unique(pair, return_inverse=True)
    counts = np.stack(
        [np.bincount(pair_of_match[mask], minlength=len(pairs)) for mask in reached]
    )  # (19, pairs): how often both ids match each other
    either = truths[pairs // max(len(results), 1)] + results[pairs % max(len(results), 1)] - counts
    return Hota(
        len(comparison.truth_ids),
        len(comparison.result_ids),
        reached.sum(1),
        (counts * (counts / np.maximum(1, either))).sum(1),
        np.where(reached, likeness, 0.0).sum(1),
    )


def _alignment(comparison: Comparison) -> FloatArray:
    """(truth ids, result ids): the soft Jaccard index of two ids, before anything is matched."""
    likeness, truth_rows, result_rows = (
        comparison.likeness,
        comparison.pair_truth,
        comparison.pair_result,
    )
    of_truth = np.bincount(truth_rows, likeness, len(comparison.truth_ids))
    of_result = np.bincount(result_rows, likeness, len(comparison.result_ids))
    union = of_truth[truth_rows] + of_result[result_rows] - likeness
    shape = (comparison.truth_id_count, comparison.result_id_count)
    pair = comparison.truth_ids[truth_rows] * shape[1] + comparison.result_ids[result_rows]
    shared = np.bincount(pair, likeness / union, shape[0] * shape[1]).reshape(shape)
    truths = np.bincount(comparison.truth_ids, minlength=shape[0])
    results = np.bincount(comparison.result_ids, minlength=shape[1])
    return shared / (truths[:, None] + results - shared)


def _matches(
    comparison: Comparison, alignment: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Rows of truth and result that belong together, and how alike they are, all (K,)."""
    truth_rows, result_rows, likeness = [], [], []
    for truth, result, similarity in comparison.shared_frames():
        people, others = comparison.truth_ids[truth], comparison.result_ids[result]
        score = alignment[people[:, None], others] * similarity
        rows, columns = linear_sum_assignment(score, maximize=True)
        truth_rows.append(rows + truth.start)
        result_rows.append(columns + result.start)
        likeness.append(similarity[rows, columns])
    none = np.zeros(0, np.int64)
    return (
        np.concatenate([none, *truth_rows]),
        np.concatenate([none, *result_rows]),
        np.concatenate([np.zeros(0), *likeness]),
    )
