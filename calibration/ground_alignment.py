"""Two cameras' grounds laid over one another by the people who walk on both.

Each view's ground is known but for where it lies: by which rigid motion, and by how many seconds,
do its people walk where and when the other camera's people do? An answer is taken only where every
quite different one, a mirrored one too, explains people's ways worse by more than chance allows.
What chance alone would find is learned from people who can't fit: the same ones backwards in time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.motions import (
    JUDGING,
    Judge,
    Motion,
    Motions,
    metres_apart,
    mutually_best,
    pair_evidence,
    stretches,
)
from calibration.timing import GroundTracks
from calibration.ways import STEP, pair_sums, pieces_of_tracks
from configs.errors import InputError

__all__ = ["Alignment", "Match", "align_grounds", "lead", "matches"]

Floats = NDArray[np.floating]

NEAR = 2.0  # nats: matches differ by less than twice the noise
LEAST_EVIDENCE = 10.0  # nats
MARGIN = 1.5  # the evidence over what chance finds
LEAD = 2.0  # sigmas by which an answer must lead every quite different one
OTHER_PLACE, OTHER_TIME = 0.75, 0.6  # metres of the mean person, seconds: a different answer
RIVALS = 12  # different answers that are looked at closely
NEIGHBOURS = (-4, -3, 3, 4)  # steps of time: rivals that no piece needs to propose
LINE = 0.7  # a mirror image this nearly as good: people walk on one line


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
class _Answer:
    """A motion, and (W,) nats that each stretch of time speaks for it."""

    motion: Motion
    by_stretch: Floats

    @property
    def evidence(self) -> float:
        return float(self.by_stretch.sum())


def align_grounds(
    first: GroundTracks, second: GroundTracks, *, max_offset: float, trusting: bool = False
) -> Alignment:
    """The rigid motion and the offset (at most max_offset seconds) that lay second over first.

    To a quarter of a second, and as exact as the views are. Raises InputError with the reason: no
    overlap, or none that can be told from chance; people all on one line; two answers. trusting:
    take the best answer, whatever speaks against it.
    """
    answers = _answers(first, second, max_offset)
    if not answers or answers[0].evidence < LEAST_EVIDENCE:
        raise InputError("too few people are seen walking by both at once, or the views are apart")
    doubt = None if trusting else _doubt(answers, first, second, max_offset)
    if doubt is not None:
        raise InputError(doubt)
    best = answers[0].motion
    return Alignment(
        float(np.angle(best.turn)),
        (best.shift.real, best.shift.imag),
        best.lag * STEP,
        answers[0].evidence,
    )


def lead(best: Floats, rival: Floats) -> float:
    """By how many sigmas one answer explains people's ways better than another does.

    best, rival: (W,) nats by stretch of time, taken for independent. The sum of the differences
    over the root of the sum of their squares: were neither better, chance would give more than t
    with a probability of exp(-t^2 / 2) at most (Efron, "Student's t-test under symmetry
    conditions", JASA 1969). n stretches can't give more than sqrt(n).
    """
    difference = best - rival
    return float(difference.sum() / max(np.linalg.norm(difference), 1e-9))


def matches(first: GroundTracks, second: GroundTracks, noise: float) -> list[Match]:
    """Who is who: pieces of tracks in one world and time that are nearest to one another.

    noise: metres by which a person's places differ between the two; matches differ by less than
    twice that. One-to-one at every time.
    """
    if not len(first.times) or not len(second.times):
        return []
    start, count = stretches(first, JUDGING)
    a, b = (pieces_of_tracks(tracks, start, count, JUDGING) for tracks in (first, second))
    evidence = pair_evidence(pair_sums(a, b), 1, 0, noise, NEAR)
    length = JUDGING * STEP
    return [
        Match(
            int(a.tracks[w, p]),
            int(b.tracks[w, q]),
            start + float(w) * length,
            start + float(w + 1) * length,
        )
        for w, p, q in np.argwhere(mutually_best(evidence))
    ]


def _doubt(
    answers: list[_Answer], first: GroundTracks, second: GroundTracks, max_offset: float
) -> str | None:
    """What speaks against the first answer."""
    best, *rivals = answers
    chance = _answers(first, _backwards(second), max_offset)
    if chance and best.evidence < MARGIN * chance[0].evidence:
        return "people's ways agree no better than by chance: do the views overlap?"
    mirrored = GroundTracks(second.times, second.ids, second.points * [1, -1])
    for rival in _answers(first, mirrored, max_offset):
        if rival.evidence > LINE * best.evidence:
            return "people walk along one line: a mirrored ground would fit them as well"
        if lead(best.by_stretch, rival.by_stretch) < LEAD:
            return "a mirrored ground would fit people's ways hardly worse: more are needed"
    for rival in rivals:
        sigmas = lead(best.by_stretch, rival.by_stretch)
        if sigmas < LEAD:
            return (
                f"people's ways fit in two places or at two times, "
                f"{_difference(best, rival, second)} apart, and one leads by {sigmas:.1f} sigmas "
                f"where {LEAD:.1f} are asked: more people are needed"
            )
    return None


def _answers(first: GroundTracks, second: GroundTracks, max_offset: float) -> list[_Answer]:
    """The best answer, and others that differ from it; best first. Empty where nobody walks."""
    if not len(first.times) or not len(second.times):
        return []
    reach = int(np.ceil(max_offset / STEP))
    judge = Judge(first, second, reach)
    proposals = judge.proposals()
    if not len(proposals.lags):
        return []
    candidates = _unlike(proposals, judge.worth(proposals), second)
    found = [_settled(judge, motion) for motion in candidates]
    best = max(found, key=lambda answer: answer.evidence)
    near = best.motion
    found += [
        _settled(judge, Motion(near.turn, near.shift, near.lag + steps))
        for steps in NEIGHBOURS
        if abs(near.lag + steps) <= reach
    ]
    best = max(found, key=lambda answer: answer.evidence)
    others = [
        answer for answer in found if _differ(Motions.of(answer.motion), best.motion, second)[0]
    ]
    return [best, *sorted(others, key=lambda answer: -answer.evidence)]


def _settled(judge: Judge, motion: Motion) -> _Answer:
    settled = judge.settled(motion)
    return _Answer(settled, judge.by_stretch(settled))


def _unlike(proposals: Motions, worth: Floats, second: GroundTracks) -> list[Motion]:
    """At most `RIVALS` of the best proposals, each different from all better ones."""
    left = proposals[np.argsort(-worth, kind="stable")]
    chosen: list[Motion] = []
    while len(left.lags) and len(chosen) < RIVALS:
        chosen.append(left.one(0))
        left = left[np.flatnonzero(_differ(left, chosen[-1], second))]
    return chosen


def _differ(motions: Motions, other: Motion, second: GroundTracks) -> NDArray[np.bool_]:
    """(N,) which motions are another answer."""
    late = np.abs(motions.lags - other.lag) * STEP > OTHER_TIME
    return late | (metres_apart(motions, other, second) > OTHER_PLACE)


def _difference(best: _Answer, rival: _Answer, second: GroundTracks) -> str:
    metres = float(metres_apart(Motions.of(rival.motion), best.motion, second)[0])
    seconds = abs(rival.motion.lag - best.motion.lag) * STEP
    return f"{metres:.1f} m and {seconds:.1f} s"


def _backwards(tracks: GroundTracks) -> GroundTracks:
    times = tracks.times.min(initial=0.0) + tracks.times.max(initial=0.0) - tracks.times
    return GroundTracks(times, tracks.ids, tracks.points)
