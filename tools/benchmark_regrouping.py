"""What it costs to think over who was who after a run of many tracklets.

python tools/benchmark_regrouping.py [--tracklets 2000 20000] [--dimension 512]

Tracklets are made up: everybody comes fifty times, to one of four cameras or to the ground that
others see together; looks are noisy, and online every third visit got an identity of its own.
"""

import resource
import time
from dataclasses import dataclass

import numpy as np
import tyro

from reid.appearances import Appearances, AppearanceSettings
from reid.gallery import unit_rows
from reid.likeness import CosinePrior
from tracker.identity_records import IdentitySummary
from tracker.regrouping import RegroupingSettings
from tracker.revision import revise
from tracker.tracklets import TrackletBook
from tracker.types import FloatArray

VISITS = 50  # of each person
GROUPS = ("ground", "north", "east", "south", "west")
NOISE = 0.7  # length of what differs from visit to visit, beside a person's looks of length 1


@dataclass(frozen=True)
class Cost:
    """Of one offline pass: identities before and after it, seconds of all processors and of the
    clock, and gigabytes that the process had at most so far, tracklets and all."""

    before: int
    after: int
    processor: float
    wall: float
    memory: float


def main(tracklets: tuple[int, ...] = (2000, 5000, 10_000, 20_000), dimension: int = 512) -> None:
    """Measure and print.

    Args:
        tracklets: Numbers of them, measured in rising order as memory is the most so far.
        dimension: Of the embeddings.
    """
    measure(VISITS, dimension)  # so that everything is compiled and loaded
    print("tracklets  people  identities: online  offline  processor s  wall s  memory GB")
    for count in sorted(tracklets):
        cost = measure(count, dimension)
        print(
            f"{count:9d}{-(-count // VISITS):8d}{cost.before:20d}{cost.after:9d}"
            f"{cost.processor:13.2f}{cost.wall:8.2f}{cost.memory:11.2f}"
        )


def measure(count: int, dimension: int) -> Cost:
    """Make up so many tracklets and think them over."""
    book, online = visits(count, dimension)
    spread = 1 / np.sqrt(dimension)
    prior = CosinePrior(
        same_mean=1 / (1 + NOISE**2), same_std=spread, different_mean=0.0, different_std=spread
    )
    appearances = Appearances(AppearanceSettings(), prior)
    processor, wall = time.process_time(), time.perf_counter()
    revision = revise(book, online, appearances, RegroupingSettings(), overlap=True)
    return Cost(
        len(online),
        len(revision.identities),
        time.process_time() - processor,
        time.perf_counter() - wall,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,  # KiB on Linux
    )


def visits(count: int, dimension: int) -> tuple[TrackletBook, list[IdentitySummary]]:
    """Everybody comes every half minute, for ten seconds."""
    random = np.random.default_rng(0)
    people = -(-count // VISITS)
    looks = random.normal(size=(people, dimension)) / np.sqrt(dimension)
    book = TrackletBook(count)
    online: dict[int, IdentitySummary] = {}
    for visit in range(count):
        person, group = visit % people, int(random.integers(len(GROUPS)))
        identity = person + 1 if visit < people or random.random() > 1 / 3 else visit + people
        key, since = (GROUPS[group], visit), 30.0 * visit / people
        for time_, place in ((since, _place(group, random)), (since + 10, _place(group, random))):
            book.see(key, identity, GROUPS[group], int(10 * time_), time_, place)
        noise = random.normal(size=dimension) * NOISE / np.sqrt(dimension)
        book.look(key, unit_rows((looks[person] + noise)[None]), np.array([group]))
        first = online[identity].first_time if identity in online else since
        online[identity] = IdentitySummary(identity, first, since + 10, (GROUPS[group],), 0, False)
    return book, [online[identity] for identity in sorted(online)]


def _place(group: int, random: np.random.Generator) -> FloatArray:
    """(2,) metres, on the ground; NaN on a camera without calibration."""
    return random.uniform(0, 20, 2) if group == 0 else np.full(2, np.nan)


if __name__ == "__main__":
    tyro.cli(main)
