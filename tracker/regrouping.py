"""Who was who, asked once all is known: tracklets grouped by all the evidence between them.

Online, an entry is decided after a few pictures and for good. Afterwards every pair of tracklets
is compared by all its pictures, and by where one ended and the other began; average linkage on
log odds joins them, but never two that were seen at once where one person can't be. Where several
cameras hand a person over, the old track may go on for a moment beside the new one.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from pydantic import Field

from configs import Settings
from reid.appearances import Appearances
from tracker.clustering import cluster_pairs
from tracker.tracklets import Tracklet
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["Evidence", "RegroupingSettings", "regroup"]

IMPOSSIBLE = 4.0  # standard deviations of a step; after a mix-up it began where the other one was
BLOCK = 1000  # tracklets that are compared with as many others at once


class RegroupingSettings(Settings):
    """How identities are thought over after the run."""

    capacity: int = Field(default=20_000, ge=2)
    """Tracklets that are remembered; of older ones the identity is final. Time and memory at the
    end of a run grow with the square of it: 20,000 take some 40 seconds of one core, and 1.4 GB."""
    loyalty: float = Field(default=1.0, ge=0)
    """Log odds that two tracklets of one online identity are one person, before they are compared
    anew; 1 is a probability of 0.73. Where looks tell nothing, it stays as it was."""
    least_overlap: float = Field(default=1.0, ge=0)
    """Seconds from the beginning of a track to the end of an older one from which on they are of
    two people, on one ground or on cameras that show no place in common. At a hand-over a person
    may have two tracks for less than that. On one camera's frame nobody is twice."""
    speed: float = Field(default=1.5, gt=0)
    """Metres a second: how fast a person out of sight gets away."""
    reach: float = Field(default=0.5, gt=0)
    """Metres: standard deviation between the end of a track and the beginning of the next one of
    the same person without any time between them."""
    fastest: float = Field(default=6.0, gt=0)
    """Metres a second that nobody exceeds."""
    forgetting: float = Field(default=3.0, gt=0)
    """Seconds after which the place where somebody was last seen tells little."""


