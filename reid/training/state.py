"""What a run carries from step to step, and how it goes into a checkpoint and comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from configs.errors import InputError
from reid.models import Classifiers, Features, Logits, create_model
from reid.training.checkpoint import Checkpoint
from reid.training.settings import OptimiserSettings, TrainSettings
from reid.training.swag import WeightMoments

__all__ = [
    "Trainee",
    "TrainingState",
    "adopt_weights",
    "restore_state",
    "start_state",
    "to_checkpoint",
]


class Trainee(nn.Module):
    """The network and its training classifiers as one module, so that both see one forward pass."""

    def __init__(self, settings: TrainSettings, n_identities: int) -> None:
        super().__init__()
        self.model = create_model(settings.model)
        self.classifiers = Classifiers(
            self.model.feature_size,
            n_identities,
            settings.model.logit_scale,
            bias=settings.classifier_bias,
        )

    def forward(self, images: Tensor) -> tuple[Features, Logits]:
        features = Features(*(part.float() for part in self.model(images)))
        with torch.autocast(images.device.type, enabled=False):
            return features, self.classifiers(features)


@dataclass
class TrainingState:
    """epoch, step: what comes next, from 0. elapsed: seconds of training so far. tally: sums over
    the steps of the unfinished epoch. best: best rank-1 so far, percent. scores: of the last
    evaluation.
    """

    trainee: Trainee
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    moments: WeightMoments = field(default_factory=WeightMoments)
    epoch: int = 0
    step: int = 0
    elapsed: float = 0
    tally: dict[str, float] = field(default_factory=dict)
    best: float = 0
    scores: dict[str, float] = field(default_factory=dict)


def start_state(settings: TrainSettings, n_identities: int, device: torch.device) -> TrainingState:
    """A run before its first step; the weights follow from the seed."""
    torch.manual_seed(settings.seed)
    trainee = Trainee(settings, n_identities).to(device)
    if settings.channels_last:
        trainee = trainee.to(memory_format=torch.channels_last)
    scales = settings.mixed_precision and device.type == "cuda"
    return TrainingState(
        trainee,
        _optimiser(trainee, settings.optimiser),
        torch.amp.GradScaler(device.type, enabled=scales),
    )


def to_checkpoint(state: TrainingState, settings: TrainSettings, description: str) -> Checkpoint:
    """The state as it is now. The tensors are shared, so write it before the next step."""
    random = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        random["cuda"] = torch.cuda.get_rng_state()
    return Checkpoint(
        settings=settings,
        description=description,
        n_identities=state.trainee.classifiers.global_classifier.out_features,
        model=state.trainee.model.state_dict(),
        classifiers=state.trainee.classifiers.state_dict(),
        optimiser=state.optimiser.state_dict(),
        scaler=state.scaler.state_dict(),
        moments=state.moments.state_dict(),
        random=random,
        epoch=state.epoch,
        step=state.step,
        elapsed=state.elapsed,
        tally=dict(state.tally),
        best=state.best,
        scores=dict(state.scores),
    )


def restore_state(state: TrainingState, checkpoint: Checkpoint, settings: TrainSettings) -> None:
    """Bring a run where a checkpoint left off.

    Raises InputError where the checkpoint is of another network or of another set of identities.
    """
    if checkpoint.settings.model != settings.model:
        raise InputError(
            f"the checkpoint holds another network ({checkpoint.settings.model.model_dump()}) than "
            f"the settings ask for ({settings.model.model_dump()}): use a fresh --output"
        )
    n_identities = state.trainee.classifiers.global_classifier.out_features
    if checkpoint.n_identities != n_identities:
        raise InputError(
            f"the checkpoint was trained on {checkpoint.n_identities} identities, the data has "
            f"{n_identities}: give the same --data, or a fresh --output"
        )
    try:
        state.trainee.model.load_state_dict(checkpoint.model)
        state.trainee.classifiers.load_state_dict(checkpoint.classifiers)
        state.optimiser.load_state_dict(checkpoint.optimiser)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[-1].strip()[:160]
        raise InputError(f"the checkpoint doesn't fit the settings: {reason}") from None
    state.scaler.load_state_dict(checkpoint.scaler)
    state.moments.load_state_dict(checkpoint.moments)
    torch.set_rng_state(checkpoint.random["cpu"])
    if "cuda" in checkpoint.random and torch.cuda.is_available():
        torch.cuda.set_rng_state(checkpoint.random["cuda"])
    state.epoch, state.step = checkpoint.epoch, checkpoint.step
    state.elapsed, state.best = checkpoint.elapsed, checkpoint.best
    state.tally, state.scores = dict(checkpoint.tally), dict(checkpoint.scores)


def adopt_weights(state: TrainingState, model: Mapping[str, Tensor]) -> None:
    """Begin a run with another run's network; classifiers and optimiser stay fresh.

    model: torch's state of it. Raises InputError where it is of another network. What the losses
    see (`l2_mode`, `logit_scale`) may differ.
    """
    try:
        state.trainee.model.load_state_dict(model)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()[:160]
        raise InputError(f"the weights to start from are another network's: {reason}") from None


def _optimiser(trainee: Trainee, settings: OptimiserSettings) -> torch.optim.Optimizer:
    """The learning rate is set at every step."""
    weights = [parameter for parameter in trainee.parameters() if parameter.requires_grad]
    if settings.kind == "adamw":
        return torch.optim.AdamW(weights, lr=0.0, weight_decay=settings.weight_decay)
    return torch.optim.SGD(
        weights, lr=0.0, momentum=settings.momentum, weight_decay=settings.weight_decay
    )
