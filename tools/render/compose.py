"""Layers of a picture: shrinking what was drawn large, and contact shadows."""

import cv2
import numpy as np
from assets import FloatArray
from numpy.typing import NDArray

__all__ = ["cover", "shadowed"]


def cover(picture: NDArray[np.uint8], width: int, height: int) -> FloatArray:
    """(height, width, C) float32 of a picture of any size, averaged when it shrinks."""
    shrinking = picture.shape[0] >= height
    how = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return cv2.resize(picture, (width, height), interpolation=how).astype(np.float32)


def shadowed(picture: FloatArray, place: FloatArray, strength: float) -> FloatArray:
    """The picture darkened around `place` (4,): centre x, y, half width, half height, pixels."""
    height, width = picture.shape[:2]
    x = (np.arange(width, dtype=np.float32) + 0.5 - place[0]) / max(place[2], 1.0)
    y = (np.arange(height, dtype=np.float32) + 0.5 - place[1]) / max(place[3], 1.0)
    dark = strength * np.exp(-(y * y))[:, None] * np.exp(-(x * x))
    return picture * (1 - dark[..., None]).astype(np.float32)
