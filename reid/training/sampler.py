"""Batches of P identities with K images each, as triplet losses need them."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.errors import InputError
from configs.settings import Settings

__all__ = ["BatchSettings", "epoch_batches"]

Ints = NDArray[np.integer]


class BatchSettings(Settings):
    """What one training step sees."""

    identities: int = Field(8, ge=2)
    """P: different people in a batch."""
    images: int = Field(4, ge=2)
    """K: images of each of them."""
    steps: int | None = Field(None, ge=1)
    """Steps that make an epoch; None for one pass over the data set (see `epoch_batches`)."""


def epoch_batches(
    identities: Ints, settings: BatchSettings, seed: int, epoch: int, rank: int = 0, world: int = 1
) -> list[Ints]:
    """The rows of every batch of an epoch, for the images' identities (N,).

    One pass: each identity's images are shuffled and cut into groups of K; while P identities
    have a group left, P of them, drawn at random, give one each. So an epoch shows every image
    about once, and ends when fewer than P identities are left (the common sampler of torchreid
    since 2019). With `settings.steps`, passes follow each other until that many batches are
    there. Batches of a run with several processes are dealt out in turn, the same number to each.

    Corner cases: an identity with fewer than K images repeats some of them; the images that
    don't fill a group wait for another epoch. The same seed and epoch give the same batches.

    Raises InputError for fewer than P identities, or for fewer batches than processes.
    """
    total = None if settings.steps is None else settings.steps * world
    rng = np.random.default_rng((seed, epoch))
    batches = _one_pass(identities, settings, rng)
    while total is not None and len(batches) < total:
        batches += _one_pass(identities, settings, rng)
    per_process = len(batches[:total]) // world
    if per_process == 0:
        raise InputError(
            f"{len(identities)} images give {len(batches)} batches: too few for {world} processes"
        )
    return batches[rank : per_process * world : world]


def _one_pass(identities: Ints, settings: BatchSettings, rng: np.random.Generator) -> list[Ints]:
    names = np.unique(identities)
    if len(names) < settings.identities:
        raise InputError(
            f"a batch takes {settings.identities} identities, the training set has {len(names)}: "
            "add data or lower batch.identities"
        )
    groups = [_groups(rows, settings.images, rng) for rows in _rows_of(identities, names)]
    left = np.array([len(g) for g in groups])
    batches = []
    while (open_ := np.flatnonzero(left)).size >= settings.identities:
        chosen = rng.choice(open_, settings.identities, replace=False)
        left[chosen] -= 1
        batches.append(np.concatenate([groups[i][left[i]] for i in chosen]))
    return batches


def _rows_of(identities: Ints, names: Ints) -> list[Ints]:
    order = np.argsort(identities, kind="stable")
    return np.split(order, np.searchsorted(identities[order], names[1:]))


def _groups(rows: Ints, size: int, rng: np.random.Generator) -> Ints:
    """(groups, size) shuffled rows; an identity with fewer rows than `size` repeats them."""
    if len(rows) < size:
        extra = rng.choice(rows, size - len(rows))
        return np.concatenate([rows, extra])[None]
    shuffled = rng.permutation(rows)
    return shuffled[: len(rows) // size * size].reshape(-1, size)
