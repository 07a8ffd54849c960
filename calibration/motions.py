"""Rigid motions of one ground over another, proposed and judged by people's ways.

Nobody says who is who. Every two pieces of ways that could be one person's propose a motion
(Procrustes), everybody's pieces judge it (as RANSAC does, but with every proposal), and the best
are fitted to those who agree with them, again and again (as ICP does).
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from calibration.timing import GroundTracks
from calibration.ways import STEP, PairSums, Pieces, Ways, pair_sums

__all__ = [
    "JUDGING",
    "Judge",
    "Motion",
    "Motions",
    "metres_apart",
    "mutually_best",
    "pair_evidence",
    "stretches",
]

Floats = NDArray[np.floating]
Complexes = NDArray[np.complexfloating]
Ints = NDArray[np.integer]

PROPOSING = 32  # moments of the pieces that propose
JUDGING = 8  # moments of the pieces that judge: short, so that a strayed track spoils little
NOISE = 0.4  # metres by which one person's places differ between two inexact views
STANDING = 0.3  # metres: pieces that extend less propose nothing
PROPOSALS = 2000  # that are judged
LEAST_GAIN = 0.5  # nats of a moment where people stand so densely that places tell little
INDEPENDENT = 1.0  # seconds after which errors are new
MOST_STRETCHES = 150  # that judge
SETTLING = 5  # rounds of telling who is who and of fitting


@dataclass(frozen=True)
class Motion:
    """Places b become turn b + shift, metres as x + iy; times become later by `lag` steps."""

    turn: complex
    shift: complex
    lag: int


@dataclass(frozen=True)
class Motions:
    """N motions, each with its worth in nats."""

    turns: Complexes
    shifts: Complexes
    lags: Ints
    worth: Floats

    def __getitem__(self, rows: Ints) -> "Motions":
        return Motions(self.turns[rows], self.shifts[rows], self.lags[rows], self.worth[rows])

    @classmethod
    def of(cls, motion: Motion) -> "Motions":
        """One motion alone, worth nothing yet."""
        one = (motion.turn, motion.shift, motion.lag, 0.0)
        return cls(*(np.array([value]) for value in one))

    def one(self, row: int) -> Motion:
        """The motion of this row."""
        return Motion(complex(self.turns[row]), complex(self.shifts[row]), int(self.lags[row]))


class Judge:
    """What everybody's ways say of motions that lay a second camera's ground over a first's."""

    def __init__(self, first: GroundTracks, second: GroundTracks, reach: int) -> None:
        """Both must have tracks. reach: the largest lag asked about, in steps."""
        start, self._count = stretches(first, JUDGING)
        self._reach = reach
        moments = self._count * JUDGING + PROPOSING  # the last long stretch may be longer
        self._first = Ways.of_tracks(first, start, moments)
        self._second = Ways.of_tracks(second, start - reach * STEP, moments + 2 * reach)
        most = min(self._count, MOST_STRETCHES)
        self._chosen = np.unique(np.linspace(0, self._count - 1, most).astype(int))
        self._gain = max(-float(np.log(2 * np.pi * NOISE**2 * _density(first))), LEAST_GAIN)
        self._sums = lru_cache(maxsize=8)(self._sums_at)

    def proposals(self) -> Motions:
        """The best motions that two pieces of ways propose, at every lag; best first."""
        count = -(-self._count * JUDGING // PROPOSING)
        mine = self._first.pieces(0, count, PROPOSING)
        found = []
        for lag in range(-self._reach, self._reach + 1):
            theirs = self._second.pieces(self._reach - lag, count, PROPOSING)
            turns, shifts, worth = _propose(pair_sums(mine, theirs))
            found.append((turns, shifts, np.full(len(turns), lag), worth))
        everything = Motions(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
        return everything[np.argsort(-everything.worth, kind="stable")[:PROPOSALS]]

    def worth(self, motions: Motions) -> Floats:
        """(N,) nats that speak for each motion."""
        worth = np.zeros(len(motions.lags))
        for lag in np.unique(motions.lags):
            for row in np.flatnonzero(motions.lags == lag).tolist():
                worth[row] = self.by_stretch(motions.one(row)).sum()
        return worth

    def by_stretch(self, motion: Motion) -> Floats:
        """(W,) nats that each stretch of time (`JUDGING` moments) speaks for a motion."""
        evidence = self._of_pairs(motion)
        return np.where(mutually_best(evidence), evidence, 0.0).sum(axis=(1, 2))

    def settled(self, motion: Motion) -> Motion:
        """The motion near this one that fits best those whom it takes for one person."""
        sums = self._sums(motion.lag)
        for _ in range(SETTLING):
            same = mutually_best(self._of_pairs(motion))
            many = sums.count[same].sum()
            if not many:
                break
            a, b = sums.a[same].sum(), sums.b[same].sum()
            cross = sums.ab[same].sum() - a * b.conj() / many
            turn = complex(cross / max(abs(cross), 1e-12))
            motion = Motion(turn, complex((a - turn * b) / many), motion.lag)
        return motion

    def _of_pairs(self, motion: Motion) -> Floats:
        return pair_evidence(self._sums(motion.lag), motion.turn, motion.shift, NOISE, self._gain)

    @cached_property
    def _mine(self) -> Pieces:
        return self._first.pieces(0, self._count, JUDGING)[self._chosen]

    def _sums_at(self, lag: int) -> PairSums:
        theirs = self._second.pieces(self._reach - lag, self._count, JUDGING)[self._chosen]
        return pair_sums(self._mine, theirs)


def metres_apart(motions: Motions, other: Motion, second: GroundTracks) -> Floats:
    """(N,) how far, by the root of the mean square, another motion puts the second's people."""
    places = second.points @ np.array([1, 1j])
    middle = places.mean()
    moved = (motions.turns - other.turn) * middle + motions.shifts - other.shift
    return np.sqrt(np.abs(moved) ** 2 + np.abs(motions.turns - other.turn) ** 2 * places.var())


def pair_evidence(
    sums: PairSums, turn: complex, shift: complex, noise: float, gain: float
) -> Floats:
    """(W, P, Q) nats for two pieces being one person rather than two, under a motion.

    One person's places differ by Gaussian noise; gain: nats of a moment at which they don't differ.
    """
    squared = sums.squared_distance(turn, shift)
    nats = gain * sums.count - squared / (2 * noise**2)
    return np.where(sums.count >= JUDGING / 2, nats * STEP / INDEPENDENT, 0.0)


def mutually_best(evidence: Floats) -> NDArray[np.bool_]:
    """Pairs that both sides prefer, and that have evidence for them."""
    best_a, best_b = (evidence.max(axis=axis, keepdims=True, initial=0.0) for axis in (2, 1))
    return (evidence > 0) & (evidence >= best_a) & (evidence >= best_b)


def stretches(tracks: GroundTracks, moments: int) -> tuple[float, int]:
    """When the first stretch of time begins, and how many cover the tracks."""
    return float(tracks.times.min()), int(np.ptp(tracks.times) / (STEP * moments)) + 1


def _propose(sums: PairSums) -> tuple[Complexes, Complexes, Floats]:
    """Turns, shifts and merits: the rigid motions that lay one piece best over another.

    Without reflection: of complex numbers, the turn is the direction of sum a conj(b) (Procrustes).
    The merit is how much better the two pieces fit than their extents alone would let them.
    """
    many = np.maximum(sums.count, 1)
    cross = sums.ab - sums.a * sums.b.conj() / many
    spread_a = sums.aa - np.abs(sums.a) ** 2 / many
    spread_b = sums.bb - np.abs(sums.b) ** 2 / many
    turns = cross / np.maximum(np.abs(cross), 1e-12)
    shifts = (sums.a - turns * sums.b) / many
    rest = np.maximum((spread_a + spread_b) / 2 - np.abs(cross), 0)
    noise = many * NOISE**2
    merits = sums.count * np.log(((spread_a + spread_b) / 2 + noise) / (rest + noise))
    moving = np.minimum(spread_a, spread_b) > many * STANDING**2
    good = moving & (sums.count >= PROPOSING / 4)
    return turns[good], shifts[good], merits[good]


def _density(tracks: GroundTracks) -> float:
    """People a square metre: those of a moment on the ground that people's places cover.

    The area is that of the rectangle with the places' covariance.
    """
    at_once = len(tracks.times) / len(np.unique(tracks.times))
    covariance = np.cov(tracks.points.T, bias=True)
    spread = np.sqrt(max(float(np.linalg.det(covariance)), 0.0))
    return at_once / (12 * spread + 1.0)
