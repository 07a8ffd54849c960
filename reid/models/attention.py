"""Harmonious attention (Li et al., CVPR 2018): soft maps over a stage's output, and four regions.

The sampling is separable, since regions are shifted and scaled but never rotated: a crop is
`Ry @ x @ Rx.T` with one row of bilinear weights per sample. That is what an affine grid with
aligned corners and zeros outside gives, and it exports as two matrix products.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from reid.models.blocks import ConvBlock

__all__ = [
    "ChannelAttention",
    "HardAttention",
    "SoftAttention",
    "SpatialAttention",
    "crop_regions",
    "sampling_matrix",
]

_INITIAL_CENTRES = (0.0, -0.75, 0.0, -0.25, 0.0, 0.25, 0.0, 0.75)  # x, y before tanh
_REDUCTION = 16


class SpatialAttention(nn.Module):
    """Where to look: (N, C, H, W) -> (N, 1, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.shrink = ConvBlock(1, 1, 3, stride=2)
        self.scale = ConvBlock(1, 1)

    def forward(self, x: Tensor) -> Tensor:
        small = self.shrink(x.mean(dim=1, keepdim=True))
        return self.scale(interpolate(small, x.shape[2:], mode="bilinear", align_corners=True))


class ChannelAttention(nn.Module):
    """Which channels matter: (N, C, H, W) -> (N, C, 1, 1).

    Its batch norm sees one value per image and channel, so training needs at least two images.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = ConvBlock(channels, channels // _REDUCTION)
        self.excite = ConvBlock(channels // _REDUCTION, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.excite(self.squeeze(x.mean(dim=(2, 3), keepdim=True)))


class SoftAttention(nn.Module):
    """Weights (N, C, H, W) for a stage's output.

    They lie in 0.5..1, because a ReLU stands before the sigmoid as in torchreid's HA-CNN.
    `channels` must divide by 16.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spatial = SpatialAttention()
        self.channel = ChannelAttention(channels)
        self.mix = ConvBlock(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.mix(self.spatial(x) * self.channel(x)))


class HardAttention(nn.Module):
    """The centres (N, 4, 2), x and y in -1..1, of four regions: at first four stripes."""

    n_regions = 4
    extent = (1.0, 0.25)  # a region's share of the map's width and height

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.centres = nn.Linear(channels, 2 * self.n_regions)
        nn.init.zeros_(self.centres.weight)
        with torch.no_grad():
            self.centres.bias.copy_(torch.tensor(_INITIAL_CENTRES))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.centres(x.mean(dim=(2, 3)))).view(-1, self.n_regions, 2)


def sampling_matrix(centres: Tensor, extent: float, n_samples: int, n_pixels: int) -> Tensor:
    """Bilinear weights (..., n_samples, n_pixels) along one axis.

    centres: (...) of the region in -1..1, where -1 and 1 are the centres of the first and the
    last pixel. extent: the region's size as a share of the axis. Samples are spread evenly over
    the region with its borders included. Outside lie zeros, so a row may sum to less than 1.
    """
    offsets = extent * torch.linspace(-1, 1, n_samples, dtype=centres.dtype, device=centres.device)
    positions = (centres[..., None] + offsets + 1) * ((n_pixels - 1) / 2)
    pixels = torch.arange(n_pixels, dtype=centres.dtype, device=centres.device)
    return torch.relu(1 - (positions[..., None] - pixels).abs())


def crop_regions(x: Tensor, centres: Tensor, size: tuple[int, int]) -> Tensor:
    """Sample the regions at `centres` (N, R, 2) of maps (N, C, H, W): (N, R, C, *size).

    A region has the full width and a quarter of the height; what sticks out is zero. The
    gradient reaches the centres through the bilinear weights.
    """
    width, height = HardAttention.extent
    rows = sampling_matrix(centres[..., 1], height, size[0], x.shape[2])
    columns = sampling_matrix(centres[..., 0], width, size[1], x.shape[3])
    return rows[:, :, None] @ x[:, None] @ columns[:, :, None].transpose(-1, -2)
