"""Two cameras' grounds laid over one another by the people who walk on both.

Nobody says who is who. Each view's ground is known but for where it lies: by which rigid motion,
and by how many seconds, do its people walk where and when the other camera's people do? Every two
pieces of ways that could be one person's propose an answer (Procrustes), and everybody's pieces
judge it (as RANSAC does, but with every proposal). What chance alone would find is learned from
people who can't fit: the same ones mirrored, and backwards in time.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.timing import GroundTracks
from calibration.ways import STEP, PairSums, Pieces, pair_sums, pieces_of_tracks
from configs.errors import InputError

__all__ = ["Alignment", "Match", "align_grounds", "matches"]

Floats = NDArray[np.floating]
Complexes = NDArray[np.complexfloating]

PROPOSING = 32  # moments of the pieces that propose
JUDGING = 8  # moments of the pieces that judge: short, so that a strayed track spoils little
NOISE = 0.4  # metres by which one person's places differ between two inexact views
STANDING = 0.3  # metres: pieces that extend less propose nothing
PROPOSALS = 2000  # that are judged
NEAR = 2.0  # nats: matches differ by less than twice the noise
LEAST_GAIN = 0.5  # nats of a moment where people stand so densely that places tell little
INDEPENDENT = 1.0  # seconds after which errors are new
LEAST_EVIDENCE = 10.0  # nats
MARGIN = 2.0  # the evidence over what chance finds
LINE = 0.7  # a mirror image this nearly as good: people walk on one line
MOST_STRETCHES = 150  # that judge


@dataclass(frozen=True)
class Alignment:
    """How the second camera's ground and time become the first's.

    turn: radians. shift: (2,) metres, after the turn. seconds: to add to the second's time.
    evidence: nats by which it explains people's ways better than chance.
    """

    turn: float
    shift: tuple[float, float]
    seconds: float
    evidence: float


@dataclass(frozen=True)
class Match:
    """Two tracks that are one person's from one time (seconds) to another."""

    first: int
    second: int
    start: float
    end: float


def align_grounds(first: GroundTracks, second: GroundTracks, *, max_offset: float) -> Alignment:
    """The rigid motion and the offset (at most max_offset seconds) that lay second over first.

    To a quarter of a second, and as exact as the views are. Raises InputError with the reason: no
    overlap, or none that can be told from chance; people all on one line.
    """
    best = _best_alignment(first, second, max_offset)
    mirrored = GroundTracks(second.times, second.ids, second.points * [1, -1])
    if best is None or best.evidence < LEAST_EVIDENCE:
        raise InputError("too few people are seen walking by both at once")
    as_mirrored = _best_alignment(first, mirrored, max_offset)
    chance = _evidence(_best_alignment(first, _backwards(second), max_offset))
    if best.evidence < MARGIN * chance:
        raise InputError("people's ways agree no better than by chance: the views don't overlap")
    if _evidence(as_mirrored) > LINE * best.evidence:
        raise InputError("people walk along one line: a mirrored ground would fit them as well")
    if best.evidence < MARGIN * _evidence(as_mirrored):
        raise InputError("people's ways agree hardly better than mirrored: no overlap is certain")
    return best


def matches(first: GroundTracks, second: GroundTracks, noise: float) -> list[Match]:
    """Who is who: pieces of tracks in one world and time that are nearest to one another.

    noise: metres by which a person's places differ between the two. One-to-one at every time.
    """
    if not len(first.times) or not len(second.times):
        return []
    start, count = _stretches(first, JUDGING)
    a, b = (pieces_of_tracks(tracks, start, count, JUDGING) for tracks in (first, second))
    evidence = _pair_evidence(pair_sums(a, b), 1, 0, noise, NEAR)
    length = JUDGING * STEP
    return [
        Match(int(a.tracks[w, p]), int(b.tracks[w, q]), start + w * length, start + (w + 1) * length)
        for w, p, q in np.argwhere(_mutually_best(evidence))
    ]


