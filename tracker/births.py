"""Who are those whom nobody expected? Groups of detections, and lost people who may be them."""

from collections.abc import Collection

import numpy as np

from tracker.assignment import assign
from tracker.clustering import cluster
from tracker.floor import distance_outside, distance_to
from tracker.fusion import Observations, fuse, log_densities
from tracker.ground_settings import EntranceSettings
from tracker.types import FloatArray, IntArray

__all__ = ["entry_density", "group", "resume"]

NOWHERE = np.array([1e-6, 0.0, 1e-6])  # information of knowing nothing


def group(
    seen: Observations, free: IntArray, views: int, gate: float
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Group observations across cameras, at most one of each camera: K people.

    free: (F,) the observations that nobody took. gate: mean squared Mahalanobis distance up to
    which observations come together. Returns which one each person has in each view, (K, V) or
    -1; the positions (K, 2) and covariances (K, 3).
    """
    if len(free) == 0:
        return np.zeros((0, views), np.int64), np.zeros((0, 2)), np.zeros((0, 3))
    points, covariances, of_view = seen.points[free], seen.covariances[free], seen.views[free]
    _, squared = log_densities(points, covariances, points, covariances)
    labels = cluster(squared, gate, of_view[:, None] == of_view)
    count = int(labels.max()) + 1
    taken = np.full((count, views), -1)
    taken[labels, of_view] = free
    start = np.array([points[labels == k].mean(axis=0) for k in range(count)])
    return taken, *fuse(seen, taken, start, np.tile(NOWHERE, (count, 1))).places()


def resume(
    places: FloatArray,
    spreads: FloatArray,
    means: FloatArray,
    expected: FloatArray,
    new: FloatArray,
) -> tuple[IntArray, IntArray]:
    """Which of K newcomers are which of L lost people: paired rows of both, one-to-one.

    places (K, 2), spreads (K, 3): where the newcomers are. means (L, 2), expected (L, 3): where
    the lost ones are by now. new: (K,) density of people who really are new.
    """
    density, _ = log_densities(means, expected, places, spreads)
    return assign(np.log(new)[:, None] - density, 0.0)


def entry_density(
    places: FloatArray,
    border: FloatArray | None,
    doors: Collection[FloatArray],
    settings: EntranceSettings,
) -> FloatArray:
    """(K,) how many new people are expected per m^2 at places (K, 2).

    Many near a door, near a border (K, 2) that people may enter over, or outside it.
    """
    near = np.zeros(len(places), bool)
    if border is not None:
        near |= distance_outside(border, places) >= -settings.reach
    for door in doors:
        near |= distance_to(door, places) <= settings.reach
    return np.where(near, settings.door_density, settings.inner_density)
