"""How far cameras are out of step, told from the people that several of them see.

Two cameras of one space see the same person at the same place at the same time. So the offset
between their clocks is the shift at which their people's ground positions agree best: it is voted
for by all pairs of observations that lie close together, then refined by least squares over the
tracks that agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["GroundTracks", "PairOffset", "estimate_offsets", "pair_offset"]

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

VOTE_STEP = 0.02  # seconds
REFINEMENTS = 8
BIAS_SIGMA = 0.3  # metres that two calibrations may disagree
NOISE_FLOOR = 0.05  # metres
FEWEST_PAIRS = 20
PEAK = 1.15  # the vote's peak over its level elsewhere; people who stand vote for every offset


@dataclass(frozen=True)
class GroundTracks:
    """What one camera saw, in its own time.

    times: (N,) seconds. ids: (N,) track ids. points: (N, 2) metres on the ground. Any order.
    """

    times: Floats
    ids: Ints
    points: Floats

    def __post_init__(self) -> None:
        n = len(self.times)
        if self.ids.shape != (n,) or self.points.shape != (n, 2):
            raise ValueError(f"{n} times, ids {self.ids.shape}, points {self.points.shape}")


@dataclass(frozen=True)
class PairOffset:
    """What to add to the second camera's time to get the first's.

    sigma: its standard deviation, both in seconds. observations: pairs it rests on.
    """

    seconds: float
    sigma: float
    observations: int


def estimate_offsets(
    tracks_by_camera: Mapping[str, GroundTracks],
    *,
    max_offset: float = 5.0,
    gate: float = 1.0,
) -> dict[str, float]:
    """Seconds to add to each camera's own time to get the scene's: the first camera's time.

    max_offset: the largest offset looked for between two cameras, seconds. gate: metres within
    which two positions may be one person. Every pair of cameras that see common ground is
    measured (`pair_offset`); the offsets are their weighted least-squares solution. A camera that
    shares no moving people with the others, even through a third one, is missing from the result.

    Limits: people must move, and not all along one line at one speed in one file; systematic
    calibration errors along everyone's way look like time (0.1 m at 1 m/s are 0.1 s).
    """
    names = list(tracks_by_camera)
    measured = []
    for first, second in combinations(names, 2):
        pair = pair_offset(
            tracks_by_camera[first], tracks_by_camera[second], max_offset=max_offset, gate=gate
        )
        if pair is not None:
            measured.append((first, second, pair))
    offsets = {names[0]: 0.0} if names else {}
    reached = _connected(names, [(first, second) for first, second, _ in measured])
    unknown = reached[1:]
    if not unknown:
        return offsets
    rows, values = [], []
    for first, second, pair in measured:
        if first in reached:
            # offset(second) - offset(first) = seconds
            row = [float(name == second) - float(name == first) for name in unknown]
            rows.append(np.array(row) / pair.sigma)
            values.append(pair.seconds / pair.sigma)
    solution = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]
    return offsets | dict(zip(unknown, solution.tolist(), strict=True))


def pair_offset(
    first: GroundTracks, second: GroundTracks, *, max_offset: float = 5.0, gate: float = 1.0
) -> PairOffset | None:
    """The offset between two cameras, or None where their people don't tell it.

    They don't where the two share too few positions, or where no offset stands out: nobody moves.
    """
    i, j = _close_pairs(first, second, max_offset, gate)
    if len(i) < FEWEST_PAIRS:
        return None
    seconds = _vote(first, second, i, j, max_offset, gate)
    return None if seconds is None else _refine(first, second, seconds, max_offset, gate)


def _close_pairs(
    first: GroundTracks, second: GroundTracks, max_offset: float, gate: float
) -> tuple[Ints, Ints]:
    """Rows of observations within the gate, and within the largest offset of each other."""
    if not len(first.times) or not len(second.times):
        return np.zeros(0, int), np.zeros(0, int)
    scale = gate / max_offset  # metres per second, so that one radius serves both
    trees = [
        cKDTree(np.column_stack([tracks.points, tracks.times * scale]))
        for tracks in (first, second)
    ]
    close = trees[0].sparse_distance_matrix(trees[1], np.sqrt(2) * gate, output_type="coo_matrix")
    i, j = close.row, close.col
    distance = np.linalg.norm(first.points[i] - second.points[j], axis=1)
    keep = (distance < gate) & (np.abs(first.times[i] - second.times[j]) <= max_offset)
    return i[keep], j[keep]


def _vote(
    first: GroundTracks, second: GroundTracks, i: Ints, j: Ints, max_offset: float, gate: float
) -> float | None:
    """The offset that most pairs vote for: the nearer two positions are, the louder."""
    lag = first.times[i] - second.times[j]
    distance = np.linalg.norm(first.points[i] - second.points[j], axis=1)
    weight = np.exp(-0.5 * (distance / (gate / 3)) ** 2)
    bins = int(np.ceil(2 * max_offset / VOTE_STEP))
    votes, edges = np.histogram(lag, bins, (-max_offset, max_offset), weights=weight)
    middles = (edges[1:] + edges[:-1]) / 2
    smooth = _blur(votes, 0.3 / VOTE_STEP) / _chances(first.times, second.times, middles)
    best = int(smooth.argmax())
    if smooth[best] < PEAK * np.median(smooth):
        return None
    return float(middles[best])


def _chances(first: Floats, second: Floats, lags: Floats) -> Floats:
    """How long both cameras watched, per lag: what a lag's votes are to be compared with."""
    start = np.maximum(first.min(), second.min() + lags)
    end = np.minimum(first.max(), second.max() + lags)
    longest = max(float(np.ptp(first)), float(np.ptp(second)), 1e-9)
    return np.maximum(end - start, 0.1 * longest)


