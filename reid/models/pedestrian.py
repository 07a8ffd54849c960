"""A small anchor-free pedestrian detector made of shuffle blocks.

Three levels of strides 8, 16 and 32; a light top-down and bottom-up neck; separate branches for
"is it a person" and "where". Boxes are decoded as YOLOX does (Ge et al. 2021).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from reid.models.blocks import ConvBlock, DepthwiseConv, ShuffleA, ShuffleB

__all__ = [
    "Neck",
    "PedestrianDetector",
    "PredictionHead",
    "Predictions",
    "Separable",
    "cell_corners",
]

_PRIOR = 0.01  # first score of every cell: most hold nobody


class Predictions(NamedTuple):
    """What N images give at A cells: boxes (N, A, 4) xyxy pixels and logits (N, A)."""

    boxes: Tensor
    logits: Tensor


class Separable(nn.Sequential):
    """A 3x3 filter per channel, then a 1x1 convolution."""

    def __init__(self, channels: int, stride: int = 1) -> None:
        super().__init__(DepthwiseConv(channels, stride), ConvBlock(channels, channels))


class Neck(nn.Module):
    """Three maps of different channels to three of the same, each knowing of the others."""

    def __init__(self, in_channels: tuple[int, int, int], channels: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(ConvBlock(width, channels) for width in in_channels)
        self.down_mix = nn.ModuleList(Separable(channels) for _ in range(2))
        self.shrink = nn.ModuleList(Separable(channels, stride=2) for _ in range(2))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        fine, middle, coarse = (layer(x) for layer, x in zip(self.lateral, maps, strict=True))
        middle = self.down_mix[1](middle + interpolate(coarse, scale_factor=2.0))
        fine = self.down_mix[0](fine + interpolate(middle, scale_factor=2.0))
        middle = middle + self.shrink[0](fine)
        coarse = coarse + self.shrink[1](middle)
        return [fine, middle, coarse]


class PredictionHead(nn.Module):
    """One level's branches: a map (N, C, H, W) to offsets (N, 4, H, W) and logits (N, 1, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.box_branch = Separable(channels)
        self.score_branch = Separable(channels)
        self.box = nn.Conv2d(channels, 4, 1)
        self.score = nn.Conv2d(channels, 1, 1)
        nn.init.normal_(self.box.weight, std=0.01)
        nn.init.normal_(self.score.weight, std=0.01)
        # A box around the cell's middle, two strides wide and five high.
        self.box.bias = nn.Parameter(torch.tensor([0.5, 0.5, 0.7, 1.6]))
        self.score.bias = nn.Parameter(torch.tensor([-math.log(1 / _PRIOR - 1)]))

    def branches(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The maps (N, C, H, W) from which it says what and where."""
        return self.score_branch(x), self.box_branch(x)

    def predict(self, what: Tensor, where: Tensor) -> tuple[Tensor, Tensor]:
        """Offsets (N, 4, H, W) and logits (N, 1, H, W) of both branches' maps."""
        return self.box(where), self.score(what)


def cell_corners(height: int, width: int, stride: int) -> Tensor:
    """The top left corners (A, 2), x and y in cells, of a level's cells, row by row."""
    rows, columns = torch.meshgrid(
        torch.arange(height // stride), torch.arange(width // stride), indexing="ij"
    )
    return torch.stack([columns, rows], dim=-1).flatten(0, 1).float()


class PedestrianDetector(nn.Module):
    """Finds people in images (N, 3, H, W), BGR 0..255, of which H and W divide by 32."""

    strides = (8, 16, 32)
    stage_channels = (96, 192, 384)
    channels = 64  # of each level's branches
    max_log_size = 6.0  # of a box in strides, so that exp stays finite

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(ConvBlock(3, 32, 3, stride=2), nn.MaxPool2d(3, 2, padding=1))
        self.stages = nn.ModuleList(
            _stage(before, after, repeats)
            for before, after, repeats in zip(
                (32, 96, 192), self.stage_channels, (3, 6, 3), strict=True
            )
        )
        self.neck = Neck(self.stage_channels, self.channels)
        self.heads = nn.ModuleList(PredictionHead(self.channels) for _ in self.strides)

    def forward(self, images: Tensor) -> Predictions:
        return self.predict(self.branches(self.stage_maps(images)))

    def stage_maps(self, images: Tensor) -> list[Tensor]:
        """What the backbone makes of images: a map (N, C, H / stride, W / stride) per level."""
        height, width = images.shape[-2:]
        if height % 32 or width % 32:
            raise ValueError(f"input size {height}x{width} doesn't divide by 32")
        x, maps = self.stem(images / 255), []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps

    def branches(self, maps: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """Per level the maps (N, 64, H / stride, W / stride) that tell what and where."""
        levels = zip(self.neck(maps), self.prediction_heads(), strict=True)
        return [head.branches(x) for x, head in levels]

    def predict(self, branches: list[tuple[Tensor, Tensor]]) -> Predictions:
        """Boxes and logits of what `branches` gives."""
        boxes, logits = [], []
        levels = zip(branches, self.prediction_heads(), self.strides, strict=True)
        for (what, where), head, stride in levels:
            offsets, scores = head.predict(what, where)
            height, width = offsets.shape[-2:]
            corners = cell_corners(height * stride, width * stride, stride).to(offsets.device)
            boxes.append(_decode(offsets.flatten(2).transpose(1, 2), corners, stride))
            logits.append(scores.flatten(1))
        return Predictions(torch.cat(boxes, dim=1), torch.cat(logits, dim=1))

    def centres(self, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Middles (A, 2) of the cells in pixels, and their strides (A,)."""
        corners = [cell_corners(height, width, stride) for stride in self.strides]
        middles = [(c + 0.5) * s for c, s in zip(corners, self.strides, strict=True)]
        strides = [
            torch.full((len(c),), float(s)) for c, s in zip(corners, self.strides, strict=True)
        ]
        return torch.cat(middles), torch.cat(strides)

    def prediction_heads(self) -> list[PredictionHead]:
        """One per level, fine to coarse."""
        return [head for head in self.heads if isinstance(head, PredictionHead)]


def _stage(in_channels: int, out_channels: int, repeats: int) -> nn.Sequential:
    return nn.Sequential(
        ShuffleB(in_channels, out_channels, stride=2),
        *(ShuffleA(out_channels) for _ in range(repeats)),
    )


def _decode(offsets: Tensor, corners: Tensor, stride: int) -> Tensor:
    """Offsets (N, A, 4) of cells at `corners` (A, 2) to boxes xyxy in pixels."""
    middle = (corners + offsets[..., :2]) * stride
    half = offsets[..., 2:].clamp(max=PedestrianDetector.max_log_size).exp() * (stride / 2)
    return torch.cat([middle - half, middle + half], dim=-1)
