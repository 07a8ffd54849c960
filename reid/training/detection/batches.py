"""Batches of augmented canvases, each a function of the seed and the step alone."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid.training.detection.assignment import People
from reid.training.detection.augment import Sample, draw_sample, spoil
from reid.training.detection.pictures import Picture
from reid.training.detection.settings import DetectorTraining

__all__ = ["Batch", "batches"]


class Batch(NamedTuple):
    """Spoilt images (N, 3, H, W), the same before (N, H, W, 3), and their people."""

    images: Tensor
    clean: NDArray[np.uint8]
    people: People


def batches(
    pictures: Sequence[Picture], settings: DetectorTraining, first: int
) -> Iterator[tuple[int, Batch]]:
    """Steps and their batches, the next one made while this one is learnt."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(_batch, pictures, settings, first)
        for step in range(first, settings.steps):
            batch = coming.result()
            if step + 1 < settings.steps:
                coming = pool.submit(_batch, pictures, settings, step + 1)
            yield step, batch


def _batch(pictures: Sequence[Picture], settings: DetectorTraining, step: int) -> Batch:
    side = int(np.random.default_rng([settings.seed, step]).choice(settings.sides))
    samples, spoilt = [], []
    for row in range(settings.canvases(side)):
        rng = np.random.default_rng([settings.seed, step, row])
        shares = settings.mosaics, settings.spoilt_before
        samples.append(draw_sample(pictures, (side, side), *shares, rng))
        image = samples[-1].image
        spoilt.append(spoil(image, rng) if rng.random() < settings.spoilt else image)
    images = torch.from_numpy(np.stack(spoilt)).permute(0, 3, 1, 2).float()
    return Batch(images, np.stack([sample.image for sample in samples]), _people(samples))


def _people(samples: Sequence[Sample]) -> People:
    """Fill up to the most people that a sample has, at least one."""
    most = max(1, *(len(sample.boxes) for sample in samples))
    boxes = torch.zeros(len(samples), most, 4)
    is_real = torch.zeros(len(samples), most, dtype=torch.bool)
    ignored = torch.zeros(len(samples), most, dtype=torch.bool)
    for row, sample in enumerate(samples):
        n = len(sample.boxes)
        boxes[row, :n] = torch.from_numpy(sample.boxes).float()
        is_real[row, :n] = True
        ignored[row, :n] = torch.from_numpy(sample.ignored)
    return People(boxes, is_real, ignored)