def _refine(
    first: GroundTracks, second: GroundTracks, seconds: float, max_offset: float, gate: float
) -> PairOffset | None:
    """Gauss-Newton over the tracks that agree; a shift of the ground between the two is allowed."""
    i, j = _close_pairs(first, second, max_offset, gate)
    for _ in range(REFINEMENTS):
        near = np.abs(first.times[i] - second.times[j] - seconds) < 0.5
        difference, velocity = _synchronous(first, second, i[near], j[near], seconds, gate)
        if len(difference) < FEWEST_PAIRS // 2:
            return None
        step, sigma = _solve_step(difference, velocity)
        seconds += float(np.clip(step, -0.5, 0.5))
        if abs(step) < 1e-4:
            break
    return PairOffset(seconds, sigma, len(difference)) if abs(seconds) <= max_offset else None


def _synchronous(
    first: GroundTracks, second: GroundTracks, i: Ints, j: Ints, seconds: float, gate: float
) -> tuple[Floats, Floats]:
    """Positions of the first minus the second's at the same time, and the second's velocities.

    Of each person only the track that runs closest counts, each way.
    """
    candidates = np.unique(np.column_stack([first.ids[i], second.ids[j]]), axis=0)
    found = []
    for a, b in candidates:
        mine = _one_track(first, a)
        times, points = _one_track(second, b)
        if len(times) < 2:
            continue
        inside = (mine[0] - seconds >= times[0]) & (mine[0] - seconds <= times[-1])
        at = mine[0][inside] - seconds
        there, ahead, behind = (_interpolate(at + d, times, points) for d in (0.0, 0.2, -0.2))
        difference = mine[1][inside] - there
        if len(at) >= 3:
            spread = float(np.median(np.linalg.norm(difference, axis=1)))
            found.append((spread, a, b, difference, (ahead - behind) / 0.4))
    kept, taken_first, taken_second = [], set(), set()
    for spread, a, b, difference, velocity in sorted(found, key=lambda row: row[0]):
        if spread < gate and a not in taken_first and b not in taken_second:
            taken_first.add(a)
            taken_second.add(b)
            kept.append((difference, velocity))
    if not kept:
        return np.zeros((0, 2)), np.zeros((0, 2))
    return np.concatenate([d for d, _ in kept]), np.concatenate([v for _, v in kept])


def _solve_step(difference: Floats, velocity: Floats) -> tuple[float, float]:
    """The change of offset and its sigma: difference = shift - velocity * change, Huber weights."""
    n = len(difference)
    A = np.zeros((2 * n, 3))
    A[:n, 0], A[n:, 0] = -velocity[:, 0], -velocity[:, 1]
    A[:n, 1], A[n:, 2] = 1, 1
    residual = difference.T.ravel()
    solution: Floats = np.zeros(3)
    for _ in range(10):
        error = residual - A @ solution
        noise = max(1.48 * float(np.median(np.abs(error))), NOISE_FLOOR)
        weight = np.minimum(1, 1.5 * noise / np.maximum(np.abs(error), 1e-12)) / noise**2
        normal = A.T @ (A * weight[:, None]) + np.diag([1e-9, BIAS_SIGMA**-2, BIAS_SIGMA**-2])
        solution = np.linalg.solve(normal, A.T @ (weight * residual))
    return float(solution[0]), float(np.sqrt(np.linalg.inv(normal)[0, 0]))


def _one_track(tracks: GroundTracks, track_id: int) -> tuple[Floats, Floats]:
    rows = np.flatnonzero(tracks.ids == track_id)
    rows = rows[np.argsort(tracks.times[rows])]
    return tracks.times[rows], tracks.points[rows]


def _interpolate(at: Floats, times: Floats, points: Floats) -> Floats:
    return np.stack([np.interp(at, times, points[:, k]) for k in (0, 1)], axis=1)


def _blur(values: Floats, sigma: float) -> Floats:
    """Gaussian blur in bins; at the ends the kernel is cut and renormalised."""
    reach = int(3 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    full = np.convolve(values, kernel)[reach : reach + len(values)]
    return full / np.convolve(np.ones(len(values)), kernel)[reach : reach + len(values)]


def _connected(names: list[str], pairs: list[tuple[str, str]]) -> list[str]:
    """The cameras that pairs tie to the first one, in their order."""
    reached = set(names[:1])
    for _ in names:
        reached |= {name for pair in pairs if reached & set(pair) for name in pair}
    return [name for name in names if name in reached]
