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
    start, side = area, np.roll(area, -1, axis=0) - area
    offset = points[:, None] - start
    along = (offset * side).sum(axis=2) / np.maximum((side**2).sum(axis=1), 1e-12)
    nearest = start + np.clip(along, 0, 1)[..., None] * side
    distance = np.linalg.norm(points[:, None] - nearest, axis=2).min(axis=1, initial=np.inf)
    end = start + side
    spans = (start[:, 1] > points[:, None, 1]) != (end[:, 1] > points[:, None, 1])
    slope = np.divide(side[:, 0], side[:, 1], out=np.zeros(len(area)), where=side[:, 1] != 0)
    crossing = start[:, 0] + slope * (points[:, None, 1] - start[:, 1])
    inside = (spans & (points[:, None, 0] < crossing)).sum(axis=1) % 2 == 1
    return np.where(inside, -distance, distance)
