"""Which cells answer for which person."""

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Assignment", "People", "assign", "pairwise_giou", "pairwise_iou"]

_POSITIVES = 9  # cells per person, at most
_NEAR = 1.5  # strides from a box's middle within which a cell may answer even from outside
_STRIDES_A_SIDE = 5.0  # of a box that suits a level: the side of its square, in strides
_STATIC_SHARE = 1e-3  # weight of place and size beside the prediction's own quality


class People(NamedTuple):
    """The people in N images, filled up to M: boxes (N, M, 4) xyxy, is_real and ignored (N, M).

    Ignored people (too small, too hidden) are neither wanted nor counted as wrong.
    """

    boxes: Tensor
    is_real: Tensor
    ignored: Tensor


class Assignment(NamedTuple):
    """boxes (N, A, 4): each cell's person; is_positive (N, A): it has one; quality (N, A): what its
    score is to be, 0 where there is none; counts (N, A): 0 where an ignored person stands.

    Of a person's cells the best one's quality is the IoU of its box, that of the others falls as
    they suit it less, so that one box of each person has the highest score by far.
    """

    boxes: Tensor
    is_positive: Tensor
    quality: Tensor
    counts: Tensor


def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU (...) of boxes (..., 4) xyxy that broadcast against each other; 0 for empty boxes."""
    overlap, union, _ = _areas(a, b)
    return overlap / union.clamp(min=1e-9)


def pairwise_giou(a: Tensor, b: Tensor) -> Tensor:
    """Generalised IoU in -1..1 (Rezatofighi et al. 2019) of boxes that broadcast."""
    overlap, union, hull = _areas(a, b)
    return overlap / union.clamp(min=1e-9) - (hull - union) / hull.clamp(min=1e-9)


def assign(
    boxes: Tensor, logits: Tensor, centres: Tensor, strides: Tensor, people: People
) -> Assignment:
    """Give each person the cells that suit it best, after TOOD (Feng et al. 2021).

    Suitable is who already predicts the box well and confidently; at first, when nobody does, who
    stands near the middle on the level that suits the size. A cell wanted by several people
    takes the one it overlaps most. boxes (N, A, 4), logits (N, A), centres (A, 2), strides (A,).
    No gradient flows.
    """
    with torch.no_grad():
        iou = pairwise_iou(people.boxes[:, :, None], boxes[:, None])
        allowed = _allowed(centres, strides, people)
        quality = logits.sigmoid()[:, None].sqrt() * iou.pow(6)
        static = _static(centres, strides, people.boxes)
        suits = torch.where(allowed, static * (quality + _STATIC_SHARE), 0.0)
        n_best = min(_POSITIVES, suits.shape[-1])
        best_cells = suits.topk(n_best, dim=-1).indices
        chosen = torch.zeros_like(allowed).scatter_(-1, best_cells, True) & (suits > 0)
        # Among the people who chose a cell, the one that it overlaps most; then any.
        claim = torch.where(chosen, iou + 1e-6, 0.0)
        best, person = claim.max(dim=1)
        taken = torch.gather(people.boxes, 1, person[..., None].expand(-1, -1, 4))
        is_positive = best > 0
        aligned = _of_the_best(torch.where(chosen, quality, 0.0), torch.where(chosen, iou, 0.0))
        wanted = torch.where(is_positive, torch.gather(aligned, 1, person[:, None])[:, 0], 0.0)
        counts = (is_positive | ~_covered(centres, people)).float()
    return Assignment(taken, is_positive, wanted, counts)


def _of_the_best(quality: Tensor, iou: Tensor) -> Tensor:
    """Qualities (N, M, A), scaled so that each person's largest is its largest IoU."""
    largest = quality.amax(dim=-1, keepdim=True).clamp(min=1e-9)
    return quality / largest * iou.amax(dim=-1, keepdim=True)


def _allowed(centres: Tensor, strides: Tensor, people: People) -> Tensor:
    """Cells (N, M, A) inside a wanted person's box or close to its middle."""
    low, high = people.boxes[:, :, None, :2], people.boxes[:, :, None, 2:]
    inside = ((centres > low) & (centres < high)).all(dim=-1)
    near = ((centres - (low + high) / 2).abs() < _NEAR * strides[:, None]).all(dim=-1)
    return (inside | near) & (people.is_real & ~people.ignored)[..., None]


def _static(centres: Tensor, strides: Tensor, boxes: Tensor) -> Tensor:
    """How well place and level suit a box, 0..1: (N, M, A)."""
    size = boxes[..., 2:] - boxes[..., :2]
    middle = boxes[..., :2] + size / 2
    distance = (centres - middle[:, :, None]).norm(dim=-1) / strides
    side = size.prod(dim=-1).clamp(min=1e-6).sqrt()[..., None]
    level = (side / (_STRIDES_A_SIDE * strides)).log2().abs()
    return torch.exp(-0.5 * distance - level)


def _covered(centres: Tensor, people: People) -> Tensor:
    """Cells (N, A) whose middle lies in an ignored person's box."""
    low, high = people.boxes[:, :, None, :2], people.boxes[:, :, None, 2:]
    inside = ((centres > low) & (centres < high)).all(dim=-1)
    return (inside & (people.is_real & people.ignored)[..., None]).any(dim=1)


def _areas(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Areas of the intersection, the union and the hull."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    overlap = (high - low).clamp(min=0).prod(dim=-1)
    union = _area(a) + _area(b) - overlap
    outer_low = torch.minimum(a[..., :2], b[..., :2])
    outer_high = torch.maximum(a[..., 2:], b[..., 2:])
    return overlap, union, (outer_high - outer_low).prod(dim=-1)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(dim=-1)
