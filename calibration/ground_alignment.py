"""Two cameras' grounds laid over one another by the people who walk on both.

Nobody says who is who. Each view's ground is known but for where it lies: by which rigid motion,
and by how many seconds, do its people walk where and when the other camera's people do? Every two
pieces of ways that could be one person's propose an answer (Procrustes), and everybody's pieces
judge it (as RANSAC does, but with every proposal). What chance alone would find is learned from
people who can't fit: the same ones mirrored, and backwards in time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.timing import GroundTracks
from calibration.ways import STEP, PairSums, pair_sums, pieces_of_tracks
from configs.errors import InputError

__all__ = ["Alignment", "Match", "align_grounds", "matches"]

Floats = NDArray[np.floating]
Complexes = NDArray[np.complexfloating]
Ints = NDArray[np.integer]

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
RIVAL = 0.85  # quite another alignment this nearly as good
OTHER_PLACE, OTHER_TURN, OTHER_TIME = 2.0, np.radians(60), 2.0  # metres, radians, seconds
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

    def reversed(self) -> "Alignment":
        """How the first camera's ground and time become the second's."""
        shift = -np.exp(-1j * self.turn) * complex(*self.shift)
        place = (float(shift.real), float(shift.imag))
        return Alignment(-self.turn, place, -self.seconds, self.evidence)


@dataclass(frozen=True)
class Match:
    """Two tracks that are one person's from one time (seconds) to another."""

    first: int
    second: int
    start: float
    end: float


@dataclass(frozen=True)
class _Proposals:
    """N rigid motions b -> turn b + shift of places x + iy, each with its lag and its worth."""

    turns: Complexes
    shifts: Complexes
    lags: Ints
    worth: Floats

    def __getitem__(self, rows: Ints) -> "_Proposals":
        return _Proposals(self.turns[rows], self.shifts[rows], self.lags[rows], self.worth[rows])


def align_grounds(first: GroundTracks, second: GroundTracks, *, max_offset: float) -> Alignment:
    """The rigid motion and the offset (at most max_offset seconds) that lay second over first.

    To a quarter of a second, and as exact as the views are. Raises InputError with the reason: no
    overlap, or none that can be told from chance; people all on one line; two answers.
    """
    best, rival = _two_best(first, second, max_offset)
    if best is None or best.evidence < LEAST_EVIDENCE:
        raise InputError("too few people are seen walking by both at once, or the views are apart")
    mirrored = GroundTracks(second.times, second.ids, second.points * [1, -1])
    as_mirrored, chance = (
        0.0 if found is None else found.evidence
        for found, _ in (
            _two_best(first, tracks, max_offset) for tracks in (mirrored, _backwards(second))
        )
    )
    if best.evidence < MARGIN * chance:
        raise InputError("people's ways agree no better than by chance: do the views overlap?")
    if as_mirrored > LINE * best.evidence:
        raise InputError("people walk along one line: a mirrored ground would fit them as well")
    if best.evidence < MARGIN * as_mirrored:
        raise InputError("a mirrored ground would fit people's ways hardly worse: more are needed")
    if rival > RIVAL * best.evidence:
        raise InputError("people's ways fit in two places or at two times: more people are needed")
    return best


def matches(first: GroundTracks, second: GroundTracks, noise: float) -> list[Match]:
    """Who is who: pieces of tracks in one world and time that are nearest to one another.

    noise: metres by which a person's places differ between the two; matches differ by less than
    twice that. One-to-one at every time.
    """
    if not len(first.times) or not len(second.times):
        return []
    start, count = _stretches(first, JUDGING)
    a, b = (pieces_of_tracks(tracks, start, count, JUDGING) for tracks in (first, second))
    evidence = _pair_evidence(pair_sums(a, b), 1, 0, noise, NEAR)
    length = JUDGING * STEP
    return [
        Match(
            int(a.tracks[w, p]),
            int(b.tracks[w, q]),
            start + float(w) * length,
            start + float(w + 1) * length,
        )
        for w, p, q in np.argwhere(_mutually_best(evidence))
    ]


def _two_best(
    first: GroundTracks, second: GroundTracks, max_offset: float
) -> tuple[Alignment | None, float]:
    """The best alignment, and the evidence for the best one that is quite another."""
    if not len(first.times) or not len(second.times):
        return None, 0.0
    proposals = _all_proposals(first, second, max_offset)
    if not len(proposals.lags):
        return None, 0.0
    evidence = _judge(proposals, first, second)
    best = int(np.argmax(evidence))
    turn, shift, lag = (v[best] for v in (proposals.turns, proposals.shifts, proposals.lags))
    middle = complex(*np.median(second.points, axis=0))
    moved = proposals.turns * middle + proposals.shifts - turn * middle - shift
    other = np.abs(moved) > OTHER_PLACE
    other |= np.abs(np.angle(proposals.turns / turn)) > OTHER_TURN
    other |= np.abs(proposals.lags - lag) * STEP > OTHER_TIME
    alignment = Alignment(
        float(np.angle(turn)),
        (float(shift.real), float(shift.imag)),
        float(lag * STEP),
        float(evidence[best]),
    )
    return alignment, float(evidence[other].max(initial=0.0))


def _all_proposals(first: GroundTracks, second: GroundTracks, max_offset: float) -> _Proposals:
    """The best rigid motions that two pieces of ways propose, at every offset; best first."""
    reach = int(np.ceil(max_offset / STEP))
    start, count = _stretches(first, PROPOSING)
    mine = pieces_of_tracks(first, start, count, PROPOSING)
    found = []
    for lag in range(-reach, reach + 1):
        theirs = pieces_of_tracks(second, start - lag * STEP, count, PROPOSING)
        turns, shifts, worth = _propose(pair_sums(mine, theirs))
        found.append((turns, shifts, np.full(len(turns), lag), worth))
    everything = _Proposals(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
    return everything[np.argsort(-everything.worth, kind="stable")[:PROPOSALS]]


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


def _judge(proposals: _Proposals, first: GroundTracks, second: GroundTracks) -> Floats:
    """(N,) nats that everybody's ways speak for each proposal; at most `MOST_STRETCHES` of them."""
    start, count = _stretches(first, JUDGING)
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_STRETCHES)).astype(int))
    mine = pieces_of_tracks(first, start, count, JUDGING)[chosen]
    gain = max(-float(np.log(2 * np.pi * NOISE**2 * _density(first))), LEAST_GAIN)
    evidence = np.zeros(len(proposals.lags))
    for lag in np.unique(proposals.lags):
        theirs = pieces_of_tracks(second, start - lag * STEP, count, JUDGING)[chosen]
        sums = pair_sums(mine, theirs)
        for row in np.flatnonzero(proposals.lags == lag):
            turn, shift = proposals.turns[row], proposals.shifts[row]
            of_pairs = _pair_evidence(sums, turn, shift, NOISE, gain)
            evidence[row] = of_pairs[_mutually_best(of_pairs)].sum()
    return evidence


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
    covariance = np.cov(tracks.points.T, bias=True)
    spread = np.sqrt(max(float(np.linalg.det(covariance)), 0.0))
    return at_once / (12 * spread + 1.0)


def _backwards(tracks: GroundTracks) -> GroundTracks:
    times = tracks.times.min(initial=0.0) + tracks.times.max(initial=0.0) - tracks.times
    return GroundTracks(times, tracks.ids, tracks.points)
