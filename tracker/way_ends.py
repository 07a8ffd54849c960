"""How people move at the two ends of a piece of their way."""

import itertools
from dataclasses import dataclass

import numpy as np

from tracker.trajectories import Trajectories
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["WayEnds", "first_ends", "last_ends", "misses", "reach"]

ROUNDING = 1e-6  # seconds
REST = 0.02  # seconds squared: a velocity from a few frames is mostly noise, so rest is likely


@dataclass(frozen=True)
class WayEnds:
    """One end of each of T tracks: when, where, how large, how fast.

    times: (T,) seconds. centres: (T, 2) pixels. sizes: (T, 2) width and height, pixels.
    velocities: (T, 2) of the centre, pixels per second.
    """

    times: FloatArray
    centres: FloatArray
    sizes: FloatArray
    velocities: FloatArray

    def __getitem__(self, rows: IntArray | BoolArray) -> "WayEnds":
        return WayEnds(
            self.times[rows], self.centres[rows], self.sizes[rows], self.velocities[rows]
        )


def first_ends(table: Trajectories, span: float) -> WayEnds:
    """The starts of all tracks, each from its first `span` seconds."""
    return _ends(table, span, 0)


def last_ends(table: Trajectories, span: float) -> WayEnds:
    """The ends of all tracks, each from its last `span` seconds."""
    return _ends(table, span, -1)


def reach(seconds: FloatArray, memory: float) -> FloatArray:
    """How far a velocity of 1 that decays to 1/e in `memory` carries in `seconds` of any sign."""
    return np.sign(seconds) * memory * (1 - np.exp(-np.abs(seconds) / memory))


def misses(before: WayEnds, after: WayEnds, memory: float) -> FloatArray:
    """(T, 2) heights by which two ways that should be one miss each other, pair by pair.

    Each is prolonged to the middle of the gap by a velocity that decays to 1/e in `memory`
    seconds.
    """
    carried = reach((after.times - before.times) / 2, memory)[:, None]
    miss = after.centres - before.centres - carried * (after.velocities + before.velocities)
    return miss / np.sqrt(after.sizes[:, 1:] * before.sizes[:, 1:])


def _ends(table: Trajectories, span: float, edge: int) -> WayEnds:
    starts = table.starts()
    count = len(starts) - 1
    found = np.zeros((count, 7))
    centres = (table.boxes[:, :2] + table.boxes[:, 2:]) / 2
    sizes = table.boxes[:, 2:] - table.boxes[:, :2]
    for row, (begin, end) in enumerate(itertools.pairwise(starts.tolist())):
        times = table.times[begin:end] - table.times[(begin, end - 1)[edge]]
        near = np.abs(times) <= span + ROUNDING
        times, places = times[near], centres[begin:end][near]
        centred = times - times.mean()
        velocity = centred @ places / (centred @ centred + REST)
        found[row, :1] = table.times[(begin, end - 1)[edge]]
        found[row, 1:3] = places.mean(axis=0) - velocity * times.mean()
        found[row, 3:5] = np.median(sizes[begin:end][near], axis=0)
        found[row, 5:] = velocity
    return WayEnds(found[:, 0], found[:, 1:3], found[:, 3:5], found[:, 5:])
