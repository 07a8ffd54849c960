"""From maps (N, C, H, W) to vectors."""

import torch
from torch import Tensor, nn

from reid.models.settings import PoolingKind

__all__ = ["AverageMaxPooling", "AveragePooling", "GeneralizedMean", "MaxPooling", "create_pooling"]


class GeneralizedMean(nn.Module):
    """GeM, eq. (6): `mean(x ** p) ** (1 / p)` with one trainable p (Radenovic et al. 2018).

    p = 1 is the average, large p the maximum. Values are kept above 1e-6, where the root's
    gradient is finite, and each map is divided by its maximum first: the result is the same, but
    its powers can't vanish in float32, as 1e-6 ** 8 does.
    """

    expansion = 1

    def __init__(self, p: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor(p))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        x = x.clamp(min=self.eps)
        # A constant for the gradient too: the mean is homogeneous, so the maximum's share cancels.
        largest = x.detach().amax(dim=(2, 3), keepdim=True)
        mean = (x / largest).pow(self.p).mean(dim=(2, 3))
        return mean.pow(1 / self.p) * largest[..., 0, 0]


class AveragePooling(nn.Module):
    """The mean of each channel: (N, C)."""

    expansion = 1

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3))


class MaxPooling(nn.Module):
    """The largest value of each channel: (N, C)."""

    expansion = 1

    def forward(self, x: Tensor) -> Tensor:
        return x.amax(dim=(2, 3))


class AverageMaxPooling(nn.Module):
    """Mean and maximum one after the other: (N, 2C)."""

    expansion = 2

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1)


Pooling = GeneralizedMean | AveragePooling | MaxPooling | AverageMaxPooling


def create_pooling(kind: PoolingKind) -> Pooling:
    """A pooling layer; its `expansion` times C is the length of its vectors."""
    match kind:
        case "gem":
            return GeneralizedMean()
        case "average":
            return AveragePooling()
        case "max":
            return MaxPooling()
        case "average_max":
            return AverageMaxPooling()
