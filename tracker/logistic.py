"""Logistic rules: evidence weighed and summed to the logarithm of odds."""

from collections.abc import Mapping

import numpy as np

from configs.settings import Settings
from tracker.types import FloatArray

__all__ = ["Evidence", "Weights", "log_odds"]

Evidence = Mapping[str, FloatArray]
"""By name, numbers (N,) that speak for or against each of N claims."""


class Weights(Settings):
    """Base of a rule's weights: `bias`, and one for each kind of evidence that it uses."""

    bias: float = 0.0


def log_odds(evidence: Evidence, weights: Weights) -> FloatArray:
    """(N,) logarithm of the odds of each claim."""
    count = len(next(iter(evidence.values())))
    total = np.full(count, weights.bias)
    for name, weight in weights:
        if name != "bias" and weight != 0:
            total += weight * evidence[name]
    return total
