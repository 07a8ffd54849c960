"""How far apart must two pictures be to show two people? Learned from pairs that are certain."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs import Settings
from reid.metadata import settings_from_metadata

__all__ = ["CosinePrior", "LikenessModel", "LikenessSettings"]

Floats = NDArray[np.floating]


class LikenessSettings(Settings):
    """What is assumed about appearance distances (1 - cosine) before any pair was seen."""

    same: float = Field(default=0.3, ge=0)
    """Mean distance of two pictures of one person."""
    different: float = Field(default=0.7, ge=0)
    """Mean distance of pictures of two people."""
    spread: float = Field(default=0.15, gt=0)
    """Standard deviation of both."""
    weight: float = Field(default=30.0, gt=0)
    """How many certain pairs of each kind the assumption is worth."""
    memory: float = Field(default=2000.0, gt=0)
    """Pairs of each kind after which older ones begin to count less."""


class CosinePrior(Settings):
    """What is known of a ReID model beforehand: cosines of its embeddings as they come out.

    They are between the mean embeddings of a few pictures each, from two cameras. A model's card
    may give them; the defaults are near to those of a common network. `LikenessModel` learns on.
    """

    same_mean: float = Field(default=0.7, ge=-1, le=1)
    """Mean cosine of one person's pictures."""
    same_std: float = Field(default=0.1, gt=0)
    """Its standard deviation."""
    different_mean: float = Field(default=0.5, ge=-1, lt=1)
    """Mean cosine of two people's pictures."""
    different_std: float = Field(default=0.1, gt=0)
    """Its standard deviation."""
    weight: float = Field(default=30.0, gt=0)
    """How many certain pairs of each kind this is worth."""

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "CosinePrior | None":
        """What an ONNX file says under `cosine_prior`, as JSON; None where it says nothing.

        Raises InputError where the entry is there but can't be read.
        """
        return settings_from_metadata(cls, "cosine_prior", metadata)

    def at(self, strength: float) -> "LikenessSettings":
        """The prior on distances, once a share 0..1 of the common mean has been subtracted.

        The cosine of two strangers is what all have in common: m^2, if m is the length of the
        common mean. Without g m it becomes (c - h m^2) / (1 - h m^2), h = 2 g - g^2.
        """
        removed = (2 * strength - strength**2) * max(self.different_mean, 0.0)
        spread = np.sqrt((self.same_std**2 + self.different_std**2) / 2)
        return LikenessSettings(
            same=1 - (self.same_mean - removed) / (1 - removed),
            different=1 - (self.different_mean - removed) / (1 - removed),
            spread=float(spread) / (1 - removed),
            weight=self.weight,
        )


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
        """Log of how much likelier each distance is for one person than for two; -inf where the
        distance is infinite, as there is nothing to compare."""
        known = ~np.isinf(distances)
        ratio = self._slope() * (self._mean.mean() - np.where(known, distances, 0.0))
        return np.where(known, ratio, -np.inf)

    @property
    def usual(self) -> tuple[float, float]:
        """The mean distances of one person's pictures and of two people's. Nearer than the first
        one is as alike as a person is."""
        same, different = self._mean.tolist()
        return same, max(same, different)

    def threshold(self, log_ratio: float) -> float:
        """The distance at which the log ratio is this; -inf where no distance reaches it."""
        slope = self._slope()
        if slope < 1e-6:
            return -np.inf if log_ratio > 0 else np.inf
        return float(self._mean.mean() - log_ratio / slope)

    def _slope(self) -> float:
        variance = (self._square - self._mean**2).mean()
        return float(max(self._mean[1] - self._mean[0], 0.0) / max(variance, 1e-6))
