"""The question who some arrivals are, with the evidence, and its answer in numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tracker.identity_records import Candidate
from tracker.odds import posteriors
from tracker.types import Arrival, BoolArray, FloatArray, IntArray

__all__ = ["Question", "Review", "is_double", "is_lost", "likeliest", "own_margin"]


@dataclass(frozen=True)
class Review:
    """A track that may have changed its person.

    track: its number. now: what it is from then on if it has: a track of its own, with another
    number, that arrived when the change was possible first. Its pictures are of later times.
    """

    track: int
    now: Arrival

    @property
    def key(self) -> tuple[str, int]:
        """Camera and number."""
        return self.now.camera, self.track


@dataclass(frozen=True)
class Question:
    """N arrivals and the P people who may be they. All arrays (N, P)."""

    people: IntArray  # (P,)
    active: BoolArray  # (P,) seen by some camera
    distances: FloatArray
    prior: FloatArray  # log odds before looks, -inf where a rule forbids the pair
    log_odds: FloatArray  # with looks
    unhurried: FloatArray  # with looks, but without travel times
    own: IntArray  # (N,) the column of the person whom a track under review shows so far, else -1


def likeliest(question: Question, row: int, most: int) -> tuple[tuple[Candidate, ...], float]:
    """At most so many candidates of one arrival, likeliest first, and the first one's log odds
    before looks were compared; NaN without any."""
    odds = question.log_odds[row]
    likely = np.flatnonzero(np.isfinite(odds))
    if len(likely) > most:
        likely = likely[np.argpartition(-odds[likely], most)[: most + 1]]
    order = likely[np.argsort(-odds[likely], kind="stable")][:most]
    if len(order) == 0:
        return (), float("nan")
    probabilities = posteriors(question.log_odds[row : row + 1])[0]
    candidates = tuple(
        Candidate(
            int(question.people[i]),
            float(question.distances[row, i]),
            float(probabilities[i]),
            bool(question.active[i]),
        )
        for i in order
    )
    return candidates, float(question.prior[row, order[0]])


def own_margin(question: Question, row: int) -> float:
    """Nats by which a track under review looks more like its person than like anybody else whom it
    may show; infinite without another one."""
    own = int(question.own[row])
    if own < 0:  # there are no pictures of its person
        return float("inf")
    others = np.isfinite(question.log_odds[row])
    others[own] = False
    looks = question.log_odds[row, others] - question.prior[row, others]
    ours = question.log_odds[row, own] - question.prior[row, own]
    return float(ours - looks.max(initial=-np.inf))


def is_double(arrival: Arrival, row: int, question: Question, chosen: Mapping[int, int]) -> bool:
    """Whether an arrival that was given nobody (chosen: columns by row) is rather a second track
    of somebody who is followed: it began where nobody comes in and looks like that one."""
    alike = (question.log_odds[row, question.active] > 0).any()
    return arrival.inside and row not in chosen and bool(alike)


def is_lost(changed: Arrival) -> bool:
    """Whether a track that doesn't show its person any more is nobody: it has no pictures, so it is
    another track that the person was found in."""
    return not len(changed.embeddings)
