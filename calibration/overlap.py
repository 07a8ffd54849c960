"""Cameras of one space calibrated by nothing but the people whom they see.

Each view is calibrated alone, up to where its ground lies, by how tall people appear. Grounds are
laid over one another by people's ways, two at a time; then all are refined together.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.consistency import held_out_faults, open_loops
from calibration.ground_alignment import Alignment, align_grounds
from calibration.joint_calibration import refine
from calibration.meetings import find_meetings, transfer_errors
from calibration.placed import Placed, ground_tracks
from calibration.result_tracks import Watch
from calibration.sanity import camera_fault
from calibration.self_calibration import camera_from_people, view_fault
from calibration.standing import PERSON_HEIGHT, people_places
from configs.errors import InputError

__all__ = ["Agreement", "Overlap", "calibrate_overlap"]

Floats = NDArray[np.floating]

MATCHED = 0.5  # metres by which a person's places in two views may differ, for the report


@dataclass(frozen=True)
class Agreement:
    """How well two cameras agree about the people whom both see.

    moments: that are compared. pixels: median distance from feet to where the other camera puts
    them, in both images. metres: median distance on the ground.
    """

    moments: int
    pixels: float
    metres: float


@dataclass(frozen=True)
class Overlap:
    """What was found. Seconds are to be added to a camera's own time to get the scene's.

    cameras: with pose; the world's origin is the ground under the first camera, which looks along
    y. refused: the reason, by camera or by two cameras' names. agreements: by two cameras' names.
    """

    cameras: dict[str, Camera]
    seconds: dict[str, float]
    refused: dict[str, str]
    agreements: dict[str, Agreement]


def calibrate_overlap(
    watches: Mapping[str, Watch],
    *,
    max_offset: float = 5.0,
    person_height: float = PERSON_HEIGHT,
    trusting: bool = False,
) -> Overlap:
    """Cameras in one world, and their clocks, told from tracks whose identities aren't known.

    max_offset: the largest offset looked for between two cameras, seconds. person_height: the
    people's mean, metres; it sets the scale. Cameras that can't be calibrated are left out with the
    reason: so is an answer that a different one rivals, that doesn't close in loops of cameras, or
    that the second half of the time doesn't confirm. trusting: take the best answers, whatever
    speaks against them; to learn what caution costs. Raises InputError, one line, if fewer than two
    cameras are left.
    """
    alone, refused = _each_alone(watches, person_height)
    grounds = {
        name: ground_tracks(one, watches[name].tracks, watches[name].image_size, person_height)
        for name, one in alone.items()
    }
    alignments: dict[tuple[str, str], Alignment] = {}
    for a, b in combinations(alone, 2):
        try:
            alignments[a, b] = align_grounds(
                grounds[a], grounds[b], max_offset=max_offset, trusting=trusting
            )
        except InputError as error:
            refused[f"{a} and {b}"] = str(error)
    if not trusting:
        opened = open_loops(alone, grounds, alignments)
        refused |= {f"{a} and {b}": why for (a, b), why in opened.items()}
        alignments = {pair: one for pair, one in alignments.items() if pair not in opened}
    chained = _chained(alone, alignments)
    if not trusting and len(chained) > 1:
        told = [pair for pair in alignments if chained.keys() >= set(pair)]
        faults = held_out_faults(chained, watches, told, person_height)
        refused |= {f"{a} and {b}": why for (a, b), why in faults.items()}
        chained = _chained(alone, alignments, set(faults))
    if len(chained) < 2:
        reasons = "; ".join(f"{who}: {why}" for who, why in refused.items())
        raise InputError(f"no two cameras could be laid over one another: {reasons}")
    placed = refine(chained, watches, person_height)
    refused |= {name: "overlaps with none of the others" for name in alone if name not in placed}
    if not trusting:
        _refuse_faulty_views(placed, watches)
    return _result(placed, watches, refused, person_height)


def _each_alone(
    watches: Mapping[str, Watch], person_height: float
) -> tuple[dict[str, Placed], dict[str, str]]:
    """Each camera in a world of its own, and why some aren't."""
    alone, refused = {}, {}
    for name, watch in watches.items():
        tracks = watch.tracks
        try:
            alone[name] = Placed(
                camera_from_people(
                    tracks.boxes, tracks.ids, watch.image_size, person_height=person_height
                )
            )
        except InputError as error:
            refused[name] = str(error)
    return alone, refused


def _chained(
    alone: Mapping[str, Placed],
    alignments: Mapping[tuple[str, str], Alignment],
    at_odds: Set[tuple[str, str]] = frozenset(),
) -> dict[str, Placed]:
    """The largest group of cameras in one world, tied by the best alignments (Prim's tree).

    at_odds: pairs that can't be in one world.
    """
    groups: list[dict[str, Placed]] = []
    for name in alone:
        if any(name in group for group in groups):
            continue
        group = {name: alone[name]}
        while edges := [
            (one.evidence, a, b)
            for (a, b), one in alignments.items()
            if (a in group) != (b in group)
            and not any({c, d} <= {a, b, *group} for c, d in at_odds)
        ]:
            _, a, b = max(edges)
            if a in group:
                group[b] = group[a].beside(alone[b].view, alignments[a, b])
            else:
                group[a] = group[b].beside(alone[a].view, alignments[a, b].reversed())
        groups.append({name: group[name] for name in alone if name in group})
    return max(groups, key=len, default={})


def _refuse_faulty_views(placed: Mapping[str, Placed], watches: Mapping[str, Watch]) -> None:
    for name, one in placed.items():
        fault = view_fault(one.view, watches[name].image_size)
        if fault is not None:
            raise InputError(f"camera {name}: people don't tell where it is: {fault}")


def _result(
    placed: dict[str, Placed],
    watches: Mapping[str, Watch],
    refused: dict[str, str],
    person_height: float,
) -> Overlap:
    cameras = {name: one.camera(watches[name].image_size) for name, one in placed.items()}
    for name, camera in cameras.items():
        fault = camera_fault(camera)
        if fault is not None:
            raise InputError(f"camera {name}: people don't tell where it is: {fault}")
    agreements = {}
    for a, b in combinations(placed, 2):
        found = find_meetings(
            (placed[a], placed[b]), (watches[a], watches[b]), MATCHED, person_height
        )
        feet = found.feet_first, found.feet_second
        if not len(feet[0]):
            continue
        pixels = np.concatenate(transfer_errors(cameras[a], cameras[b], *feet))
        apart = people_places(cameras[a], feet[0]) - people_places(cameras[b], feet[1])
        agreements[f"{a} and {b}"] = Agreement(
            len(apart), _median_length(pixels), _median_length(apart)
        )
    seconds = {name: one.seconds for name, one in placed.items()}
    return Overlap(cameras, seconds, refused, agreements)


def _median_length(vectors: Floats) -> float:
    return float(np.nanmedian(np.linalg.norm(vectors, axis=1)))
