"""What it costs to ask who somebody is, with many people who left.

    python tools/benchmark_galleries.py [--people 10000] [--entries 5] [--dimensions 512 1024]

Everybody has a full gallery of random unit embeddings from four cameras. Printed is the time of
one tick's entries, until each has its identity, and of the comparison of their looks alone.
"""

import argparse
import itertools
import time
from collections.abc import Callable, Iterator

import numpy as np

from reid.appearances import look_of
from reid.gallery import unit_rows
from tracker.identities import IdentityRegistry, IdentitySettings
from tracker.types import Arrival, FloatArray

CAMERAS = ("north", "east", "south", "west")
IMAGES = 8


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=10_000, help="identities that left")
    parser.add_argument("--entries", type=int, default=5, help="arrivals of one tick")
    parser.add_argument("--dimensions", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--repeats", type=int, default=20, help="the median of so many counts")
    arguments = parser.parse_args()
    for dimension in arguments.dimensions:
        compare, ask = measure(arguments.people, arguments.entries, dimension, arguments.repeats)
        print(
            f"{arguments.people} people, {dimension} dimensions, {arguments.entries} entries: "
            f"{1000 * ask:.1f} ms a tick, of which comparing {1000 * compare:.1f} ms"
        )


def measure(people: int, entries: int, dimension: int, repeats: int) -> tuple[float, float]:
    """Seconds to compare the looks of one tick's entries, and to decide who they are."""
    registry = crowd(people, dimension)
    known = registry.appearances.galleries.people()
    cameras = np.zeros(4, np.int64)
    looks = [look_of(random_rows(4, dimension, n), cameras) for n in range(entries)]
    compare = median_time(lambda: registry.appearances.distances(looks, known), repeats)
    tracks = itertools.count(10**6)
    return compare, median_time(lambda: enter(registry, entries, dimension, tracks), repeats)


def crowd(people: int, dimension: int) -> IdentityRegistry:
    """A registry of people who all came and left, one a second, each with a full gallery."""
    settings = IdentitySettings.model_validate(
        {"return_probability": 1e-9, "appearance": {"gallery": {"max_age": 1e9}}}
    )
    registry = IdentityRegistry(settings)
    for n in range(people):
        camera = CAMERAS[n % len(CAMERAS)]
        registry.resolve([Arrival(camera, n, float(n), np.zeros((0, dimension)))])
        rows = random_rows(IMAGES, dimension, n)
        sources = [CAMERAS[(n + k) % len(CAMERAS)] for k in range(IMAGES)]
        registry.observe(camera, n, float(n), rows, np.ones(IMAGES), sources)
        registry.leave(camera, n, n + 0.5)
    return registry


def enter(registry: IdentityRegistry, entries: int, dimension: int, tracks: Iterator[int]) -> None:
    """So many people come at once, four pictures each, and leave again."""
    arrivals = [
        Arrival("north", next(tracks), 1e6 + n, random_rows(4, dimension, n))
        for n in range(entries)
    ]
    registry.resolve(arrivals)
    for arrival in arrivals:
        registry.leave(arrival.camera, arrival.track_id, arrival.time)


def random_rows(count: int, dimension: int, seed: int) -> FloatArray:
    """(count, dimension) unit rows."""
    return unit_rows(np.random.default_rng(seed).normal(size=(count, dimension)))


def median_time(task: Callable[[], object], repeats: int) -> float:
    """Seconds that a task takes, the median of several goes."""
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        task()
        seconds.append(time.perf_counter() - begin)
    return float(np.median(seconds))


if __name__ == "__main__":
    main()
