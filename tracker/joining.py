"""Which tracks of a camera are pieces of one person's way: the end of one, the start of another."""

import itertools
from collections.abc import Mapping

import numpy as np
from pydantic import Field

from configs.settings import Settings
from tracker.assignment import assign
from tracker.trajectories import Trajectories
from tracker.types import FloatArray, IntArray

__all__ = ["JoiningSettings", "join", "joining_cost"]


class JoiningSettings(Settings):
    """When two pieces of a way belong together. Lengths are in box heights."""

    max_gap: float = Field(default=2.5, ge=0)
    """Seconds between the end of one piece and the start of the next; 0 joins nothing."""
    motion_span: float = Field(default=0.7, gt=0)
    """Seconds at the end or start of a piece from which its velocity is taken."""
    motion_memory: float = Field(default=1.0, gt=0)
    """Seconds after which a velocity has decayed to 1/e in the gap."""
    tolerance: float = Field(default=0.1, gt=0)
    """Heights by which the pieces may miss one another, plus `drift` for each second between."""
    drift: float = Field(default=0.08, ge=0)
    """Heights per second."""
    size_tolerance: float = Field(default=0.15, gt=0)
    """Greatest difference of the logarithms of the heights."""
    max_distance: float = Field(default=0.5, gt=0, le=2)
    """Greatest cosine distance of the pieces' appearance, where it is known."""
    rounds: int = Field(default=3, ge=1)
    """How often joined pieces may be joined again."""


def join(
    table: Trajectories,
    settings: JoiningSettings,
    appearance: Mapping[int, FloatArray] | None = None,
) -> Trajectories:
    """The table with pieces of one way under one id, that of the earliest piece.

    Each round solves one assignment of all ends to all starts; a piece continues in at most one
    other. appearance: a unit vector for each id whose looks are known.
    """
    for _ in range(settings.rounds):
        cost = joining_cost(table, settings)
        names = table.ids[table.starts()[:-1]]
        if appearance:
            cost += _appearance_cost(names, appearance, settings)
        ends, begins = assign(cost, 1.0)
        if len(ends) == 0:
            break
        table = table.relabelled(_rename(table.ids, names, ends, begins))
    return table


def joining_cost(table: Trajectories, settings: JoiningSettings) -> FloatArray:
    """(T, T) cost of continuing each track (row) in each other (column); inf where impossible.

    1 is the limit of what is believable: the miss between the pieces, each prolonged half-way by
    its own velocity, in units of its tolerance, and the change of height in units of its own.
    """
    starts = table.starts()
    count = len(starts) - 1
    if count == 0:
        return np.zeros((0, 0))
    edges = [_edges(table[np.arange(a, b)], settings) for a, b in itertools.pairwise(starts)]
    first, last = (np.stack(side) for side in zip(*edges, strict=True))  # (T, 7)
    gap = first[None, :, 0] - last[:, None, 0]
    possible = (gap > 0) & (gap <= settings.max_gap)
    elapsed = np.where(possible, gap, settings.max_gap)
    reach = settings.motion_memory * (1 - np.exp(-elapsed / 2 / settings.motion_memory))
    miss = (
        first[None, :, 1:3]
        - last[:, None, 1:3]
        - reach[..., None] * (first[None, :, 5:7] + last[:, None, 5:7])
    )
    height = (first[None, :, 4] + last[:, None, 4]) / 2
    distance = np.linalg.norm(miss, axis=-1) / height
    cost = distance / (settings.tolerance + settings.drift * elapsed)
    size = abs(np.log(first[None, :, 4] / last[:, None, 4])) / settings.size_tolerance
    return np.where(possible & (size <= 1), np.hypot(cost, size), np.inf)


def _edges(track: Trajectories, settings: JoiningSettings) -> tuple[FloatArray, FloatArray]:
    """The first and the last moment of a track: time, centre, size and the centre's velocity."""
    track = track[track.seen] if track.seen.any() else track
    sizes = track.boxes[:, 2:] - track.boxes[:, :2]
    centres = (track.boxes[:, :2] + track.boxes[:, 2:]) / 2
    states = np.column_stack([track.times, centres, sizes])
    edges = []
    for edge in (0, -1):
        near = np.abs(track.times - track.times[edge]) <= settings.motion_span
        times = track.times[near] - track.times[edge]
        spread = (times - times.mean()) @ (times - times.mean())
        # A person's velocity from a few frames is mostly noise: the prior of rest weighs 0.02 s^2.
        velocity = (times - times.mean()) @ centres[near] / (spread + 0.02)
        place = centres[near].mean(axis=0) - velocity * times.mean()
        size = np.median(sizes[near], axis=0)
        edges.append(np.concatenate([states[edge, :1], place, size, velocity]))
    return edges[0], edges[1]


def _appearance_cost(
    names: IntArray, appearance: Mapping[int, FloatArray], settings: JoiningSettings
) -> FloatArray:
    """(T, T) 0 for the same looks to 1 at the greatest distance; inf beyond, 0.5 where unknown."""
    known = np.array([int(name) in appearance for name in names])
    cost = np.full((len(names), len(names)), 0.5)
    if known.any():
        vectors = np.stack([appearance[int(name)] for name in names[known]])
        distances = (1 - vectors @ vectors.T) / settings.max_distance
        cost[np.ix_(known, known)] = np.where(distances <= 1, distances, np.inf)
    return cost


def _rename(ids: IntArray, names: IntArray, ends: IntArray, begins: IntArray) -> IntArray:
    """Ids (N,) with every chain of pieces under the id of its first."""
    before = np.arange(len(names))
    before[begins] = ends
    while (before != before[before]).any():  # doubling: a chain of n in log n steps
        before = before[before]
    return names[before][np.searchsorted(names, ids)]
