"""Before the first step: data read, checked and decoded, so that a mistake shows at once."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reid.images import Image, Preprocessing
from reid.training.cache import ImageCache, report_undecodable
from reid.training.datasets import read_source
from reid.training.evaluation import require_matches
from reid.training.loader import Loader
from reid.training.processes import Processes
from reid.training.samples import ReidData, join_identities
from reid.training.settings import TrainSettings

__all__ = ["HeldOutImages", "describe", "prepare_test", "prepare_training"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HeldOutImages:
    """A test set with its decoded images (N, height, width, 3), which need no resizing."""

    data: ReidData
    images: Image

    @property
    def preprocessing(self) -> Preprocessing:
        """What remains to be done to the images."""
        return Preprocessing(height=self.images.shape[1], width=self.images.shape[2])


def prepare_training(settings: TrainSettings, cache: Path, processes: Processes) -> Loader:
    """The batches of all sources together.

    Raises InputError: a root that lacks something, no decodable image, too few identities.
    """
    sets = [read_source(source) for source in settings.sources]
    joined = join_identities([data.train for data in sets])
    if not processes.is_first:
        processes.wait()  # the first one decodes, the others find its files
    loader = Loader(joined, settings, cache, processes)
    if processes.is_first:
        processes.wait()
    loader.plan(0)
    counts = np.bincount(loader.samples.identities)
    if not processes.is_first:
        return loader
    _log.info("training on %s", describe(settings, loader))
    single = np.flatnonzero(counts == 1)
    if len(single):
        first = loader.samples.paths[int(np.isin(loader.samples.identities, single).argmax())]
        _log.warning(
            "%d of %d identities have one image only, such as %s: it is repeated in a batch, "
            "which teaches no likeness",
            len(single),
            len(counts),
            first,
        )
    return loader


def describe(settings: TrainSettings, loader: Loader) -> str:
    """The training data in one line, for people and for the metadata of exported models."""
    names = " + ".join(source.name for source in settings.sources)
    return f"{names}: {len(loader.samples)} images of {loader.samples.n_identities} identities"


def prepare_test(settings: TrainSettings, cache: Path) -> HeldOutImages:
    """The test set at the last stage's size.

    Raises InputError: a root that lacks something, no decodable image, nothing to match.
    """
    data = read_source(settings.test or settings.sources[0])
    last = settings.stages[-1]
    decoded = ImageCache.open(data.test.paths, last.height, last.width, cache)
    report_undecodable(data.test.paths, decoded.decoded)
    kept = data.decoded(np.ones(len(data.train), bool), decoded.decoded)
    require_matches(kept)
    images = decoded.images if decoded.decoded.all() else decoded.images[decoded.decoded]
    return HeldOutImages(kept, images)
