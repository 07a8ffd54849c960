"""All settings of a training run. The defaults are the paper's recipe for Market-1501."""

from typing import Literal

from pydantic import Field, model_validator

from configs.settings import Settings
from reid.models import ModelSettings
from reid.training.augment import AugmentSettings
from reid.training.datasets import Source
from reid.training.losses import LossSettings
from reid.training.sampler import BatchSettings
from reid.training.schedule import ScheduleSettings, Stage

__all__ = ["OptimiserSettings", "SwagSettings", "TrainSettings"]


class OptimiserSettings(Settings):
    """Who moves the weights."""

    kind: Literal["sgd", "adamw"] = "sgd"
    """The paper's SGD, or AdamW, which forgives more learning rates on short runs."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Of SGD."""
    weight_decay: float = Field(5e-4, ge=0)
    """Pull of all weights towards 0."""
    clip_norm: float | None = Field(None, gt=0)
    """Longest gradient that is followed, None for any."""


class SwagSettings(Settings):
    """The stage after the main run that averages weights (SWA, Izmailov 2018; SWAG, Maddox 2019).

    Cosine cycles of the learning rate, each lower than the last; the weights at each cycle's end
    are collected.
    """

    cycles: int = Field(0, ge=0)
    """Number of cycles; 0 leaves the stage out, the paper has 15."""
    cycle_epochs: int = Field(35, ge=1)
    """Length of a cycle."""
    peak: float = Field(0.03, gt=0)
    """Learning rate at the start of the first cycle."""
    decay: float = Field(0.7, gt=0, le=1)
    """Factor on the peak from one cycle to the next."""
    samples: int = Field(0, ge=0)
    """Models sampled from the Gaussian and averaged in the descriptor, scored beside the mean
    model. Each costs a pass over the training set, and at test time a whole network."""
    scale: float = Field(1, ge=0)
    """Factor on the Gaussian's variance."""


class TrainSettings(Settings):
    """A run of `reid-train`, resolved; it is written beside the results."""

    sources: tuple[Source, ...] = Field((Source(),), min_length=1)
    """The sets to train on, together; their identities are disjoint."""
    test: Source | None = None
    """The set that scores the model; None for the test part of the first source."""
    model: ModelSettings = ModelSettings()
    """The network."""
    classifier_bias: bool = False
    """Biases in the identity classifiers; the bag of tricks drops them."""
    loss: LossSettings = LossSettings()
    """What is minimised."""
    batch: BatchSettings = BatchSettings()
    """What a step sees."""
    augment: AugmentSettings = AugmentSettings()
    """How its images are changed."""
    optimiser: OptimiserSettings = OptimiserSettings()
    """How the weights move."""
    schedule: ScheduleSettings = ScheduleSettings()
    """How far."""
    swag: SwagSettings = SwagSettings()
    """The averaging stage."""
    stages: tuple[Stage, ...] = Field((Stage(),), min_length=1)
    """Input sizes over the run; small ones first make a CPU run several times cheaper. The last
    is the size that the model is tested and exported at."""
    seed: int = Field(0, ge=0)
    """Everything random follows from it."""
    minutes: float | None = Field(None, gt=0)
    """Time for training, evaluations not counted; the schedule is stretched over it. None: as
    many epochs as the schedule says."""
    evaluate_every: int = Field(10, ge=0)
    """Epochs between evaluations; 0 for one at the end."""
    checkpoint_minutes: float = Field(10, gt=0)
    """A checkpoint is written at each epoch's end, and within an epoch after this time."""
    mixed_precision: bool = True
    """Half precision on GPUs."""
    bfloat16: bool = False
    """bfloat16 on CPUs: steps take three quarters of the time where it is built in (AVX512-BF16,
    AMX), more than before elsewhere."""
    channels_last: bool = True
    """Memory layout with the channels innermost: a fifth faster on CPUs."""

    @model_validator(mode="after")
    def _is_consistent(self) -> "TrainSettings":
        if self.minutes is not None and self.swag.cycles:
            raise ValueError("swag counts epochs: a run with minutes can't have its cycles")
        return self

    @property
    def total_epochs(self) -> int:
        """Epochs of the main run and the averaging stage together."""
        return self.schedule.epochs + self.swag.cycles * self.swag.cycle_epochs
