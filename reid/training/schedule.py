"""The learning rate and the input's size over a run: the paper's eq. (1), and cheaper roads."""

import math
from typing import Literal

from pydantic import Field, model_validator

from configs.settings import Settings

__all__ = ["ScheduleSettings", "Stage", "learning_rate", "stage_at", "swag_learning_rate"]


class ScheduleSettings(Settings):
    """How the learning rate moves. A run's position is counted in epochs, fractions included.

    A run with a time budget stretches the same curve over the minutes it has.
    """

    kind: Literal["step", "cosine"] = "step"
    """"step" is eq. (1); "cosine" falls from the peak to 0 in half a wave."""
    epochs: int = Field(350, ge=1)
    """Length of the run."""
    peak: float = Field(0.03, gt=0)
    """Highest learning rate."""
    warmup: int = Field(10, ge=0)
    """Epochs over which the rate rises linearly to the peak; 0 for none."""
    drops: tuple[int, ...] = (150, 225)
    """Epochs after which "step" multiplies the rate by `factor`."""
    factor: float = Field(0.1, gt=0, lt=1)
    """What a drop multiplies the rate by."""

    def shortened(self, epochs: int) -> "ScheduleSettings":
        """The same curve over another number of epochs: warm-up and drops keep their share."""
        share = epochs / self.epochs
        return self.model_copy(
            update={
                "epochs": epochs,
                "warmup": round(self.warmup * share),
                "drops": tuple(round(drop * share) for drop in self.drops),
            }
        )


class Stage(Settings):
    """A part of the run that trains at one size of input."""

    until: float = Field(1, gt=0, le=1)
    """Share of the run at which this stage ends."""
    height: int = Field(160, ge=16, le=1024)
    """Rows of the input, pixels."""
    width: int = Field(64, ge=8, le=1024)
    """Columns of the input, pixels."""

    @model_validator(mode="after")
    def _fits_the_networks(self) -> "Stage":
        if self.height % 16 or self.width % 16:
            raise ValueError("height and width must be multiples of 16")
        return self


def learning_rate(settings: ScheduleSettings, position: float) -> float:
    """The rate at a position in epochs: 0 is the start of the first, 1.5 the middle of the second.

    "step" is eq. (1) with t = floor(position) + 1, constant within an epoch; "cosine" moves with
    every step, its warm-up too.
    """
    if settings.kind == "step":
        epoch = math.floor(position) + 1
        if epoch <= settings.warmup:
            return settings.peak * epoch / settings.warmup
        return settings.peak * settings.factor ** sum(epoch > drop for drop in settings.drops)
    if position < settings.warmup:
        # The first step already moves: a hundredth of the peak.
        return settings.peak * max(position / settings.warmup, 0.01)
    share = (position - settings.warmup) / max(settings.epochs - settings.warmup, 1e-9)
    return settings.peak * 0.5 * (1 + math.cos(math.pi * min(share, 1)))


def swag_learning_rate(
    epoch: int, *, peak: float = 0.03, cycle_epochs: int = 35, decay: float = 0.7
) -> float:
    """The SWAG stage's rate at its epoch, from 0: a cosine per cycle, each lower by `decay`."""
    cycle, inside = divmod(epoch, cycle_epochs)
    return peak * decay**cycle * 0.5 * (1 + math.cos(math.pi * inside / cycle_epochs))


def stage_at(stages: tuple[Stage, ...], share: float) -> Stage:
    """The stage at a share 0..1 of the run: the first that ends later, else the last."""
    return next((stage for stage in stages if share < stage.until), stages[-1])
