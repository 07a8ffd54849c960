"""The arithmetic of fusion: points with covariances, their sums, and how well they fit together.

A Gaussian is summed as information: the inverse covariance J, and h = J times the point. Symmetric
2x2 matrices are kept as their three numbers xx, xy, yy, in a last axis of length 3.
"""

import math
from dataclasses import dataclass

import numpy as np

from configs.compiling import kernel
from tracker.types import FloatArray, IntArray

__all__ = [
    "Fused",
    "Observations",
    "densities_by_others",
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
LOG_2_PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class Observations:
    """The M detections of one tick that lie on the ground, all cameras together.

    views: (M,) index of the frame. cameras: (M,) index of its camera. rows: (M,) row of the frame's
    detections. boxes: (M, 4). points: (M, 2) metres.
    covariances: (M, 3). scores: (M,). odds: (M,) nats that the box itself adds to the log-odds of
    its being a person. All arrays are in C order.
    """

    views: IntArray
    cameras: IntArray
    rows: IntArray
    boxes: FloatArray
    points: FloatArray
    covariances: FloatArray
    scores: FloatArray
    odds: FloatArray

    def __len__(self) -> int:
        return len(self.views)

    def __getitem__(self, rows: IntArray) -> "Observations":
        return Observations(
            self.views[rows],
            self.cameras[rows],
            self.rows[rows],
            self.boxes[rows],
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

    def places(self) -> tuple[FloatArray, FloatArray]:
        """Where the views together see each person: (N, 2) metres, and covariances (N, 3)."""
        spreads = inverse(self.J.sum(axis=1))
        return times(spreads, self.h.sum(axis=1)), spreads


def fuse(seen: Observations, taken: IntArray, means: FloatArray, information: FloatArray) -> Fused:
    """Sum up the observations that each person took.

    taken: (N, V) index of the observation that each person took in each view, or -1. means (N, 2)
    and information (N, 3): what is known beforehand. An observation far from the sum of all loses
    weight (Huber's M-estimate by iteratively re-weighted least squares, from the prior and the
    unweighted sum), and so costs less than its square. All arrays are in C order.
    """
    return Fused(*_fuse(seen.points, seen.covariances, taken, means, information))


def densities_by_others(
    seen: Observations, fused: Fused, means: FloatArray, information: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(N, M) twice: `log_densities` of the observations where the N people are by all that is known
    but the observation's own view: by what was known beforehand, as in `fuse`, and the other views.
    """
    return _densities_by_others(
        seen.points, seen.covariances, seen.views, fused.J, fused.h, means, information
    )


def log_densities(
    points: FloatArray, covariances: FloatArray, means: FloatArray, spreads: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(N, M) twice: log density of each point at each mean, and squared Mahalanobis distance.

    points (M, 2) with covariances (M, 3); means (N, 2) with spreads (N, 3).
    """
    silent = np.zeros((len(means), 1, 3)), np.zeros((len(means), 1, 2))
    view = np.zeros(len(points), np.int64)
    return _densities_by_others(points, covariances, view, *silent, means, inverse(spreads))


def pack(matrices: FloatArray) -> FloatArray:
    """(..., 2, 2) symmetric -> (..., 3)."""
    return np.stack([matrices[..., 0, 0], matrices[..., 0, 1], matrices[..., 1, 1]], axis=-1)


def unpack(packed: FloatArray) -> FloatArray:
    """(..., 3) -> (..., 2, 2)."""
    return packed[..., [[0, 1], [1, 2]]]


def inverse(packed: FloatArray) -> FloatArray:
    """(..., 3) the inverse of each matrix."""
    determinant = packed[..., 0] * packed[..., 2] - packed[..., 1] ** 2
    return packed[..., ::-1] * ADJUGATE / determinant[..., None]


def times(packed: FloatArray, vectors: FloatArray) -> FloatArray:
    """(..., 2) matrices (..., 3) times vectors (..., 2)."""
    return packed[..., :2] * vectors[..., :1] + packed[..., 1:] * vectors[..., 1:]


def solve(J: FloatArray, h: FloatArray) -> FloatArray:
    """(..., 2) the points of sums of information J (..., 3) and h (..., 2)."""
    return times(inverse(J), h)


@kernel(
    "Tuple((f8[:, :, ::1], f8[:, :, ::1], f8[::1]))"
    "(f8[:, ::1], f8[:, ::1], i8[:, ::1], f8[:, ::1], f8[:, ::1])"
)
def _fuse(
    points: FloatArray,
    covariances: FloatArray,
    taken: IntArray,
    means: FloatArray,
    information: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """J, h and cost of `fuse`, one person after another."""
    count, views = taken.shape
    J, h, cost = np.zeros((count, views, 3)), np.zeros((count, views, 2)), np.zeros(count)
    known, far = _known(points, covariances), np.empty(views)
    for n in range(count):
        prior_xx, prior_xy, prior_yy = information[n, 0], information[n, 1], information[n, 2]
        mean_x, mean_y = means[n, 0], means[n, 1]
        for v in range(views):
            far[v] = 0.0
        for turn in range(REWEIGHTINGS):
            xx, xy, yy = prior_xx, prior_xy, prior_yy
            hx, hy = xx * mean_x + xy * mean_y, xy * mean_x + yy * mean_y
            for v in range(views):
                m = taken[n, v]
                if m >= 0:
                    weight = 1 / max(far[v] / HUBER, 1.0)
                    xx, xy = xx + weight * known[m, 0], xy + weight * known[m, 1]
                    yy += weight * known[m, 2]
                    hx, hy = hx + weight * known[m, 3], hy + weight * known[m, 4]
            determinant = xx * yy - xy * xy
            x, y = (yy * hx - xy * hy) / determinant, (xx * hy - xy * hx) / determinant
            farthest = 0.0
            for v in range(views):
                m = taken[n, v]
                if m >= 0:
                    square = _square(known[m], points[m, 0] - x, points[m, 1] - y)
                    far[v] = math.sqrt(square)
                    farthest = max(farthest, far[v])
            if turn == 0 and farthest <= HUBER:
                break  # nothing loses weight, now or later
        gain = math.log(determinant / (prior_xx * prior_yy - prior_xy * prior_xy))
        cost[n] = 0.5 * (_square(information[n], x - mean_x, y - mean_y) + gain)
        for v in range(views):
            m = taken[n, v]
            if m >= 0:
                near = min(far[v], HUBER)
                cost[n] += near * (far[v] - near / 2)
                weight = 1 / max(far[v] / HUBER, 1.0)
                for k in range(3):
                    J[n, v, k] = weight * known[m, k]
                h[n, v, 0], h[n, v, 1] = weight * known[m, 3], weight * known[m, 4]
    return J, h, cost


@kernel("f8[:, ::1](f8[:, ::1], f8[:, ::1])")
def _known(points: FloatArray, covariances: FloatArray) -> FloatArray:
    """(M, 5) J and h of each observation."""
    known = np.empty((len(points), 5))
    for m in range(len(points)):
        xx, xy, yy = covariances[m, 0], covariances[m, 1], covariances[m, 2]
        x, y, determinant = points[m, 0], points[m, 1], xx * yy - xy * xy
        xx, xy, yy = yy / determinant, -xy / determinant, xx / determinant
        known[m, 0], known[m, 1], known[m, 2] = xx, xy, yy
        known[m, 3], known[m, 4] = xx * x + xy * y, xy * x + yy * y
    return known


@kernel("f8(f8[::1], f8, f8)")
def _square(packed: FloatArray, x: float, y: float) -> float:
    """A vector times a matrix, the first three numbers of `packed`, times the vector."""
    return (packed[0] * x + 2 * packed[1] * y) * x + packed[2] * y * y


@kernel(
    "Tuple((f8[:, ::1], f8[:, ::1]))(f8[:, ::1], f8[:, ::1], i8[::1], f8[:, :, ::1],"
    "f8[:, :, ::1], f8[:, ::1], f8[:, ::1])"
)
def _densities_by_others(
    points: FloatArray,
    covariances: FloatArray,
    view_of: IntArray,
    J: FloatArray,
    h: FloatArray,
    means: FloatArray,
    information: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Of `densities_by_others`, one person and view after another."""
    shape = len(means), len(points)
    densities, squares = np.empty(shape), np.empty(shape)
    for n in range(len(means)):
        for v in range(J.shape[1]):
            xx, xy, yy = information[n, 0], information[n, 1], information[n, 2]
            hx = xx * means[n, 0] + xy * means[n, 1]
            hy = xy * means[n, 0] + yy * means[n, 1]
            for other in range(J.shape[1]):
                if other != v:
                    xx, xy = xx + J[n, other, 0], xy + J[n, other, 1]
                    yy += J[n, other, 2]
                    hx, hy = hx + h[n, other, 0], hy + h[n, other, 1]
            determinant = xx * yy - xy * xy
            xx, xy, yy = yy / determinant, -xy / determinant, xx / determinant
            x, y = xx * hx + xy * hy, xy * hx + yy * hy
            for m in range(len(points)):
                if view_of[m] != v:
                    continue
                left, up = points[m, 0] - x, points[m, 1] - y
                a, b, c = covariances[m, 0] + xx, covariances[m, 1] + xy, covariances[m, 2] + yy
                determinant = a * c - b * b
                square = ((c * left - 2 * b * up) * left + a * up * up) / determinant
                densities[n, m] = -0.5 * (square + math.log(determinant)) - LOG_2_PI
                squares[n, m] = square
    return densities, squares
