"""Crops of people as a network's input: the one place that resizes, reorders and normalises.

Free of torch, so that training, evaluation and the tracker prepare an image by the same arithmetic.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.settings import Settings
from reid.metadata import settings_from_metadata

__all__ = ["Image", "Preprocessing", "network_input", "read_image", "resize"]

Image = NDArray[np.uint8]  # (height, width, 3), BGR

_METADATA_KEY = "preprocessing"


class Preprocessing(Settings):
    """How a crop becomes a network's input. The defaults are those of the paper's networks."""

    height: int = Field(160, ge=8, le=1024)
    """Rows of the input, pixels."""
    width: int = Field(64, ge=8, le=1024)
    """Columns of the input, pixels."""
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    """Subtracted from each channel (in the network's order) after scaling to 0..1: ImageNet's."""
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    """Divides each channel afterwards."""
    rgb: bool = True
    """Channel order of the network: True for red first, False for OpenCV's blue first."""
    mirrored: bool = False
    """Whether the embedding is the mean of the crop's and of its mirror image's, for twice the
    time: people are seen from either side."""

    def to_metadata(self) -> dict[str, str]:
        """The one entry of an ONNX file's metadata that `from_metadata` reads back."""
        return {_METADATA_KEY: self.model_dump_json()}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "Preprocessing | None":
        """What an ONNX file says about its input; None where it says nothing.

        Raises InputError where the entry is there but can't be read.
        """
        return settings_from_metadata(cls, _METADATA_KEY, metadata)


def read_image(path: Path) -> Image | None:
    """The picture in a file as (height, width, 3) BGR; None where it is missing or no picture.

    Grey pictures get three channels, transparency is dropped.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except OSError:
        return None
    if not len(data):
        return None
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error:  # larger than OpenCV's limit, or broken in a way that it asserts on
        return None
    return None if image is None else image.astype(np.uint8, copy=False)


def resize(image: Image, height: int, width: int) -> Image:
    """The picture at (height, width): averaged where it shrinks, bilinear where it grows.

    Raises ValueError for a picture without pixels.
    """
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"expected a picture (height, width, 3) with pixels, got {image.shape}")
    if image.shape[:2] == (height, width):
        return image
    shrinks = image.shape[0] > height and image.shape[1] > width
    kind = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=kind).astype(np.uint8, copy=False)


def network_input(crops: Sequence[Image], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """(N, 3, height, width) float32, ready for the network, of N crops of any size; N may be 0.

    Mirror images aren't among them: who runs the network turns these round.
    """
    height, width = preprocessing.height, preprocessing.width
    batch = np.empty((len(crops), height, width, 3), np.uint8)
    for row, crop in enumerate(crops):
        batch[row] = resize(crop, height, width)
    if preprocessing.rgb:
        batch = batch[..., ::-1]
    # One multiplication and one addition a pixel, on planes: (x / 255 - mean) / std.
    scale = 1 / (255 * np.asarray(preprocessing.std))
    shift = -np.asarray(preprocessing.mean) / np.asarray(preprocessing.std)
    planes = np.ascontiguousarray(batch.transpose(0, 3, 1, 2)).astype(np.float32)
    planes *= scale.astype(np.float32)[:, None, None]
    planes += shift.astype(np.float32)[:, None, None]
    return planes
