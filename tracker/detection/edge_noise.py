"""How far off a detector's boxes are, as its file tells: the fainter, the further."""

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from configs.settings import Settings
from reid.metadata import settings_from_metadata
from tracker.types import FloatArray

__all__ = ["EdgeNoise"]


class EdgeNoise(Settings):
    """Standard deviation of the edges of boxes, as a share of their height.

    Its logarithm is linear in the score. `tools/fit_thresholds.py detector` measures it on the
    lower edge, which the feet depend on.
    """

    faint: float = Field(gt=0, le=1)
    """Of a box with score 0..."""
    certain: float = Field(gt=0, le=1)
    """...and of one with score 1."""

    def shares(self, scores: FloatArray) -> FloatArray:
        """(N,) of boxes with these scores (N,), 0..1."""
        return self.faint ** (1 - scores) * self.certain**scores

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "EdgeNoise | None":
        """What an ONNX file says under `edge_noise`, as JSON; None where it says nothing.

        Raises InputError where the entry is there but can't be read.
        """
        return settings_from_metadata(cls, "edge_noise", metadata)

    @classmethod
    def fit(cls, scores: FloatArray, errors: FloatArray) -> "EdgeNoise":
        """From boxes with these scores (N,) and errors of an edge (N,), shares of their heights.

        Both ends are those under which Gaussian errors would be likeliest. The boxes must not all
        have one score.
        """
        squares = np.maximum(errors**2, 1e-6)
        terms = np.stack([1 - scores, scores])  # of the logarithm of the variance
        logs = np.full(2, np.log(squares.mean()))
        for _ in range(50):  # Newton's method on a convex loss: sum of log v + e^2 / v
            ratios = squares * np.exp(-logs @ terms)
            gradient = terms @ (1 - ratios)
            step = np.linalg.solve((terms * ratios) @ terms.T, gradient)
            logs -= np.clip(step, -1, 1)
        faint, certain = np.minimum(np.exp(logs / 2), 1).round(4).tolist()
        return cls(faint=faint, certain=certain)