def regroup(evidence: "Evidence") -> IntArray:
    """(N,) the group of each tracklet, numbered from 0 by its first member: groups are joined
    while they are likelier one person than two."""
    count = len(evidence)
    against = np.empty(count * (count - 1) // 2, np.float32)
    for rows, others in itertools.combinations_with_replacement(_parts(np.arange(count)), 2):
        odds = evidence.log_odds(rows, others)
        for row, line in zip(rows.tolist(), odds, strict=True):
            after = max(row + 1 - int(others[0]), 0)
            start = row * (2 * count - row - 1) // 2 - row - 1
            against[start + others[0] + after : start + others[0] + len(line)] = -line[after:]
    return cluster_pairs(against, count, 0.0)


class Evidence:
    """What speaks for and against two of N tracklets being one person's.

    Told of some rows (R,) and others (C,) at a time, as there may be no room for a table of all.
    """

    def __init__(
        self,
        tracklets: Sequence[Tracklet],
        appearances: Appearances,
        settings: RegroupingSettings,
        *,
        overlap: bool,
    ) -> None:
        """overlap: whether cameras without calibration may show one place."""
        self._settings, self._overlap = settings, overlap
        self._likeness = appearances.model()
        self._looks = _looks(tracklets, appearances)
        self._groups = np.unique([t.group for t in tracklets], return_inverse=True)[1]
        self._identities = np.array([t.identity for t in tracklets], np.int64)
        self._people = len(np.unique(self._identities))
        self._since = np.array([t.since for t in tracklets])
        self._until = np.array([t.until for t in tracklets])
        self._first = np.array([t.first for t in tracklets]).reshape(-1, 2)
        self._last = np.array([t.last for t in tracklets]).reshape(-1, 2)
        self._frames = _frame_spans(tracklets)
        self._floor = _extent(np.concatenate([self._first, self._last]))

    def __len__(self) -> int:
        return len(self._looks)

    def log_odds(self, rows: IntArray, others: IntArray) -> FloatArray:
        """(R, C) log odds that two tracklets are one person; -inf where they can't be.

        Before any evidence, two tracklets of a scene of P people are one person's with probability
        1 / P; P is what was found online. Two that were joined online are so by `loyalty`.
        """
        return self._log_odds(rows, others, self._distances(rows, others))

    def mean(self, rows: IntArray, others: IntArray) -> tuple[float, float]:
        """Over all pairs: the log odds, and 1 - cosine of the looks that are known, else NaN."""
        odds, distance, known = 0.0, 0.0, 0
        for some, met in itertools.product(_parts(rows), _parts(others)):
            distances = self._distances(some, met)
            odds += float(self._log_odds(some, met, distances).sum())
            distance += float(np.nansum(distances))
            known += int(np.isfinite(distances).sum())
        return odds / (len(rows) * len(others)), distance / known if known else float("nan")

    def _distances(self, rows: IntArray, others: IntArray) -> FloatArray:
        """(R, C) 1 - cosine of the looks, centred by camera; NaN where one has no picture."""
        return 1 - self._looks[rows] @ self._looks[others].T

    def _log_odds(self, rows: IntArray, others: IntArray, distances: FloatArray) -> FloatArray:
        looks = self._likeness.log_ratio(distances)
        joined = self._identities[rows, None] == self._identities[others]
        odds = np.where(joined, self._settings.loyalty, -np.log(max(self._people - 1, 1)))
        odds += np.where(np.isnan(looks), 0.0, looks)
        gaps, steps = self._between(rows, others)
        odds += self._continuity(gaps, steps)
        odds[self._forbidden(rows, others, gaps, steps)] = -np.inf
        return odds

    def _forbidden(
        self, rows: IntArray, others: IntArray, gaps: FloatArray, steps: FloatArray
    ) -> BoolArray:
        """(R, C) pairs that can't be one person: on one ground, or without `overlap` on any two
        cameras, at once for longer than a hand-over takes; on one camera's frames at once; too far
        apart for the time between them."""
        settings = self._settings
        together = gaps <= -settings.least_overlap
        farthest = IMPOSSIBLE * settings.reach + settings.fastest * np.abs(gaps)
        cannot = ~together & (steps > farthest)
        alike = self._groups[rows, None] == self._groups[others]
        cannot |= together & (alike | (not self._overlap))
        brief = np.nonzero(alike & ~together & (gaps <= 0))
        cannot[brief] |= self._share_frames(rows[brief[0]], others[brief[1]])
        return cannot & (rows[:, None] != others)

    def _share_frames(self, tracklets: IntArray, others: IntArray) -> BoolArray:
        """(K,) whether some camera showed both of each pair at once."""
        (first, last), (begin, end) = self._frames[tracklets].T, self._frames[others].T
        return ((first <= end) & (begin <= last)).any(axis=0)

    def _continuity(self, gaps: FloatArray, steps: FloatArray) -> FloatArray:
        """(R, C) nats by which beginning near where the other one just ended speaks for one person.

        A person's step is normal, anybody's uniform over the floor that the tracklets span. How
        much of that is believed falls with the time between them.
        """
        settings = self._settings
        nats = np.zeros(gaps.shape)
        known = (gaps > -settings.least_overlap) & np.isfinite(steps)
        gaps, steps = np.abs(gaps[known]), steps[known]
        variance = settings.reach**2 + (settings.speed * gaps) ** 2
        ratio = self._floor * np.exp(-(steps**2) / (2 * variance)) / (2 * np.pi * variance)
        belief = 0.95 * np.exp(-gaps / settings.forgetting)
        nats[known] = np.log(1 - belief + belief * ratio)
        return nats

    def _between(self, rows: IntArray, others: IntArray) -> tuple[FloatArray, FloatArray]:
        """(R, C) twice: seconds from the end of the one that ended first to the beginning of the
        other one, not positive where they were there at once; and metres, NaN where a place is
        unknown."""
        gaps = self._since[others] - self._until[rows, None]
        back = self._since[rows, None] - self._until[others]
        squares = np.where(
            gaps >= back,
            _squares(self._last[rows], self._first[others]),
            _squares(self._first[rows], self._last[others]),
        )
        return np.maximum(gaps, back), np.sqrt(squares)


def _parts(rows: IntArray) -> list[IntArray]:
    """The rows, not too many at a time."""
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]


def _looks(tracklets: Sequence[Tracklet], appearances: Appearances) -> FloatArray:
    """(N, D) unit rows, NaN where there is no picture."""
    pictured = [k for k, t in enumerate(tracklets) if t.look is not None]
    if not pictured:
        return np.full((len(tracklets), 1), np.nan)
    known = appearances.centred([t.look for t in tracklets if t.look is not None])
    rows = np.full((len(tracklets), known.shape[1]), np.nan)
    rows[pictured] = known
    return rows


def _frame_spans(tracklets: Sequence[Tracklet]) -> IntArray:
    """(N, C, 2) the first and last frame of each camera that shows each; where none does, the first
    is after the last."""
    cameras = sorted({camera for t in tracklets for camera in t.frames})
    nowhere = np.iinfo(np.int64).max, -1
    spans = [[t.frames.get(camera, nowhere) for camera in cameras] for t in tracklets]
    return np.array(spans, np.int64).reshape(len(tracklets), len(cameras), 2)


def _extent(places: FloatArray) -> float:
    """m^2 of the upright rectangle around places (N, 2), at least 1; NaNs aren't looked at."""
    known = places[np.isfinite(places).all(axis=1)]
    return max(float(np.prod(np.ptp(known, axis=0))), 1.0) if len(known) else 1.0


def _squares(places: FloatArray, others: FloatArray) -> FloatArray:
    """(R, C) squared distances between places (R, 2) and (C, 2)."""
    x, y = (np.subtract.outer(places[:, axis], others[:, axis]) for axis in (0, 1))
    x *= x
    y *= y
    return x + y
