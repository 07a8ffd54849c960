"""The detector while it learns: its weights, their running average, optimiser and teacher."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from reid.models.pedestrian import PedestrianDetector
from reid.training.detection.batches import Batch
from reid.training.detection.distillation import Translation, lesson_loss
from reid.training.detection.loss import detection_loss
from reid.training.detection.settings import DetectorTraining
from reid.training.detection.teacher import Teacher

__all__ = ["Learner", "Losses", "learning_rate"]

_WARMUP_START = 0.05  # of the learning rate
_MOST_GRADIENT = 10.0  # norm at which gradients are cut


class Losses(NamedTuple):
    """Of a step: scores and boxes by the annotations; by the teacher, and its features."""

    score: float
    box: float
    seen: float
    features: float


def learning_rate(step: int, settings: DetectorTraining) -> float:
    """A linear warm-up, then half a cosine down to a hundredth."""
    if step < settings.warmup:
        share = _WARMUP_START + (1 - _WARMUP_START) * step / settings.warmup
    else:
        done = (step - settings.warmup) / max(settings.steps - settings.warmup, 1)
        share = 0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * done))
    return float(settings.learning_rate * share)


class Learner:
    """Owns what a checkpoint holds (`state`); `average` is what is exported."""

    def __init__(self, settings: DetectorTraining, teacher: Teacher | None) -> None:
        self._settings = settings
        self._teacher = teacher
        self._model = PedestrianDetector().to(memory_format=torch.channels_last).train()
        self.average = PedestrianDetector()
        self.average.load_state_dict(self._model.state_dict())
        self._translation = Translation(teacher.widths if teacher else ())
        learners = nn.ModuleList([self._model, self._translation])
        self._optimiser = torch.optim.AdamW(
            _parameter_groups(learners, settings.weight_decay), lr=settings.learning_rate
        )
        self.state: dict[str, Any] = {
            "model": self._model, "average": self.average, "optimiser": self._optimiser
        }  # fmt: skip
        if teacher:
            self.state["translation"] = self._translation

    def start_with(self, detector: PedestrianDetector) -> None:
        """Take another's weights in place of random ones."""
        self._model.load_state_dict(detector.state_dict())
        self.average.load_state_dict(detector.state_dict())

    def learn(self, batch: Batch, step: int) -> Losses:
        """One step.

        Raises FloatingPointError, with the loss's parts, before the weights change: the loss or
        its gradient isn't finite.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(step, self._settings)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._settings.bfloat16):
            maps = self._model.stage_maps(batch.images)
            branches = self._model.branches(maps)
        # Places in bfloat16 would be off by pixels.
        predictions = self._model.predict([(a.float(), b.float()) for a, b in branches])
        cells = self._model.centres(*batch.images.shape[-2:])
        loss = detection_loss(predictions, *cells, batch.people)
        total, seen, features = loss.total, torch.zeros(()), torch.zeros(())
        if self._teacher:
            lesson = self._teacher(batch.clean)
            with torch.autocast("cpu", torch.bfloat16, enabled=self._settings.bfloat16):
                translated = self._translation(maps, branches)
            seen, features = lesson_loss(predictions, translated, lesson)
            total = total + self._settings.teaching * seen + self._settings.describing * features
        losses = Losses(loss.score.item(), loss.box.item(), seen.item(), features.item())
        if not torch.isfinite(total):
            raise FloatingPointError(f"step {step}: {losses}")
        self._optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self._model.parameters(), _MOST_GRADIENT)
        if not norm.isfinite():
            raise FloatingPointError(f"step {step}: gradient {norm}, {losses}")
        self._optimiser.step()
        _follow(self.average, self._model, min(self._settings.average, (1 + step) / (10 + step)))
        return losses


def _parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Filters decay; biases and batch norm's scales don't."""
    parameters = list(model.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _follow(average: nn.Module, model: nn.Module, kept: float) -> None:
    with torch.no_grad():
        for mean, value in zip(
            average.state_dict().values(), model.state_dict().values(), strict=True
        ):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - kept)
            else:
                mean.copy_(value)
