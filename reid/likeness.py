"""How far apart must two pictures be to show two people? Learned from pairs that are certain."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs import Settings

__all__ = ["LikenessModel", "LikenessSettings"]

Floats = NDArray[np.floating]


class LikenessSettings(Settings):
    """What is assumed about appearance distances (1 - cosine) before any pair was seen."""

    same: float = Field(default=0.3, ge=0, le=2)
    """Mean distance of two pictures of one person."""
    different: float = Field(default=0.7, ge=0, le=2)
    """Mean distance of pictures of two people."""
    spread: float = Field(default=0.15, gt=0)
    """Standard deviation of both."""
    weight: float = Field(default=30.0, gt=0)
    """How many certain pairs of each kind the assumption is worth."""
    memory: float = Field(default=2000.0, gt=0)
    """Pairs of each kind after which older ones begin to count less."""


class LikenessModel:
    """Two bell curves of one width: distances of the same person and of two people.

    `log_ratio` is linear in the distance, so that nearer is never less alike; it is flat where
    the pictures tell nothing, whatever their scale. Pairs that are certain come from outside:
    one track is one person; two people seen at once in different places are two.
    """

    def __init__(self, settings: LikenessSettings) -> None:
        self._settings = settings
        mean = np.array([settings.same, settings.different])
        self._weight = np.full(2, settings.weight)
        self._mean = mean
        self._square = mean**2 + settings.spread**2

    def learn(self, same: Floats, different: Floats) -> None:
        """Take in distances of certain pairs: (N,) of one person each, (M,) of two."""
        for kind, distances in enumerate((same, different)):
            distances = distances[np.isfinite(distances)]
            if len(distances) == 0:
                continue
            old = min(self._weight[kind], self._settings.memory)
            share = len(distances) / (old + len(distances))
            self._mean[kind] += share * (distances.mean() - self._mean[kind])
            self._square[kind] += share * ((distances**2).mean() - self._square[kind])
            self._weight[kind] = old + len(distances)

    def log_ratio(self, distances: Floats) -> Floats:
        """Log of how much likelier each distance is for one person than for two."""
        same, different = self._mean
        return self._slope() * ((same + different) / 2 - distances)

    def threshold(self, log_ratio: float) -> float:
        """The distance at which the log ratio is this; -inf where no distance reaches it."""
        slope = self._slope()
        if slope < 1e-6:
            return -np.inf if log_ratio > 0 else np.inf
        return float(self._mean.mean() - log_ratio / slope)

    def _slope(self) -> float:
        variance = (self._square - self._mean**2).mean()
        return float(max(self._mean[1] - self._mean[0], 0.0) / max(variance, 1e-6))
