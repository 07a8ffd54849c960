"""Detection scores on one scale: the probability that a box is a person."""

from typing import Literal

import numpy as np

from tracker.types import FloatArray

__all__ = ["ScoreScale", "margins2probabilities"]

ScoreScale = Literal["probability", "margin", "auto"]

# A margin classifier (a DPM's latent SVM) is trained so that its support vectors score -1 and 1.
# Reading those as 5 % and 95 % gives the slope of Platt's logistic without any labels.
MARGIN_SLOPE = np.log(19.0)


def margins2probabilities(margins: FloatArray) -> FloatArray:
    """(N,) unbounded margins -> (N,) probabilities: 0 -> 0.5, 1 -> 0.95, -1 -> 0.05."""
    return 1 / (1 + np.exp(-MARGIN_SLOPE * np.asarray(margins, np.float64)))
