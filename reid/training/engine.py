"""The two functions that training is made of; `reid.training.run.train` wires them."""

import math
from collections.abc import Callable, Iterable
from time import perf_counter

import torch
from torch import nn

from reid.models import ReidModel
from reid.training.evaluation import ModelEmbedder, embed_images, score
from reid.training.loader import Batch
from reid.training.losses import Losses, reid_losses
from reid.training.preparation import HeldOutImages
from reid.training.settings import TrainSettings
from reid.training.state import TrainingState

__all__ = ["evaluate", "train_one_epoch"]


def train_one_epoch(
    network: nn.Module,
    state: TrainingState,
    batches: Iterable[Batch],
    settings: TrainSettings,
    rate: Callable[[], float],
    after_step: Callable[[], bool],
) -> None:
    """Take a step per batch; `state` counts them.

    network: `state.trainee`, or what distributes it. rate: the learning rate of the coming step.
    after_step: called after each; True ends the epoch early.

    Raises FloatingPointError, with all parts of the loss, where it or its gradient isn't finite;
    the weights are then those of the step before.
    """
    device = next(network.parameters()).device
    if device.type == "cpu":
        autocast = torch.autocast("cpu", torch.bfloat16, enabled=settings.bfloat16)
    else:
        autocast = torch.autocast(device.type, enabled=settings.mixed_precision)
    network.train()
    started = perf_counter()
    for batch in batches:
        for group in state.optimiser.param_groups:
            group["lr"] = rate()
        images = batch.images.to(device, non_blocking=True)
        if settings.channels_last:
            images = images.to(memory_format=torch.channels_last)
        identities = batch.identities.to(device, non_blocking=True)
        with autocast:
            features, logits = network(images)
        losses = reid_losses(features[:2], logits, identities, settings.loss)
        parts = _finite_parts(losses, state)
        state.optimiser.zero_grad()
        torch.autograd.backward(state.scaler.scale(losses.total))
        state.scaler.unscale_(state.optimiser)
        norm = nn.utils.clip_grad_norm_(
            network.parameters(), settings.optimiser.clip_norm or math.inf
        )
        if not state.scaler.is_enabled() and not norm.isfinite():  # a scaler skips such a step
            raise _not_finite("gradient", parts, state)
        state.scaler.step(state.optimiser)
        state.scaler.update()
        right = sum(float((part.argmax(1) == identities).float().mean()) for part in logits) / 2
        seconds = perf_counter() - started
        state.step += 1
        state.elapsed += seconds
        parts |= {"accuracy": 100 * right, "images": len(images), "steps": 1}
        parts |= {"seconds": seconds, "data_seconds": batch.seconds}
        for name, value in parts.items():
            state.tally[name] = state.tally.get(name, 0) + value
        if after_step():
            return
        started = perf_counter()


def evaluate(model: ReidModel, test: HeldOutImages, device: torch.device) -> dict[str, float]:
    """Rank-1/5/10, mAP and mINP of a model on the test set, percent. The model's mode is kept."""
    was_training = model.training
    embeddings = embed_images(ModelEmbedder(model, test.preprocessing, device), test.images)
    model.train(was_training)
    return score(embeddings, test.data).summary()


def _finite_parts(losses: Losses, state: TrainingState) -> dict[str, float]:
    parts = {name: float(value.detach()) for name, value in losses.parts().items()}
    if not all(math.isfinite(value) for value in parts.values()):
        raise _not_finite("loss", parts, state)
    return parts


def _not_finite(what: str, parts: dict[str, float], state: TrainingState) -> FloatingPointError:
    values = ", ".join(f"{name} {value:g}" for name, value in parts.items())
    place = f"epoch {state.epoch + 1}, step {state.step + 1}"
    return FloatingPointError(f"the {what} isn't finite at {place}: {values}")
