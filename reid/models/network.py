"""The harmonious attention network: what Robust-ReID and HA-CNN have in common.

A global branch of three stages, each followed by soft attention; and a local branch that looks at
four regions of each stage's input, at places which the stage's output chooses.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from reid.models.attention import HardAttention, SoftAttention, crop_regions
from reid.models.blocks import ConvBlock
from reid.models.hacnn import inception_local, inception_stage
from reid.models.pooling import create_pooling
from reid.models.robust_reid import shuffle_local, shuffle_stage
from reid.models.settings import BlockKind, ModelSettings
from reid.models.smoothing import Smoothing

__all__ = ["Features", "Level", "ReidModel", "create_model", "crop_sizes"]

_SIZE_DIVISOR = 16


class Layout(NamedTuple):
    """Channels of the stem and the three stages, Shuffle-A blocks per stage, vector length."""

    stem: int
    stages: tuple[int, int, int]
    repeats: tuple[int, int, int]
    feature_size: int


_LAYOUTS = {
    "1x": Layout(32, (128, 256, 384), (7, 10, 7), 512),
    "2x": Layout(36, (240, 320, 480), (8, 11, 8), 960),
}


class Features(NamedTuple):
    """What a batch of N images gives, each (N, F).

    The first two are for the triplet loss, the last two for the classifiers; they differ with
    a BN neck or where only the triplet loss sees unit vectors.
    """

    global_features: Tensor
    local_features: Tensor
    global_classified: Tensor
    local_classified: Tensor


class Level(nn.Module):
    """One level of both branches.

    forward(x, local) takes the stage's input x (N, C, H, W), what the local branch gave one level
    above (N * 4, C, h, w) or None at the first, and the crop's size (h, w); it returns the attended
    map (N, C', H/2, W/2) and the local map (N * 4, C', h/2, w/2).
    """

    def __init__(
        self, in_channels: int, out_channels: int, repeats: int, blocks: BlockKind
    ) -> None:
        super().__init__()
        if blocks == "shuffle":
            self.stage = shuffle_stage(in_channels, out_channels, repeats)
            self.local = shuffle_local(in_channels, out_channels)
        else:
            self.stage = inception_stage(in_channels, out_channels)
            self.local = inception_local(in_channels, out_channels)
        self.soft = SoftAttention(out_channels)
        self.hard = HardAttention(out_channels)

    def forward(
        self, x: Tensor, local: Tensor | None, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        y = self.stage(x)
        regions = crop_regions(x, self.hard(y), size).flatten(0, 1)
        if local is not None:
            regions = regions + local
        return y * self.soft(y), self.local(regions)


def crop_sizes(height: int, width: int) -> list[tuple[int, int]]:
    """The regions' sizes at the three levels for an input of this size in pixels.

    24x28, 12x14 and 6x7 at the paper's 160x64, in proportion at others. Each is the last one
    halved and rounded up, which is what the local block makes of it.
    """
    first = (max(1, round(24 * height / 160)), max(1, round(28 * width / 64)))
    second = ((first[0] + 1) // 2, (first[1] + 1) // 2)
    return [first, second, ((second[0] + 1) // 2, (second[1] + 1) // 2)]


def _head(in_features: int, out_features: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(in_features, out_features), nn.BatchNorm1d(out_features), nn.ReLU()
    )


def _neck(size: int) -> nn.Module:
    """Batch norm whose shift stays zero (Luo et al. 2019)."""
    norm = nn.BatchNorm1d(size)
    norm.bias.requires_grad_(False)
    return norm


class ReidModel(nn.Module):
    """Images of people to appearance vectors.

    forward and embed take images (N, 3, H, W), RGB, normalised with ImageNet's mean and standard
    deviation. H and W must divide by 16; the paper's size is 160x64, and the regions scale with
    the input. In training mode N must be at least 2 (batch norm over vectors).

    feature_size: F, the length of one branch's vector; a descriptor has 2F.
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.settings = settings
        layout = _LAYOUTS[settings.width]
        self.feature_size = layout.feature_size
        self.smoothing = Smoothing(settings.smoothing) if settings.smoothing else nn.Identity()
        instance = settings.stem_norm == "instance"
        self.stem = ConvBlock(
            3,
            layout.stem,
            3,
            stride=2,
            norm=nn.InstanceNorm2d(layout.stem, affine=True) if instance else None,
        )
        channels = (layout.stem, *layout.stages)
        self.levels = nn.ModuleList(
            Level(c_in, c_out, repeats, settings.block_kind)
            for c_in, c_out, repeats in zip(channels, layout.stages, layout.repeats, strict=False)
        )
        self.pool_global = create_pooling(settings.pooling_kind)
        self.pool_local = create_pooling(settings.pooling_kind)
        pooled = self.pool_global.expansion * layout.stages[-1]
        self.head_global = _head(pooled, self.feature_size)
        self.head_local = _head(HardAttention.n_regions * pooled, self.feature_size)
        self.neck_global = _neck(self.feature_size) if settings.bn_neck else nn.Identity()
        self.neck_local = _neck(self.feature_size) if settings.bn_neck else nn.Identity()

    def forward(self, images: Tensor) -> Features:
        """The vectors for the losses, as `settings.l2_mode` and `settings.bn_neck` say."""
        global_raw, local_raw = self._raw_features(images)
        global_neck, local_neck = self.neck_global(global_raw), self.neck_local(local_raw)
        if self.settings.l2_kind != "off":
            global_raw, local_raw = normalize(global_raw), normalize(local_raw)
        if self.settings.l2_kind == "both":
            global_neck, local_neck = normalize(global_neck), normalize(local_neck)
        return Features(global_raw, local_raw, global_neck, local_neck)

    def embed(self, images: Tensor) -> Tensor:
        """The descriptors (N, 2F): the global and the local unit vector one after the other.

        Their length is sqrt(2), so that a dot product halved is the mean of both cosines.
        """
        features = self.forward(images)
        vectors = features.global_classified, features.local_classified
        return torch.cat([normalize(vector) for vector in vectors], dim=1)

    def _raw_features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        height, width = images.shape[-2:]
        if height % _SIZE_DIVISOR or width % _SIZE_DIVISOR:
            raise ValueError(f"input size {height}x{width} doesn't divide by {_SIZE_DIVISOR}")
        x, local = self.stem(self.smoothing(images)), None
        for level, size in zip(self.levels, crop_sizes(height, width), strict=True):
            x, local = level(x, local, size)
        pooled = self.pool_local(local).unflatten(0, (-1, HardAttention.n_regions)).flatten(1)
        return self.head_global(self.pool_global(x)), self.head_local(pooled)


def create_model(settings: ModelSettings) -> ReidModel:
    """The network that `settings` describe, with random weights from torch's generator."""
    return ReidModel(settings)
