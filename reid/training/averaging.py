"""The averaging stage of a run: when weights are collected, and what the average scores."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid.training.checkpoint import Checkpoint, save_checkpoint
from reid.training.engine import evaluate
from reid.training.evaluation import ModelEmbedder, embed_images, score
from reid.training.loader import Loader
from reid.training.preparation import HeldOutImages
from reid.training.settings import TrainSettings
from reid.training.state import TrainingState
from reid.training.swag import renew_batch_norm, weights_replaced

__all__ = ["Averaging", "average_descriptors"]


class Averaging:
    """SWA and SWAG over the cycles of `settings.swag`."""

    def __init__(self, settings: TrainSettings, loader: Loader, device: torch.device) -> None:
        self._settings = settings
        self._loader = loader
        self._device = device

    def ends_cycle(self, epoch: int) -> bool:
        """True after the last epoch of a cycle; `epoch` counts the finished ones."""
        done = epoch - self._settings.schedule.epochs
        return (
            self._settings.swag.cycles > 0
            and done > 0
            and done % self._settings.swag.cycle_epochs == 0
        )

    def after_epoch(self, state: TrainingState) -> None:
        """Collect the weights if a cycle ends."""
        if self.ends_cycle(state.epoch):
            state.moments.collect(state.trainee.model)

    def scores(self, state: TrainingState, test: HeldOutImages) -> dict[str, float]:
        """Of the mean model (SWA), with batch norm's statistics renewed; percent."""
        model = state.trainee.model
        with weights_replaced(model, state.moments.mean()):
            renew_batch_norm(model, self._images())
            return evaluate(model, test, self._device)

    def finish(
        self, state: TrainingState, checkpoint: Checkpoint, test: HeldOutImages, output: Path
    ) -> dict[str, float]:
        """Write `averaged.pt`, a checkpoint with the mean model, and `averaged.json`: its scores
        and, if models are to be sampled, those of their averaged descriptors.
        """
        model = state.trainee.model
        with weights_replaced(model, state.moments.mean()):
            renew_batch_norm(model, self._images())
            scores = evaluate(model, test, self._device)
            averaged = replace(checkpoint, model=model.state_dict(), scores=scores)
            save_checkpoint(averaged, output / "averaged.pt")
        content = {"mean": scores}
        if self._settings.swag.samples:
            embeddings = self._sampled(state, test)
            content["samples"] = score(embeddings, test.data).summary()
        (output / "averaged.json").write_text(json.dumps(content, indent=2) + "\n")
        return scores

    def _sampled(self, state: TrainingState, test: HeldOutImages) -> NDArray[np.float32]:
        """Descriptors averaged over models drawn from the Gaussian, each with own statistics."""
        model, swag = state.trainee.model, self._settings.swag
        generator = torch.Generator().manual_seed(self._settings.seed)
        drawn = []
        for _ in range(swag.samples):
            with weights_replaced(model, state.moments.sample(generator, swag.scale)):
                renew_batch_norm(model, self._images())
                embedder = ModelEmbedder(model, test.preprocessing, self._device)
                drawn.append(embed_images(embedder, test.images))
        return average_descriptors(drawn)

    def _images(self) -> Iterator[Tensor]:
        """One pass over the training set, augmented as in training (as SWAG's authors do)."""
        settings = self._settings
        batches = self._loader.batches(settings.total_epochs, settings.stages[-1])
        return (batch.images.to(self._device) for batch in batches)


def average_descriptors(descriptors: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """(N, 2F) unit rows from S descriptors (N, 2F) of the same images.

    The global and the local halves are averaged and brought back to the same length, apart.
    """
    halves = np.stack(np.split(np.mean(descriptors, axis=0), 2, axis=1))
    halves /= np.maximum(np.linalg.norm(halves, axis=2, keepdims=True), 1e-12)
    return (np.concatenate(list(halves), axis=1) / np.sqrt(2)).astype(np.float32)
