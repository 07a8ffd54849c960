"""The floor: where people are followed, and where they come and go."""

import math

import numpy as np

from configs.compiling import kernel
from tracker.types import FloatArray

__all__ = ["distance_outside", "distance_to"]


def distance_to(door: FloatArray, points: FloatArray) -> FloatArray:
    """(N,) metres from points (N, 2) to a point (1, 2), a line (2, 2) or a polygon (K, 2).

    0 inside a polygon.
    """
    return np.maximum(distance_outside(door, points), 0.0)


def distance_outside(area: FloatArray, points: FloatArray) -> FloatArray:
    """(N,) metres from points (N, 2) to a polygon (K, 2), negative for those inside."""
    area, points = (np.ascontiguousarray(a, np.float64) for a in (area, points))
    return _distance_outside(area, points)


@kernel("f8[::1](f8[:, ::1], f8[:, ::1])")
def _distance_outside(area: FloatArray, points: FloatArray) -> FloatArray:
    """The same, one point and side after another."""
    distances = np.empty(len(points))
    for n in range(len(points)):
        nearest, is_inside = np.inf, False
        for corner in range(len(area)):
            following = (corner + 1) % len(area)
            x, y = area[following, 0] - area[corner, 0], area[following, 1] - area[corner, 1]
            right, up = points[n, 0] - area[corner, 0], points[n, 1] - area[corner, 1]
            along = (right * x + up * y) / max(x * x + y * y, 1e-12)
            along = min(max(along, 0.0), 1.0)
            nearest = min(nearest, (right - along * x) ** 2 + (up - along * y) ** 2)
            if (up < 0) != (up < y) and right < x / y * up:
                is_inside = not is_inside
        distance = math.sqrt(nearest)
        distances[n] = -distance if is_inside else distance
    return distances
