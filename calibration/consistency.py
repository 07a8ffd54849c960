"""Whether what people tell of cameras' places and clocks agrees with itself.

Three cameras, two at a time, must tell one world; and a world told by one half of the time must be
the one that the other half shows.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from calibration.ground_alignment import Alignment
from calibration.joint_calibration import refine
from calibration.motions import Judge, Motion, Motions, metres_apart
from calibration.placed import Placed, ground_tracks
from calibration.result_tracks import BoxTracks, Watch
from calibration.timing import GroundTracks
from calibration.ways import STEP

__all__ = ["held_out_faults", "open_loops"]

Pair = tuple[str, str]

LOOP_PLACE, LOOP_TIME = 1.5, 0.6  # metres, seconds: three inexact alignments add up
HELD_OUT_PLACE, HELD_OUT_TIME = 0.5, 0.3  # metres of the mean person, seconds
NEAR = range(-4, 5)  # steps of time at which the other half may fit
STAYS = Motion(1, 0, 0)


def open_loops(
    alone: Mapping[str, Placed],
    grounds: Mapping[str, GroundTracks],
    alignments: Mapping[Pair, Alignment],
) -> dict[Pair, str]:
    """Alignments that more loops of three cameras contradict than confirm, with the reason.

    alone, grounds: each camera and its people in a world of its own. alignments: by two cameras in
    the order of `alone`.
    """
    balance = dict.fromkeys(alignments, 0)
    reasons = {}
    for a, b, c in combinations(alone, 3):
        loop = (a, b), (b, c), (a, c)
        if not all(pair in alignments for pair in loop):
            continue
        beside = alone[a].beside(alone[b].view, alignments[a, b])
        around = beside.beside(alone[c].view, alignments[b, c])
        straight = alone[a].beside(alone[c].view, alignments[a, c])
        metres = metres_apart(Motions.of(_motion(around)), _motion(straight), grounds[c])[0]
        seconds = abs(around.seconds - straight.seconds)
        opens = metres > LOOP_PLACE or seconds > LOOP_TIME
        for pair in loop:
            balance[pair] += 1 if opens else -1
            if opens:
                reasons[pair] = (
                    f"{c} by way of {b} is {metres:.1f} m and {seconds:.1f} s from where {a} puts "
                    "it: one of the three is wrong"
                )
    return {pair: reasons[pair] for pair in alignments if balance[pair] > 0}


def held_out_faults(
    placed: Mapping[str, Placed],
    watches: Mapping[str, Watch],
    pairs: list[Pair],
    person_height: float,
) -> dict[Pair, str]:
    """Why what the first half of the time tells isn't what the second half shows, by pair.

    placed: where the refinement, by the first half alone, starts. pairs: whose people are compared.
    """
    spans = [(watches[name].tracks.times[[0, -1]] + one.seconds) for name, one in placed.items()]
    middle = (max(start for start, _ in spans) + min(end for _, end in spans)) / 2
    early, late = (
        {
            name: _only(watches[name], (watches[name].tracks.times + one.seconds < middle) == first)
            for name, one in placed.items()
        }
        for first in (True, False)
    )
    told = refine(placed, early, person_height)
    grounds = {
        name: ground_tracks(one, late[name].tracks, late[name].image_size, person_height)
        for name, one in told.items()
    }
    faults = {(a, b): _fault(grounds[a], grounds[b]) for a, b in pairs}
    return {pair: fault for pair, fault in faults.items() if fault is not None}


def _fault(first: GroundTracks, second: GroundTracks) -> str | None:
    """How the second's people don't lie on the first's who should be in one world and time."""
    fits = _fits(first, second)
    if not fits:
        return "nobody is seen by both in the second half of the time"
    best = fits[max(fits)]
    metres = float(metres_apart(Motions.of(best), STAYS, second)[0])
    seconds = abs(best.lag) * STEP
    if metres > HELD_OUT_PLACE or seconds > HELD_OUT_TIME:
        return (
            f"what the first half of the time tells is {metres:.1f} m and {seconds:.1f} s off in "
            "the second: more people are needed"
        )
    return None


def _fits(first: GroundTracks, second: GroundTracks) -> dict[float, Motion]:
    """What moves the second's people best onto the first's, by nats that speak for it; at every lag
    nearby where anything does."""
    if not len(first.times) or not len(second.times):
        return {}
    judge = Judge(first, second, max(NEAR))
    fits = [judge.settled(Motion(1, 0, lag)) for lag in NEAR]
    return {nats: fit for fit in fits if (nats := float(judge.by_stretch(fit).sum())) > 0}


def _motion(placed: Placed) -> Motion:
    return Motion(complex(np.exp(1j * placed.turn)), complex(placed.x, placed.y), 0)


def _only(watch: Watch, rows: np.ndarray) -> Watch:
    tracks = watch.tracks
    return Watch(
        BoxTracks(tracks.times[rows], tracks.ids[rows], tracks.boxes[rows]), watch.image_size
    )
