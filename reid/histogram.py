"""Appearance without a network: colours in horizontal stripes."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.likeness import CosinePrior

__all__ = ["HistogramEmbedder"]

STRIPES = 8
BINS = (8, 4, 4)  # hue, saturation, value
SIZE = (32, 64)  # width and height at which colours are counted


class HistogramEmbedder:
    """A baseline that needs no weights: one HSV histogram for each of eight stripes of the body.

    Counts go through a square root, so that the dot product of two embeddings is the mean
    Bhattacharyya coefficient of their stripes. Grey pixels have no hue: they count for a hue bin
    all the same, as their saturation bin keeps them apart. The left and right fifth of a crop is
    mostly background and is left out.
    """

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        return STRIPES * int(np.prod(BINS))

    @property
    def cosine_prior(self) -> CosinePrior:
        """As measured between the two cameras of PKU-ReID, all 42 people, four pictures a side."""
        return CosinePrior(same_mean=0.45, same_std=0.13, different_mean=0.36, different_std=0.12)

    def embed(
        self, crops: Sequence[NDArray[np.uint8]], cameras: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """(N, D) unit rows for N crops (height, width, 3) BGR of any size; N may be 0.

        cameras: which took each; here it doesn't matter.
        """
        if not crops:
            return np.zeros((0, self.dimension), np.float32)
        small = [cv2.resize(_middle(crop), SIZE, interpolation=cv2.INTER_AREA) for crop in crops]
        hsv = cv2.cvtColor(np.concatenate(small), cv2.COLOR_BGR2HSV).astype(np.int64)
        hue, saturation, value = np.moveaxis(hsv, -1, 0)
        pixel_bin = (hue * BINS[0] // 180 * BINS[1] + saturation * BINS[1] // 256) * BINS[2]
        pixel_bin += value * BINS[2] // 256
        n_bins = int(np.prod(BINS))
        stripe = np.arange(len(crops) * STRIPES).repeat(SIZE[1] // STRIPES)[:, None]
        counts = np.bincount(
            (stripe * n_bins + pixel_bin).ravel(), minlength=len(crops) * self.dimension
        )
        roots = np.sqrt(counts.reshape(len(crops), self.dimension), dtype=np.float32)
        return roots / np.sqrt(SIZE[0] * SIZE[1], dtype=np.float32)


def _middle(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    margin = crop.shape[1] // 5
    return crop[:, margin : crop.shape[1] - margin]
