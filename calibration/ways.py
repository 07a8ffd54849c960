"""The ways that people walk, cut to pieces that two cameras can be compared by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.timing import GroundTracks

__all__ = ["STEP", "PairSums", "Pieces", "Ways", "pair_sums", "pieces_of_tracks"]

Floats = NDArray[np.floating]
Complexes = NDArray[np.complexfloating]
Ints = NDArray[np.integer]

STEP = 0.25  # seconds between the moments that are compared
LONGEST_GAP = 1.0  # seconds that a way is interpolated over


@dataclass(frozen=True)
class Pieces:
    """Who was where in each of W stretches of time of S moments; at most P people in one.

    places: (W, P, S) metres as x + iy; NaN where somebody isn't seen. tracks: (W, P) whose piece
    it is; -1 where a stretch has fewer people.
    """

    places: Complexes
    tracks: Ints

    def __getitem__(self, stretches: Ints) -> "Pieces":
        return Pieces(self.places[stretches], self.tracks[stretches])


@dataclass(frozen=True)
class PairSums:
    """Sums over the moments that pieces a of one camera and b of another share, (W, P, Q) each.

    count: moments. a, b: of places. ab: of a times b conjugate. aa, bb: of squared lengths.
    """

    count: Floats
    a: Complexes
    b: Complexes
    ab: Complexes
    aa: Floats
    bb: Floats

    def squared_distance(self, turn: complex, shift: complex) -> Floats:
        """(W, P, Q) the sum of |a - (turn b + shift)|^2; turn: of length 1."""
        mixed = turn.conjugate() * self.ab + shift.conjugate() * (self.a - turn * self.b)
        return self.aa + self.bb + abs(shift) ** 2 * self.count - 2 * mixed.real


@dataclass(frozen=True)
class Ways:
    """Where T tracks were at M moments, `STEP` apart: places (T, M) metres as x + iy, NaN unseen.

    names: (T,) the tracks'.
    """

    places: Complexes
    names: Ints

    @classmethod
    def of_tracks(cls, tracks: GroundTracks, start: float, moments: int) -> "Ways":
        """On a clock that begins at `start` (seconds)."""
        clock = start + np.arange(moments) * STEP
        names = np.unique(tracks.ids)
        ways = np.full((len(names), len(clock)), np.nan, complex)
        for way, name in zip(ways, names, strict=True):
            rows = np.flatnonzero(tracks.ids == name)
            rows = rows[np.argsort(tracks.times[rows], kind="stable")]
            way[:] = _at(clock, tracks.times[rows], tracks.points[rows] @ np.array([1, 1j]))
        return cls(ways, names)

    def pieces(self, begin: int, count: int, moments: int) -> Pieces:
        """Cut into `count` stretches of so many moments, the first at moment `begin`."""
        ways = self.places[:, begin : begin + count * moments]
        pieces = ways.reshape(len(ways), count, moments).swapaxes(0, 1)
        seen = np.isfinite(pieces).sum(axis=2)
        most = int((seen > 0).sum(axis=1).max(initial=0))
        order = np.argsort(-seen, axis=1, kind="stable")[:, :most]
        there = np.take_along_axis(seen, order, axis=1) > 0
        return Pieces(
            np.take_along_axis(pieces, order[:, :, None], axis=1),
            np.where(there, self.names[order], -1),
        )


def pieces_of_tracks(tracks: GroundTracks, start: float, count: int, moments: int) -> Pieces:
    """Tracks cut into `count` stretches of so many moments, the first at `start` (seconds)."""
    return Ways.of_tracks(tracks, start, count * moments).pieces(0, count, moments)


def pair_sums(first: Pieces, second: Pieces) -> PairSums:
    """What every rigid motion's fit to every pair of pieces can be told from."""
    seen_a = np.isfinite(first.places).astype(float)
    seen_b = np.isfinite(second.places).astype(float).swapaxes(1, 2)
    a, b = np.nan_to_num(first.places), np.nan_to_num(second.places).swapaxes(1, 2)
    return PairSums(
        count=seen_a @ seen_b,
        a=a @ seen_b,
        b=seen_a @ b,
        ab=a @ b.conj(),
        aa=(a.real**2 + a.imag**2) @ seen_b,
        bb=seen_a @ (b.real**2 + b.imag**2),
    )


def _at(clock: Floats, times: Floats, places: Complexes) -> Complexes:
    """Places on a clock, interpolated over short gaps; NaN elsewhere."""
    if len(times) == 1:
        return np.where(np.abs(clock - times[0]) < STEP / 2, places[0], np.nan)
    after = np.clip(np.searchsorted(times, clock), 1, len(times) - 1)
    seen = (clock >= times[0]) & (clock <= times[-1])
    seen &= times[after] - times[after - 1] <= LONGEST_GAP
    return np.where(seen, np.interp(clock, times, places), np.nan)
