"""Learning from a teacher: its scores, its boxes, and the features that it judges by.

Features are what makes rendered pictures enough: a teacher that was trained on photographs
describes every place of a picture, people or not, in the terms that photographs need.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from reid.models.pedestrian import PedestrianDetector, Predictions
from reid.training.detection.assignment import pairwise_giou
from reid.training.detection.loss import quality_focal_loss
from reid.training.detection.teacher import Lesson
from reid.training.onnx_blocks import layers

__all__ = ["LessonLoss", "Translation", "feature_loss", "lesson_loss"]

_BOX_WEIGHT = 2.0
_LEAST_SCORE = 0.1  # of the teacher's boxes that are learnt
_EMPTY_WEIGHT = 0.1  # of the features where nobody stands, beside 1 at a person


class LessonLoss(NamedTuple):
    """Scalars to be minimised: of scores and boxes, and of features."""

    seen: Tensor
    features: Tensor


class Translation(nn.Module):
    """From the detector's features to the teacher's: a linear map for each of three a level.

    It exists for training alone.
    """

    def __init__(self, widths: tuple[tuple[int, ...], ...]) -> None:
        """widths: channels of the teacher's features, per level as in `Lesson`."""
        super().__init__()
        own = PedestrianDetector.channels
        self.levels = nn.ModuleList(
            nn.ModuleList(
                nn.Conv2d(before, after, 1)
                for before, after in zip((stage, own, own), level, strict=True)
            )
            for stage, level in zip(PedestrianDetector.stage_channels, widths, strict=False)
        )

    def forward(
        self, maps: list[Tensor], branches: list[tuple[Tensor, Tensor]]
    ) -> list[tuple[Tensor, ...]]:
        return [
            tuple(layer(x) for layer, x in zip(layers(level), (stage, *pair), strict=True))
            for level, stage, pair in zip(self.levels, maps, branches, strict=True)
        ]


def lesson_loss(
    predictions: Predictions, translated: list[tuple[Tensor, ...]], lesson: Lesson
) -> LessonLoss:
    """How far predictions and translated features are from a lesson on the same images.

    Scores: quality focal loss towards the teacher's. Boxes: GIoU where the teacher is not sure
    that nobody stands, weighted by its score. Both are divided by the summed scores of the batch
    (at least 1).
    """
    norm = lesson.scores.sum().clamp(min=1.0)
    score = quality_focal_loss(predictions.logits, lesson.scores).sum() / norm
    wanted = lesson.scores > _LEAST_SCORE
    shortfall = 1 - pairwise_giou(predictions.boxes[wanted], lesson.boxes[wanted])
    box = _BOX_WEIGHT * (shortfall * lesson.scores[wanted]).sum() / norm
    cells = [what.shape[2] * what.shape[3] for _, what, _ in translated]
    levels = torch.split(lesson.scores, cells, dim=1)
    losses = [
        feature_loss(said, meant, scores)
        for saids, meants, scores in zip(translated, lesson.features, levels, strict=True)
        for said, meant in zip(saids, meants, strict=True)
    ]
    return LessonLoss(score + box, torch.stack(losses).mean())


def feature_loss(said: Tensor, meant: Tensor, scores: Tensor) -> Tensor:
    """Weighted mean squared error of maps (N, C, H, W), the teacher's standardised by channel.

    scores (N, H * W): cells of people weigh more. 1 is what saying nothing costs, about.
    """
    mean = meant.mean(dim=(0, 2, 3), keepdim=True)
    std = meant.std(dim=(0, 2, 3), keepdim=True).clamp(min=1e-3)
    error = (said.float() - (meant - mean) / std).square().mean(dim=1).flatten(1)
    weights = _EMPTY_WEIGHT + scores
    return (error * weights).sum() / weights.sum()
