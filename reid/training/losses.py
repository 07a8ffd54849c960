"""The paper's losses: equations (2) to (5), and the identity loss with smoothed labels."""

from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from configs.settings import Settings

__all__ = [
    "LossSettings",
    "Losses",
    "identity_loss",
    "pairwise_distances",
    "reid_losses",
    "triplet_loss",
]


class LossSettings(Settings):
    """Which losses are summed, on the global and on the local features alike."""

    triplet: Literal["none", "original", "batch_hard", "batch_soft"] = "batch_soft"
    """Which triplets count: all of eq. (2), the hardest of eq. (3), the weighted of eq. (4)."""
    soft_margin: bool = True
    """True for eq. (5)'s ln(1 + exp(.)), which needs no margin; False for the hinge."""
    margin: float = Field(0.3, ge=0)
    """The hinge's margin, in units of the distance between features. No effect on eq. (5)."""
    detach_weights: bool = False
    """True keeps gradients from flowing through the weights of eq. (4); the paper lets them."""
    identity: bool = True
    """The identity classification loss on both classifiers."""
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    """Share of the target that is spread over all identities."""
    triplet_weight: float = Field(1, ge=0)
    """Factor on the triplet losses in the sum."""


@dataclass(frozen=True)
class Losses:
    """The named parts of one batch's loss, each a scalar tensor; a part that is off is 0."""

    identity_global: Tensor
    identity_local: Tensor
    triplet_global: Tensor
    triplet_local: Tensor
    triplet_weight: float = 1

    @property
    def total(self) -> Tensor:
        """What is minimised."""
        triplets = self.triplet_global + self.triplet_local
        return self.identity_global + self.identity_local + self.triplet_weight * triplets

    def parts(self) -> dict[str, Tensor]:
        """Name -> scalar, the total first."""
        return {
            "loss": self.total,
            "identity_global": self.identity_global,
            "identity_local": self.identity_local,
            "triplet_global": self.triplet_global,
            "triplet_local": self.triplet_local,
        }


def pairwise_distances(features: Tensor) -> Tensor:
    """(N, N) Euclidean distances in float32 at least, of features (N, F) of any precision.

    Differences are taken directly, not through the Gram matrix: equal rows have a distance of
    exactly 0 and a gradient of 0, and near ones keep their digits.
    """
    precise = features.double() if features.dtype == torch.float64 else features.float()
    return torch.cdist(precise, precise, compute_mode="donot_use_mm_for_euclid_dist")


def triplet_loss(features: Tensor, identities: Tensor, settings: LossSettings) -> Tensor:
    """The triplet loss of a batch: features (N, F), identities (N,).

    A positive is another image of the anchor's identity, a negative any image of another one.
    The mean is taken over the anchors that have both (eq. 2: over all valid triplets); a batch
    without such an anchor, or without images, costs 0.

    References: arXiv 1910.07038, eqs. (2)-(5); Hermans et al., arXiv 1703.07737.
    """
    with torch.autocast(features.device.type, enabled=False):
        distances = pairwise_distances(features)
        same = identities[:, None] == identities
        positives = same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
        anchors = positives.any(1) & (~same).any(1)
        if settings.triplet == "none" or not anchors.any():
            return features.sum().to(distances.dtype) * 0
        gaps = _gaps(distances[anchors], positives[anchors], ~same[anchors], settings)
        if settings.soft_margin:
            return functional.softplus(gaps).mean()
        return functional.relu(settings.margin + gaps).mean()


def identity_loss(logits: Tensor, identities: Tensor, settings: LossSettings) -> Tensor:
    """Cross-entropy with smoothed labels, of logits (N, identities), N >= 1; 0 where it is off."""
    if not settings.identity:
        return logits.sum().float() * 0
    return functional.cross_entropy(
        logits.float(), identities, label_smoothing=settings.label_smoothing
    )


def reid_losses(
    features: tuple[Tensor, Tensor],
    logits: tuple[Tensor, Tensor],
    identities: Tensor,
    settings: LossSettings,
) -> Losses:
    """All losses of a batch, of its (global, local) features (N, F) and logits (N, identities)."""
    return Losses(
        identity_loss(logits[0], identities, settings),
        identity_loss(logits[1], identities, settings),
        triplet_loss(features[0], identities, settings),
        triplet_loss(features[1], identities, settings),
        settings.triplet_weight,
    )


def _gaps(
    distances: Tensor, positives: Tensor, negatives: Tensor, settings: LossSettings
) -> Tensor:
    """How much farther the positives are than the negatives: per anchor, or per triplet."""
    infinity = torch.inf
    if settings.triplet == "original":
        gaps = distances[:, :, None] - distances[:, None, :]
        return gaps[positives[:, :, None] & negatives[:, None, :]]
    if settings.triplet == "batch_hard":
        hardest_positive = distances.masked_fill(~positives, -infinity).amax(1)
        return hardest_positive - distances.masked_fill(~negatives, infinity).amin(1)
    weighed = distances.detach() if settings.detach_weights else distances
    near = weighed.masked_fill(~positives, -infinity).softmax(1)
    far = (-weighed).masked_fill(~negatives, -infinity).softmax(1)
    return (near * distances).sum(1) - (far * distances).sum(1)
