"""The floor: where people are followed, and where they come in and go out."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from configs import Settings
from tracker.types import FloatArray

__all__ = ["DoorSettings", "Doors", "distance_outside"]


def distance_outside(area: FloatArray, points: FloatArray) -> FloatArray:
    """(N,) metres from points (N, 2) to a polygon (K, 2), negative for those inside."""
    start, side = area, np.roll(area, -1, axis=0) - area
    offset = points[:, None] - start
    along = (offset * side).sum(axis=2) / np.maximum((side**2).sum(axis=1), 1e-12)
    nearest = start + np.clip(along, 0, 1)[..., None] * side
    distance = np.linalg.norm(points[:, None] - nearest, axis=2).min(axis=1, initial=np.inf)
    end = start + side
    spans = (start[:, 1] > points[:, None, 1]) != (end[:, 1] > points[:, None, 1])
    slope = np.divide(side[:, 0], side[:, 1], out=np.zeros(len(area)), where=side[:, 1] != 0)
    crossing = start[:, 0] + slope * (points[:, None, 1] - start[:, 1])
    inside = (spans & (points[:, None, 0] < crossing)).sum(axis=1) % 2 == 1
    return np.where(inside, -distance, distance)


class DoorSettings(Settings):
    """How doors are learned."""

    spread: float = Field(default=0.6, gt=0)
    """Metres around a place where somebody came or went that count as the same door."""
    patience: float = Field(default=6.0, gt=0)
    """Comings and goings that weigh as much as the assumption that doors may be anywhere."""
    given_weight: float = Field(default=20.0, ge=0)
    """Comings and goings that each given door stands for."""


class Doors:
    """How likely a person comes in or goes out at a place: given doors, and what was seen."""

    def __init__(
        self, settings: DoorSettings, floor_area: float, given: Sequence[FloatArray] = ()
    ) -> None:
        """floor_area: m^2 that people may appear on. given: (K, 2) points, lines, polygons."""
        self._settings = settings
        self._background = 1.0 / floor_area
        places = [_spots(door, settings.spread) for door in given]
        weights = [np.full(len(spots), settings.given_weight / len(spots)) for spots in places]
        self._places = np.concatenate([np.zeros((0, 2)), *places])
        self._weights = np.concatenate([np.zeros(0), *weights])

    def learn(self, place: FloatArray) -> None:
        """Somebody came in or went out at `place` (2,). The oldest of many are forgotten."""
        self._places = np.concatenate([self._places, place[None]])[-500:]
        self._weights = np.append(self._weights, 1.0)[-500:]

    def density(self, points: FloatArray) -> FloatArray:
        """(N,) per m^2: where the next one to come in or go out is expected, for points (N, 2)."""
        spread = self._settings.spread
        squared = ((points[:, None] - self._places) ** 2).sum(axis=2)
        kernel = np.exp(-squared / (2 * spread**2)) / (2 * np.pi * spread**2)
        patience = self._settings.patience
        total = patience * self._background + kernel @ self._weights
        return total / (patience + self._weights.sum())

    def openness(self, points: FloatArray) -> FloatArray:
        """(N,) log of that density over the density if doors were everywhere."""
        return np.log(self.density(points) / self._background)


def _spots(door: FloatArray, spacing: float) -> FloatArray:
    """Points along a door's outline, at most `spacing` apart."""
    if len(door) == 1:
        return door
    ends = np.roll(door, -1, axis=0) if len(door) > 2 else door[1:]
    pieces = []
    for start, end in zip(door, ends, strict=False):
        count = 1 + int(np.ceil(np.linalg.norm(end - start) / spacing))
        pieces.append(np.linspace(start, end, count + 1)[:-1])
    return np.concatenate([*pieces, door[-1:]])
