"""What every data set becomes: images with identity and camera, and who is searched among whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ReidData",
    "Samples",
    "Trial",
    "cross_camera_trials",
    "join_identities",
    "split_identities",
]

Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Samples:
    """N labelled images. identities, cameras: (N,) int64; identity -1 is junk.

    Distractors of a gallery carry an identity that no query has (0 in Market-1501).
    """

    paths: tuple[Path, ...]
    identities: Ints
    cameras: Ints

    def __post_init__(self) -> None:
        n = len(self.paths)
        if self.identities.shape != (n,) or self.cameras.shape != (n,):
            raise ValueError(
                f"{n} paths, identities {self.identities.shape} and cameras {self.cameras.shape}"
            )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: Ints | Bools) -> "Samples":
        chosen = np.arange(len(self))[rows]
        paths = tuple(self.paths[row] for row in chosen)
        return Samples(paths, self.identities[chosen], self.cameras[chosen])

    @property
    def n_identities(self) -> int:
        """How many different people are shown."""
        return len(np.unique(self.identities))

    @classmethod
    def of(cls, rows: Sequence[tuple[Path, int, int]]) -> "Samples":
        """From (path, identity, camera) triples; none are a case."""
        labels = np.array([row[1:] for row in rows], np.int64).reshape(-1, 2)
        return cls(tuple(row[0] for row in rows), labels[:, 0], labels[:, 1])


@dataclass(frozen=True)
class Trial:
    """Rows of a test set: `query` (Q,) are searched among `gallery` (G,)."""

    query: Ints
    gallery: Ints


@dataclass(frozen=True)
class ReidData:
    """A data set read: what it trains on, and the trials that score a model on its test images."""

    name: str
    train: Samples
    test: Samples
    trials: tuple[Trial, ...]

    def decoded(self, train: Bools, test: Bools) -> "ReidData":
        """Without the images that couldn't be decoded: masks over `train` and `test`."""
        position = np.cumsum(test) - 1
        trials = tuple(
            Trial(position[t.query[test[t.query]]], position[t.gallery[test[t.gallery]]])
            for t in self.trials
        )
        return ReidData(self.name, self.train[train], self.test[test], trials)


def cross_camera_trials(samples: Samples) -> tuple[Trial, ...]:
    """One trial per camera: its images are searched among those of all other cameras.

    With two cameras: the first against the second, and back. One camera alone gives no trial.
    """
    cameras = np.unique(samples.cameras)
    if len(cameras) < 2:
        return ()
    return tuple(
        Trial(np.flatnonzero(samples.cameras == c), np.flatnonzero(samples.cameras != c))
        for c in cameras
    )


def split_identities(samples: Samples, holdout: float) -> tuple[Samples, Samples]:
    """Train and test images without a common identity; `holdout` is the test's share of people.

    Which people are held out depends on nothing but their identities and the share, so that every
    run agrees. 0 puts everybody on both sides: scores are then those of a model on what it
    learnt, useful only for models trained elsewhere.
    """
    if holdout == 0:
        return samples, samples
    names = np.unique(samples.identities)
    held = np.random.default_rng(0).permutation(names)[: round(holdout * len(names))]
    is_test = np.isin(samples.identities, held)
    return samples[~is_test], samples[is_test]


def join_identities(parts: Sequence[Samples]) -> Samples:
    """Several training sets as one: identities 0, 1, ... without gaps, none shared by two sets.

    Cameras are kept apart in the same way. Junk is left out.
    """
    paths: list[Path] = []
    identities, cameras = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    n_identities = n_cameras = 0
    for part in parts:
        kept = part[part.identities != -1]
        people, identity = np.unique(kept.identities, return_inverse=True)
        places, camera = np.unique(kept.cameras, return_inverse=True)
        paths += kept.paths
        identities.append(identity + n_identities)
        cameras.append(camera + n_cameras)
        n_identities += len(people)
        n_cameras += len(places)
    return Samples(tuple(paths), np.concatenate(identities), np.concatenate(cameras))
