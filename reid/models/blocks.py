"""The convolutional blocks that the networks are made of.

Convolutions have no bias: batch norm follows each of them. All blocks take and give maps
(N, C, H, W); a stride of 2 halves H and W, rounding up.

Shuffle blocks start near the identity. With random filters, a chain of some fifty batch norms
scrambles what its input has in common and lets gradients explode: in Robust-ReID's first
convolution they were 1,600 times those of a typical layer, against 160 now, and its global branch
learnt nothing in 75 steps.
"""

import torch
from torch import Tensor, nn

__all__ = [
    "ConvBlock",
    "DepthwiseConv",
    "InceptionA",
    "InceptionB",
    "ShuffleA",
    "ShuffleB",
    "interleave",
]


class ConvBlock(nn.Module):
    """Convolution, batch norm, ReLU. `norm` replaces the batch norm."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 1,
        stride: int = 1,
        norm: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False
        )
        self.norm = nn.BatchNorm2d(out_channels) if norm is None else norm

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.norm(self.conv(x)))


class DepthwiseConv(nn.Module):
    """One 3x3 filter per channel and batch norm, without an activation (ShuffleNet V2)."""

    def __init__(self, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        if x.is_cpu and torch.is_autocast_enabled("cpu"):
            # Its gradient in bfloat16 takes three times as long as in float32.
            with torch.autocast("cpu", enabled=False):
                return self.norm(self.conv(x.float()))
        return self.norm(self.conv(x))


def interleave(left: Tensor, right: Tensor) -> Tensor:
    """Concatenate two maps of C channels and shuffle them in two groups: l0 r0 l1 r1 ..."""
    # Channels last, as maps lie in memory in training; otherwise a step takes a tenth longer.
    left, right = left.movedim(1, -1), right.movedim(1, -1)
    return torch.stack((left, right), dim=-1).flatten(-2).movedim(-1, 1)


_RANDOM_SHARE = 0.3  # of the usual random filters, beside the identity
_SHIFT = 1.0  # of a batch norm before a ReLU, which then lets most of its input pass


def _start_near_identity(*layers: ConvBlock | DepthwiseConv) -> nn.Sequential:
    """A branch whose filters are the identity, where widths allow it, and some noise."""
    for layer in layers:
        weight = layer.conv.weight
        with torch.no_grad():
            if isinstance(layer, DepthwiseConv):
                weight *= _RANDOM_SHARE
                weight[..., 1, 1] += 1.0
                continue
            if weight.shape[0] == weight.shape[1]:
                weight *= _RANDOM_SHARE
                weight[..., 0, 0] += torch.eye(len(weight))
            nn.init.constant_(layer.norm.get_parameter("bias"), _SHIFT)
    return nn.Sequential(*layers)


class ShuffleA(nn.Module):
    """Half of the channels pass; the other half is convolved (the paper's Figure 5, left).

    Keeps size and number of channels, which must be even.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.branch = _start_near_identity(
            ConvBlock(half, half), DepthwiseConv(half), ConvBlock(half, half)
        )

    def forward(self, x: Tensor) -> Tensor:
        kept, changed = x.chunk(2, dim=1)
        return interleave(kept, self.branch(changed))


class ShuffleB(nn.Module):
    """Two convolved branches, to change channels or size (the paper's Figure 5, right).

    Each branch gives half of `out_channels`, which must be even.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        half = out_channels // 2
        self.left = _start_near_identity(
            DepthwiseConv(in_channels, stride), ConvBlock(in_channels, half)
        )
        self.right = _start_near_identity(
            ConvBlock(in_channels, half), DepthwiseConv(half, stride), ConvBlock(half, half)
        )

    def forward(self, x: Tensor) -> Tensor:
        return interleave(self.left(x), self.right(x))


class InceptionA(nn.Module):
    """HA-CNN's block that keeps the size. `out_channels` must divide by 4."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        quarter = out_channels // 4
        self.convolved = nn.ModuleList(
            nn.Sequential(ConvBlock(in_channels, quarter), ConvBlock(quarter, quarter, 3))
            for _ in range(3)
        )
        self.pooled = nn.Sequential(
            nn.AvgPool2d(3, stride=1, padding=1), ConvBlock(in_channels, quarter)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([*(stream(x) for stream in self.convolved), self.pooled(x)], dim=1)


class InceptionB(nn.Module):
    """HA-CNN's block that halves the size. `out_channels` must divide by 4."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        quarter = out_channels // 4
        self.short = nn.Sequential(
            ConvBlock(in_channels, quarter), ConvBlock(quarter, quarter, 3, stride=2)
        )
        self.long = nn.Sequential(
            ConvBlock(in_channels, quarter),
            ConvBlock(quarter, quarter, 3),
            ConvBlock(quarter, quarter, 3, stride=2),
        )
        self.pooled = nn.Sequential(
            nn.MaxPool2d(3, stride=2, padding=1), ConvBlock(in_channels, 2 * quarter)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.short(x), self.long(x), self.pooled(x)], dim=1)
