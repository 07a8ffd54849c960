"""What the detector is trained to minimise."""

from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from reid.models.pedestrian import Predictions
from reid.training.detection.assignment import People, assign, pairwise_giou

__all__ = ["DetectionLoss", "detection_loss", "quality_focal_loss"]

_BOX_WEIGHT = 2.0


class DetectionLoss(NamedTuple):
    """The sum that is minimised, and its two parts, as scalars."""

    total: Tensor
    score: Tensor
    box: Tensor


def detection_loss(
    predictions: Predictions, centres: Tensor, strides: Tensor, people: People
) -> DetectionLoss:
    """Quality focal loss on the scores and GIoU on the boxes of the cells that have a person.

    Scores are to be the cells' qualities. Both parts are divided by their sum over the batch (at
    least 1), so that images without people are a case like any other.
    """
    cells = assign(predictions.boxes, predictions.logits, centres, strides, people)
    norm = cells.quality.sum().clamp(min=1.0)
    score = (quality_focal_loss(predictions.logits, cells.quality) * cells.counts).sum() / norm
    wanted = cells.is_positive
    weights = cells.quality[wanted].clamp(min=0.1)
    shortfall = 1 - pairwise_giou(predictions.boxes[wanted], cells.boxes[wanted])
    box = _BOX_WEIGHT * (shortfall * weights).sum() / norm
    return DetectionLoss(score + box, score, box)


def quality_focal_loss(logits: Tensor, quality: Tensor) -> Tensor:
    """Cross-entropy with a soft target in 0..1, times the squared error (Li et al. 2020)."""
    error = (logits.sigmoid() - quality).detach().square()
    return error * binary_cross_entropy_with_logits(logits, quality, reduction="none")
