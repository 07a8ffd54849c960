"""Training batches: drawn, read from the memory-mapped images, augmented, one step ahead."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid.images import Preprocessing
from reid.training.augment import augment, cached_size
from reid.training.cache import ImageCache, report_undecodable
from reid.training.processes import Processes
from reid.training.sampler import epoch_batches
from reid.training.samples import Samples, join_identities
from reid.training.schedule import Stage
from reid.training.settings import TrainSettings

__all__ = ["Batch", "Loader"]

Ints = NDArray[np.integer]


@dataclass(frozen=True)
class Batch:
    """images: (N, 3, H, W) network input on the CPU. identities: (N,) int64. seconds: its cost."""

    images: Tensor
    identities: Tensor
    seconds: float


class Loader:
    """The batches of any epoch, from any step on.

    A batch follows from the seed, the epoch, the step and the process, and from nothing else:
    the loader has no state, so a resumed run sees what an uninterrupted one would have seen.

    samples: the decodable images, identities 0, 1, ... without gaps.
    """

    def __init__(
        self, samples: Samples, settings: TrainSettings, folder: Path, processes: Processes
    ) -> None:
        """folder: of the decoded images; they are decoded now, at the sizes of all stages."""
        self._settings = settings
        self._processes = processes
        self._caches = {}
        for stage in settings.stages:
            size = cached_size(settings.augment, stage.height, stage.width)
            self._caches[stage] = ImageCache.open(samples.paths, *size, folder)
        decoded = self._caches[settings.stages[0]].decoded
        report_undecodable(samples.paths, decoded)
        self._rows = np.flatnonzero(decoded)  # in the caches, of each sample
        self.samples = join_identities([samples[decoded]])

    def plan(self, epoch: int) -> list[Ints]:
        """The rows of each of this process's batches."""
        return epoch_batches(
            self.samples.identities,
            self._settings.batch,
            self._settings.seed,
            epoch,
            self._processes.rank,
            self._processes.world,
        )

    def batches(self, epoch: int, stage: Stage, first_step: int = 0) -> Iterator[Batch]:
        """This process's batches of an epoch, the next one made while the last is used."""
        plan = self.plan(epoch)
        # One thread: with more, it would fight over the cores with the step that it runs beside.
        with ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,)) as ahead:
            waiting = None
            for step in range(first_step, len(plan)):
                coming = ahead.submit(self._batch, plan[step], epoch, step, stage)
                if waiting is not None:
                    yield waiting.result()
                waiting = coming
            if waiting is not None:
                yield waiting.result()

    def _batch(self, rows: Ints, epoch: int, step: int, stage: Stage) -> Batch:
        started = perf_counter()
        settings = self._settings
        seeds = np.random.SeedSequence((settings.seed, epoch, step, self._processes.rank))
        generator = torch.Generator().manual_seed(int(seeds.generate_state(1)[0]))
        preprocessing = Preprocessing(height=stage.height, width=stage.width)
        cached = self._caches[stage].images[self._rows[rows]]
        images = augment(cached, settings.augment, preprocessing, generator)
        identities = torch.from_numpy(self.samples.identities[rows])
        return Batch(images, identities, perf_counter() - started)
