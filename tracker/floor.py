"""The floor: where people are followed, and where they come and go."""

import numpy as np

from tracker.types import FloatArray

__all__ = ["distance_outside", "distance_to"]


def distance_to(door: FloatArray, points: FloatArray) -> FloatArray:
    """(N,) metres from points (N, 2) to a point (1, 2), a line (2, 2) or a polygon (K, 2).

    0 inside a polygon.
    """
    return np.maximum(distance_outside(door, points), 0.0)


def distance_outside(area: FloatArray, points: FloatArray) -> FloatArray:
    """(N,) metres from points (N, 2) to a polygon (K, 2), negative for those inside."""
    side = np.concatenate([area[1:], area[:1]]) - area
    x, y = side[:, 0], side[:, 1]
    right = points[:, None, 0] - area[:, 0]
    up = points[:, None, 1] - area[:, 1]
    along = (right * x + up * y) / np.maximum(x * x + y * y, 1e-12)
    along = np.minimum(np.maximum(along, 0.0), 1.0)
    squared = (right - along * x) ** 2 + (up - along * y) ** 2
    distance = np.sqrt(squared.min(axis=1, initial=np.inf))
    spans = (up < 0) != (up < y)
    slope = np.divide(x, y, out=np.zeros(len(area)), where=y != 0)
    inside = np.logical_xor.reduce(spans & (right < slope * up), axis=1)
    return np.where(inside, -distance, distance)
