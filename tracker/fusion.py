"""The arithmetic of fusion: detections of all cameras as points with covariances, and their sums.

A Gaussian is summed as information: the inverse covariance J, and h = J times the point.
"""

from dataclasses import dataclass

import numpy as np

from tracker.types import FloatArray, IntArray

__all__ = ["Evidence", "Observations", "gather", "log_densities", "solve"]

HUBER = 1.5  # Mahalanobis distances beyond this lose weight in a sum


@dataclass(frozen=True)
class Observations:
    """The M detections of one tick that lie on the ground, all cameras together.

    views: (M,) index of the frame. rows: (M,) row of the frame's detections. points: (M, 2) metres.
    covariances: (M, 2, 2). scores: (M,). embeddings: (M, D) or None.
    """

    views: IntArray
    rows: IntArray
    points: FloatArray
    covariances: FloatArray
    scores: FloatArray
    embeddings: FloatArray | None

    def __len__(self) -> int:
        return len(self.views)


@dataclass(frozen=True)
class Evidence:
    """What V views say of N people: J (N, V, 2, 2) and h (N, V, 2), zero where a view is silent."""

    J: FloatArray
    h: FloatArray

    def total(self) -> tuple[FloatArray, FloatArray]:
        """All views together: (N, 2, 2) and (N, 2)."""
        return self.J.sum(axis=1), self.h.sum(axis=1)

    def without(self, view: int) -> tuple[FloatArray, FloatArray]:
        """All views but one."""
        J, h = self.total()
        return J - self.J[:, view], h - self.h[:, view]


def gather(
    seen: Observations, taken: IntArray, means: FloatArray, information: FloatArray
) -> Evidence:
    """The evidence of the observations that each person took, outliers weighed down.

    taken: (N, V) index of the observation that each person took in each view, or -1. means (N, 2)
    and information (N, 2, 2): what is known beforehand. An observation far from the sum of all
    loses weight (Huber's M-estimate, iteratively re-weighted).
    """
    here = taken >= 0
    if not here.any():
        return Evidence(np.zeros((*taken.shape, 2, 2)), np.zeros((*taken.shape, 2)))
    index = np.where(here, taken, 0)
    points = seen.points[index]
    J_full = np.linalg.inv(seen.covariances)[index] * here[..., None, None]
    h_prior = np.einsum("nij,nj->ni", information, means)
    weights = here.astype(float)
    for _ in range(4):
        J = J_full * weights[..., None, None]
        h = np.einsum("nvij,nvj->nvi", J, points)
        middle = solve(information + J.sum(axis=1), h_prior + h.sum(axis=1))
        offset = points - middle[:, None]
        squared = np.einsum("nvi,nvij,nvj->nv", offset, J_full, offset)
        weights = here / np.maximum(np.sqrt(squared) / HUBER, 1.0)
    return Evidence(J, h)


def solve(J: FloatArray, h: FloatArray) -> FloatArray:
    """(N, 2) the points of N sums of information."""
    return np.linalg.solve(J, h[..., None])[..., 0]


def log_densities(
    points: FloatArray, covariances: FloatArray, means: FloatArray, spreads: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Log density of M observations at N people, (N, M), and squared Mahalanobis distances.

    points (M, 2) with covariances (M, 2, 2); means (N, 2) with spreads (N, 2, 2).
    """
    offset = points - means[:, None]
    a = spreads[:, None, 0, 0] + covariances[:, 0, 0]
    b = spreads[:, None, 0, 1] + covariances[:, 0, 1]
    d = spreads[:, None, 1, 1] + covariances[:, 1, 1]
    determinant = a * d - b * b
    x, y = offset[..., 0], offset[..., 1]
    squared = (d * x * x - 2 * b * x * y + a * y * y) / determinant
    return -0.5 * (squared + np.log(determinant)) - np.log(2 * np.pi), squared
