"""The training classifiers, one per branch; dropped after training."""

from typing import NamedTuple

from torch import Tensor, nn

from reid.models.network import Features

__all__ = ["Classifiers", "Logits"]


class Logits(NamedTuple):
    """Scores (N, identities) of both branches."""

    global_logits: Tensor
    local_logits: Tensor


class Classifiers(nn.Module):
    """Linear classifiers over the training identities, times `logit_scale`.

    Without bias, as the bag of tricks has it; the baseline trains with one.
    """

    def __init__(
        self, feature_size: int, n_identities: int, logit_scale: float = 1.0, *, bias: bool = False
    ) -> None:
        super().__init__()
        self.global_classifier = nn.Linear(feature_size, n_identities, bias=bias)
        self.local_classifier = nn.Linear(feature_size, n_identities, bias=bias)
        self.logit_scale = logit_scale

    def forward(self, features: Features) -> Logits:
        return Logits(
            self.logit_scale * self.global_classifier(features.global_classified),
            self.logit_scale * self.local_classifier(features.local_classified),
        )
