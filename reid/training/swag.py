"""Averaging weights over a run: SWA's mean, SWAG's diagonal Gaussian, and fresh statistics.

References: Izmailov et al., arXiv 1803.05407; Maddox et al., arXiv 1902.02476.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["WeightMoments", "renew_batch_norm", "weights_replaced"]

_LEAST_VARIANCE = 1e-30
Weights = dict[str, Tensor]


class WeightMoments:
    """Running mean and mean square, in float64, of all parameters of the collected models.

    count: models collected. Buffers, such as batch norm's statistics, are not averaged: they are
    renewed for the averaged weights (`renew_batch_norm`).
    """

    def __init__(self) -> None:
        self.count = 0
        self._mean: Weights = {}
        self._square: Weights = {}

    def collect(self, model: nn.Module) -> None:
        """Take the weights of a model at a cycle's end."""
        self.count += 1
        for name, parameter in model.named_parameters():
            value = parameter.detach().double().cpu()
            for moments, power in ((self._mean, value), (self._square, value**2)):
                old = moments.get(name, torch.zeros_like(power))
                moments[name] = old + (power - old) / self.count

    def mean(self) -> Weights:
        """The averaged weights (SWA), in float32; empty before the first collection."""
        return {name: value.float() for name, value in self._mean.items()}

    def sample(self, generator: torch.Generator, scale: float = 1) -> Weights:
        """Weights drawn from the Gaussian with the diagonal variance, times `scale`."""
        drawn = {}
        for name, mean in self._mean.items():
            variance = (self._square[name] - mean**2).clamp(min=_LEAST_VARIANCE)
            noise = torch.randn(mean.shape, generator=generator, dtype=torch.float64)
            drawn[name] = (mean + (scale * variance).sqrt() * noise).float()
        return drawn

    def state_dict(self) -> dict[str, Weights | int]:
        """Everything, for a checkpoint."""
        return {"count": self.count, "mean": self._mean, "square": self._square}

    def load_state_dict(self, state: dict[str, Weights | int]) -> None:
        """Take back what `state_dict` gave; an empty state is that of new moments."""
        self.count = int(state.get("count", 0))  # type: ignore[arg-type]
        self._mean = dict(state.get("mean", {}))  # type: ignore[arg-type]
        self._square = dict(state.get("square", {}))  # type: ignore[arg-type]


@contextmanager
def weights_replaced(model: nn.Module, weights: Weights) -> Iterator[None]:
    """Inside, the model has these parameters; afterwards its own again, buffers included."""
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    try:
        model.load_state_dict(weights, strict=False)
        yield
    finally:
        model.load_state_dict(kept)


@torch.no_grad()
def renew_batch_norm(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Replace batch norm's statistics by the averages over these batches of images.

    Averaged weights have never seen data, so the statistics of any collected model are wrong for
    them. Each batch counts by its number of images. The model's mode is left as it was.
    """
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    momenta, was_training = [norm.momentum for norm in norms], model.training
    for norm in norms:
        norm.reset_running_stats()
    model.train()
    seen = 0
    for images in batches:
        seen += len(images)
        for norm in norms:
            norm.momentum = len(images) / seen
        model(images)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(was_training)
