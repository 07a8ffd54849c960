"""What the exported networks put out, turned into boxes: pure functions on arrays."""

from functools import lru_cache

import numpy as np

from tracker.types import FloatArray

__all__ = ["decode_detr", "decode_yolox", "yolox_grid"]


@lru_cache(maxsize=64)
def yolox_grid(
    height: int, width: int, strides: tuple[int, ...] = (8, 16, 32)
) -> tuple[FloatArray, FloatArray]:
    """Cells of a YOLOX head for an input of that size: corners (A, 2) in cells, strides (A, 1)."""
    corners, steps = [], []
    for stride in strides:
        y, x = np.mgrid[: height // stride, : width // stride]
        corners.append(np.stack([x.ravel(), y.ravel()], axis=1))
        steps.append(np.full((x.size, 1), stride))
    grid = np.concatenate(corners).astype(np.float32), np.concatenate(steps).astype(np.float32)
    for part in grid:  # it is remembered and given to whoever asks
        part.flags.writeable = False
    return grid


def decode_yolox(
    output: FloatArray, grid: tuple[FloatArray, FloatArray] | None
) -> tuple[FloatArray, FloatArray]:
    """Boxes (A, 4) in input pixels and person scores (A,) of one image.

    output: (A, 5 + C): centre, size, objectness, C class scores of which the first is the person.
    grid: the cells to decode by, or None where the export has decoded already.
    """
    centre, size = output[:, :2], output[:, 2:4]
    if grid is not None:
        corners, strides = grid
        centre = (centre + corners) * strides
        size = np.exp(np.minimum(size, 20)) * strides
    return np.hstack([centre - size / 2, centre + size / 2]), output[:, 4] * output[:, 5]


def decode_detr(logits: FloatArray, centred: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Boxes (Q, 4) in parts of the image's width and height, and person scores (Q,).

    logits: (Q, C), one sigmoid a class, of which the person is the first, or the second where the
    classes are COCO's 91 category numbers. centred: (Q, 4) centre and size in 0..1.
    """
    person = 1 if logits.shape[1] == 91 else 0
    scores = 1 / (1 + np.exp(-np.clip(logits[:, person], -50, 50)))
    half = centred[:, 2:] / 2
    return np.hstack([centred[:, :2] - half, centred[:, :2] + half]), scores
