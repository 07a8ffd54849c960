"""Cameras of one space calibrated from nothing but the people whom they see."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from calibration.ground_alignment import Alignment, align_grounds
from calibration.joint_calibration import Placed, ground_tracks, refine
from calibration.result_tracks import BoxTracks
from calibration.self_calibration import PERSON_HEIGHT, camera_from_people
from configs.errors import InputError

__all__ = ["Overlap", "calibrate_overlap"]

Size = tuple[int, int]


@dataclass(frozen=True)
class Overlap:
    placed: dict[str, Placed]
    refused: dict[str, str]


def calibrate_overlap(
    tracks: Mapping[str, BoxTracks],
    sizes: Mapping[str, Size],
    *,
    max_offset: float = 5.0,
    person_height: float = PERSON_HEIGHT,
) -> Overlap:
    alone, refused = {}, {}
    for name, seen in tracks.items():
        try:
            view = camera_from_people(seen.boxes, seen.ids, sizes[name], person_height=person_height)
            alone[name] = Placed(view, 0.0, 0.0, 0.0, 0.0)
        except InputError as error:
            refused[name] = str(error)
    grounds = {name: ground_tracks(alone[name], tracks[name], sizes[name], person_height) for name in alone}
    found = {}
    for a, b in combinations(alone, 2):
        try:
            found[a, b] = align_grounds(grounds[a], grounds[b], max_offset=max_offset)
        except InputError as error:
            refused[f"{a} and {b}"] = str(error)
    placed = _chain(alone, found)
    return Overlap(refine(placed, tracks, sizes, person_height), refused)


def _chain(alone, found):
    names = list(alone)
    placed = {names[0]: alone[names[0]]}
    while True:
        edges = [(al.evidence, a, b) for (a, b), al in found.items() if (a in placed) != (b in placed)]
        if not edges:
            return placed
        _, a, b = max(edges)
        al = found[a, b]
        if a in placed:
            p = placed[a]
            turn = p.turn + al.turn
            z = complex(p.x, p.y) + np.exp(1j * p.turn) * complex(*al.shift)
            placed[b] = Placed(alone[b].view, z.real, z.imag, turn, p.seconds + al.seconds)
        else:
            p = placed[b]
            turn = p.turn - al.turn
            z = complex(p.x, p.y) - np.exp(1j * turn) * complex(*al.shift)
            placed[a] = Placed(alone[a].view, z.real, z.imag, turn, p.seconds - al.seconds)
