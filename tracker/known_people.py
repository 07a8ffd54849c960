"""What the registry knows of each person beside the looks, and whom an arrival may be by it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tracker.questions import Review
from tracker.types import Arrival, BoolArray

__all__ = ["KnownPerson", "allowed"]


@dataclass
class KnownPerson:
    """One identity. Times in seconds; tracks by camera and number."""

    number: int
    first_time: float
    last_time: float
    cameras: dict[str, None] = field(default_factory=dict)  # an ordered set
    tracks: dict[tuple[str, int], float] = field(default_factory=dict)  # followed now, and since
    left: dict[str, float] = field(default_factory=dict)  # when each camera saw the person last
    reentries: int = 0


def allowed(
    people: Sequence[KnownPerson],
    arrivals: Sequence[Arrival],
    reviews: Sequence[Review],
    *,
    overlap: bool,
) -> tuple[BoolArray, BoolArray]:
    """(N, P) twice: which of P people may have come back, and who of those that are followed may
    be seen by two cameras at once.

    Nobody is two tracks of one camera at once. Whom a track under review shows so far counts with
    those who may have come back, but not for what began before the track may have changed.
    """
    doubted = {review.key: review.now.time for review in reviews}
    returning = np.zeros((len(arrivals), len(people)), bool)
    elsewhere = np.zeros_like(returning)
    times = np.array([arrival.time for arrival in arrivals])
    for camera in {arrival.camera for arrival in arrivals}:
        rows = np.flatnonzero([arrival.camera == camera for arrival in arrivals])
        for column, person in enumerate(people):
            here = [key for key in person.tracks if key[0] == camera]
            if len(here) < len(person.tracks) and not overlap:
                continue
            left = person.left.get(camera, -np.inf)
            since = max((doubted.get(key, np.inf) for key in here), default=-np.inf)
            chosen = elsewhere if person.tracks and not here else returning
            chosen[rows, column] = (times[rows] > left) & (times[rows] >= since)
    return returning, elsewhere
