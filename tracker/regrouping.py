"""Who was who, asked once all is known: tracklets grouped by all the evidence between them.

Online, an entry is decided after a few pictures and for good. Afterwards every pair of tracklets
is compared by all its pictures, and by where one ended and the other began; average linkage on
log odds joins them, but never two that were seen at once where one person can't be.
"""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from configs import Settings
from reid.appearances import Appearances
from tracker.clustering import cluster
from tracker.tracklets import Tracklet
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["RegroupingSettings", "apart", "forbidden", "pair_log_odds", "regroup"]


class RegroupingSettings(Settings):
    """How identities are thought over after the run."""

    capacity: int = Field(default=2000, ge=2)
    """Tracklets that are remembered; of older ones the identity is final. Time grows with the
    cube of it, memory with the square."""
    loyalty: float = Field(default=1.0, ge=0)
    """Log odds that two tracklets of one online identity are one person, before they are compared
    anew; 1 is a probability of 0.73. Where looks tell nothing, it stays as it was."""
    speed: float = Field(default=1.5, gt=0)
    """Metres a second: how fast a person out of sight gets away."""
    reach: float = Field(default=0.5, gt=0)
    """Metres: standard deviation between the end of a track and the beginning of the next one of
    the same person without any time between them."""
    fastest: float = Field(default=6.0, gt=0)
    """Metres a second that nobody exceeds."""
    forgetting: float = Field(default=3.0, gt=0)
    """Seconds after which the place where somebody was last seen tells little."""


def regroup(odds: FloatArray, cannot: BoolArray) -> IntArray:
    """(N,) the group of each tracklet, numbered from 0 by its first member: groups are joined
    while they are likelier one person than two. odds, cannot: (N, N)."""
    return cluster(-odds, 0.0, cannot)


def forbidden(
    tracklets: Sequence[Tracklet], settings: RegroupingSettings, *, overlap: bool
) -> BoolArray:
    """(N, N) pairs that can't be one person: on one camera, or on one ground, at once; with no
    `overlap` on any two cameras at once; too far apart for the time between them."""
    since, until = _times(tracklets)
    groups = np.unique([t.group for t in tracklets], return_inverse=True)[1]
    at_once = (since[:, None] <= until) & (since <= until[:, None])
    cannot = at_once & ((groups[:, None] == groups) | (not overlap))
    gaps, steps = _between(tracklets)
    cannot |= ~at_once & (steps > 2 * settings.reach + settings.fastest * gaps)
    np.fill_diagonal(cannot, False)
    return cannot


def apart(tracklets: Sequence[Tracklet], appearances: Appearances) -> FloatArray:
    """(N, N) 1 - cosine of the looks, centred by camera; NaN where one has no picture."""
    distances = np.full((len(tracklets), len(tracklets)), np.nan)
    rows = np.array([i for i, t in enumerate(tracklets) if t.look is not None], np.int64)
    looks = [t.look for t in tracklets if t.look is not None]
    distances[np.ix_(rows, rows)] = appearances.mutual_distances(looks)
    return distances


def pair_log_odds(
    tracklets: Sequence[Tracklet],
    distances: FloatArray,
    appearances: Appearances,
    settings: RegroupingSettings,
) -> FloatArray:
    """(N, N) log odds that two tracklets are one person.

    Before any evidence, two tracklets of a scene of P people are one person's with probability
    1 / P; P is what was found online. Two that were joined online are so by `loyalty`.
    """
    identities = np.array([t.identity for t in tracklets], np.int64)
    people = len(np.unique(identities))
    looks = appearances.model().log_ratio(distances)
    joined = identities[:, None] == identities
    prior = np.where(joined, settings.loyalty, -np.log(max(people - 1, 1)))
    return prior + np.where(np.isnan(looks), 0.0, looks) + _continuity(tracklets, settings)


def _continuity(tracklets: Sequence[Tracklet], settings: RegroupingSettings) -> FloatArray:
    """(N, N) nats by which beginning near where the other one just ended speaks for one person.

    A person's step is normal, anybody's uniform over the floor that the tracklets span. How much
    of that is believed falls with the time between them.
    """
    gaps, steps = _between(tracklets)
    known = np.isfinite(steps)
    if not known.any():
        return np.zeros_like(steps)
    ends = np.array([(t.first, t.last) for t in tracklets]).reshape(-1, 2)
    floor = max(float(np.prod(np.nanmax(ends, axis=0) - np.nanmin(ends, axis=0))), 1.0)
    variance = settings.reach**2 + (settings.speed * np.where(known, gaps, 0.0)) ** 2
    steps = np.where(known, steps, 0.0)
    ratio = floor * np.exp(-(steps**2) / (2 * variance)) / (2 * np.pi * variance)
    belief = 0.95 * np.exp(-np.where(known, gaps, np.inf) / settings.forgetting)
    return np.log(1 - belief + belief * ratio)


def _between(tracklets: Sequence[Tracklet]) -> tuple[FloatArray, FloatArray]:
    """(N, N) twice: seconds from the end of the earlier to the beginning of the later one, and
    metres; NaN where they were there at once, metres also where a place is unknown."""
    since, until = _times(tracklets)
    first = np.array([t.first for t in tracklets]).reshape(-1, 2)
    last = np.array([t.last for t in tracklets]).reshape(-1, 2)
    gaps = since[None] - until[:, None]
    steps = np.linalg.norm(first[None] - last[:, None], axis=2)
    gaps, steps = np.where(gaps > 0, gaps, np.nan), np.where(gaps > 0, steps, np.nan)
    return np.where(np.isnan(gaps), gaps.T, gaps), np.where(np.isnan(gaps), steps.T, steps)


def _times(tracklets: Sequence[Tracklet]) -> tuple[FloatArray, FloatArray]:
    return np.array([t.since for t in tracklets]), np.array([t.until for t in tracklets])
