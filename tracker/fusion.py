"""The arithmetic of fusion: points with covariances, their sums, and how well they fit together.

A Gaussian is summed as information: the inverse covariance J, and h = J times the point. Symmetric
2x2 matrices are kept as their three numbers xx, xy, yy, in a last axis of length 3.
"""

from dataclasses import dataclass

import numpy as np

from tracker.types import FloatArray, IntArray

__all__ = [
    "Fused",
    "Observations",
    "fuse",
    "inverse",
    "log_densities",
    "pack",
    "solve",
    "times",
    "unpack",
]

HUBER = 1.5  # Mahalanobis distances beyond this lose weight in a sum
REWEIGHTINGS = 3
ADJUGATE = np.array([1.0, -1.0, 1.0])  # signs of the inverse's numbers, in reverse order
LOG_2_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class Observations:
    """The M detections of one tick that lie on the ground, all cameras together.

    views: (M,) index of the frame. rows: (M,) row of the frame's detections. points: (M, 2) metres.
    covariances: (M, 3). scores: (M,). odds: (M,) nats that the box itself adds to the log-odds of
    its being a person.
    """

    views: IntArray
    rows: IntArray
    points: FloatArray
    covariances: FloatArray
    scores: FloatArray
    odds: FloatArray

    def __len__(self) -> int:
        return len(self.views)

    def __getitem__(self, rows: IntArray) -> "Observations":
        return Observations(
            self.views[rows],
            self.rows[rows],
            self.points[rows],
            self.covariances[rows],
            self.scores[rows],
            self.odds[rows],
        )


@dataclass(frozen=True)
class Fused:
    """What V views say of N people.

    J: (N, V, 3) and h: (N, V, 2), outliers weighed down, zero where a view is silent.
    cost: (N,) how badly the views and what was known before fit together: the negative log of
    their density up to what doesn't depend on who took which observation.
    """

    J: FloatArray
    h: FloatArray
    cost: FloatArray


def fuse(seen: Observations, taken: IntArray, means: FloatArray, information: FloatArray) -> Fused:
    """Sum up the observations that each person took.

    taken: (N, V) index of the observation that each person took in each view, or -1. means (N, 2)
    and information (N, 3): what is known beforehand. An observation far from the sum of all loses
    weight (Huber's M-estimate by iteratively re-weighted least squares, from the prior and the
    unweighted sum), and so costs less than its square.
    """
    here = taken >= 0
    if not here.any():
        shape = taken.shape
        return Fused(np.zeros((*shape, 3)), np.zeros((*shape, 2)), np.zeros(len(taken)))
    J = inverse(seen.covariances)
    known = np.zeros((7, len(seen) + 1))  # a silent view takes the last: it knows nothing
    known[:3, :-1], known[3:5, :-1], known[5:, :-1] = J.T, times(J, seen.points).T, seen.points.T
    whole = known.take(taken.T, axis=1).T  # (N, V, 7), each number side by side for everybody
    full, points = whole[..., :5], whole[..., 5:]
    prior = np.concatenate([information, times(information, means)], axis=1)
    weighted = full
    for _ in range(REWEIGHTINGS):
        total = prior + weighted.sum(axis=1)
        middle = solve(total[:, :3], total[:, 3:])
        far = np.sqrt(_squares(full[..., :3], points - middle[:, None]))
        if not (far > HUBER).any() and weighted is full:
            break  # nobody loses weight, now or later
        weighted = full / np.maximum(far / HUBER, 1.0)[..., None]
    near = np.minimum(far, HUBER)
    cost = 0.5 * _squares(information, middle - means)
    cost += (near * (far - near / 2)).sum(axis=1)
    cost += 0.5 * np.log(_determinant(total) / _determinant(information))
    return Fused(weighted[..., :3], weighted[..., 3:], cost)


def pack(matrices: FloatArray) -> FloatArray:
    """(..., 2, 2) symmetric -> (..., 3)."""
    return np.stack([matrices[..., 0, 0], matrices[..., 0, 1], matrices[..., 1, 1]], axis=-1)


def unpack(packed: FloatArray) -> FloatArray:
    """(..., 3) -> (..., 2, 2)."""
    return packed[..., [[0, 1], [1, 2]]]


def _determinant(packed: FloatArray) -> FloatArray:
    return packed[..., 0] * packed[..., 2] - packed[..., 1] ** 2


def _squares(packed: FloatArray, vectors: FloatArray) -> FloatArray:
    """(...,) vectors (..., 2) times matrices (..., 3) times vectors."""
    x, y = vectors[..., 0], vectors[..., 1]
    return (packed[..., 0] * x + 2 * packed[..., 1] * y) * x + packed[..., 2] * y * y


def inverse(packed: FloatArray) -> FloatArray:
    """(..., 3) the inverse of each matrix."""
    return packed[..., ::-1] * ADJUGATE / _determinant(packed)[..., None]


def times(packed: FloatArray, vectors: FloatArray) -> FloatArray:
    """(..., 2) matrices (..., 3) times vectors (..., 2)."""
    return packed[..., :2] * vectors[..., :1] + packed[..., 1:] * vectors[..., 1:]


def solve(J: FloatArray, h: FloatArray) -> FloatArray:
    """(..., 2) the points of sums of information J (..., 3) and h (..., 2)."""
    return times(inverse(J), h)


def log_densities(
    points: FloatArray, covariances: FloatArray, means: FloatArray, spreads: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Log density of points at means, and squared Mahalanobis distances; all shapes broadcast.

    points (..., 2) with covariances (..., 3); means (..., 2) with spreads (..., 3).
    """
    offset = points - means
    both = covariances + spreads
    determinant = _determinant(both)
    squared = _squares(both[..., ::-1] * ADJUGATE, offset) / determinant
    return -0.5 * (squared + np.log(determinant)) - LOG_2_PI, squared