def _best_alignment(
    first: GroundTracks, second: GroundTracks, max_offset: float
) -> Alignment | None:
    if not len(first.times) or not len(second.times):
        return None
    reach = int(np.ceil(max_offset / STEP))
    lags = range(-reach, reach + 1)
    proposals = []
    start, count = _stretches(first, PROPOSING)
    mine = pieces_of_tracks(first, start, count, PROPOSING)
    for lag in lags:
        theirs = pieces_of_tracks(second, start - lag * STEP, count, PROPOSING)
        proposals.append(_propose(pair_sums(mine, theirs)))
    lag_of = np.repeat(lags, [len(turns) for turns, _, _ in proposals])
    turns, shifts, merits = (np.concatenate(parts) for parts in zip(*proposals, strict=True))
    rows = np.argsort(-merits, kind="stable")[:PROPOSALS]
    if not len(rows):
        return None
    sums = _judges(first, second, set(lag_of[rows].tolist()))
    gain = max(-float(np.log(2 * np.pi * NOISE**2 * _density(first))), LEAST_GAIN)
    evidence = []
    for row in rows:
        of_pairs = _pair_evidence(sums[lag_of[row]], turns[row], shifts[row], NOISE, gain)
        evidence.append(float(of_pairs[_mutually_best(of_pairs)].sum()))
    best = int(np.argmax(evidence))
    row = rows[best]
    shift = (float(shifts[row].real), float(shifts[row].imag))
    return Alignment(float(np.angle(turns[row])), shift, float(lag_of[row] * STEP), evidence[best])


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


def _judges(
    first: GroundTracks, second: GroundTracks, lags: set[int]
) -> Mapping[int, PairSums]:
    """The sums that judge, by lag in moments; over the whole time, but not more than needed."""
    start, count = _stretches(first, JUDGING)
    mine = pieces_of_tracks(first, start, count, JUDGING)
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_STRETCHES)).astype(int))
    sums = {}
    for lag in lags:
        theirs = pieces_of_tracks(second, start - lag * STEP, count, JUDGING)
        some = (Pieces(p.places[chosen], p.tracks[chosen]) for p in (mine, theirs))
        sums[lag] = pair_sums(*some)
    return sums


def _pair_evidence(
    sums: PairSums, turn: complex, shift: complex, noise: float, gain: float
) -> Floats:
    """(W, P, Q) nats for two pieces being one person rather than two, under a motion.

    One person's places differ by Gaussian noise; gain: nats of a moment at which they don't differ.
    """
    squared = sums.squared_distance(complex(turn), complex(shift))
    nats = gain * sums.count - squared / (2 * noise**2)
    return np.where(sums.count >= JUDGING / 2, nats * STEP / INDEPENDENT, 0.0)


def _mutually_best(evidence: Floats) -> NDArray[np.bool_]:
    """Pairs that both sides prefer, and that have evidence for them."""
    best_a, best_b = (evidence.max(axis=axis, keepdims=True, initial=0.0) for axis in (2, 1))
    return (evidence > 0) & (evidence >= best_a) & (evidence >= best_b)


def _stretches(tracks: GroundTracks, moments: int) -> tuple[float, int]:
    """When the first stretch of time begins, and how many cover the tracks."""
    return float(tracks.times.min()), int(np.ptp(tracks.times) / (STEP * moments)) + 1


def _density(tracks: GroundTracks) -> float:
    """People a square metre: those of a moment on the ground that people's places cover.

    The area is that of the rectangle with the places' covariance.
    """
    at_once = len(tracks.times) / len(np.unique(tracks.times))
    spread = np.sqrt(max(float(np.linalg.det(np.cov(tracks.points.T))), 0.0))
    return at_once / (12 * spread + 1.0)


def _backwards(tracks: GroundTracks) -> GroundTracks:
    times = tracks.times.min() + tracks.times.max() - tracks.times if len(tracks.times) else tracks.times
    return GroundTracks(times, tracks.ids, tracks.points)


def _evidence(alignment: Alignment | None) -> float:
    return 0.0 if alignment is None else alignment.evidence
