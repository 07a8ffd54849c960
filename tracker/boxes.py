"""Arithmetic on boxes: pure functions on `(..., 4)` arrays of left, top, right, bottom."""

import numpy as np

from tracker.types import FloatArray

__all__ = ["areas", "clip", "feet", "iou", "xywh2xyxy", "xyxy2xywh"]


def xywh2xyxy(boxes: FloatArray) -> FloatArray:
    """Left, top, width, height -> left, top, right, bottom."""
    return np.concatenate([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], axis=-1)


def xyxy2xywh(boxes: FloatArray) -> FloatArray:
    """Left, top, right, bottom -> left, top, width, height."""
    return np.concatenate([boxes[..., :2], boxes[..., 2:] - boxes[..., :2]], axis=-1)


def areas(boxes: FloatArray) -> FloatArray:
    """(...,) areas; 0 for a box whose right or bottom lies before its left or top."""
    sizes = np.maximum(boxes[..., 2:] - boxes[..., :2], 0)
    return sizes[..., 0] * sizes[..., 1]


def feet(boxes: FloatArray) -> FloatArray:
    """(..., 2) the middle of the lower edge: where a standing person touches the ground."""
    return np.stack([(boxes[..., 0] + boxes[..., 2]) / 2, boxes[..., 3]], axis=-1)


def iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """(N, M) intersection over union of every box of `a` (N, 4) with every one of `b` (M, 4).

    Two boxes of area 0 have an overlap of 0.
    """
    width = np.minimum(a[:, None, 2], b[:, 2]) - np.maximum(a[:, None, 0], b[:, 0])
    height = np.minimum(a[:, None, 3], b[:, 3]) - np.maximum(a[:, None, 1], b[:, 1])
    intersection = np.maximum(width, 0) * np.maximum(height, 0)
    union = areas(a)[:, None] + areas(b) - intersection
    return intersection / np.maximum(union, np.finfo(np.float64).tiny)


def clip(boxes: FloatArray, width: float, height: float) -> FloatArray:
    """The part of each box that lies inside an image."""
    return np.clip(boxes, 0, np.array([width, height, width, height], boxes.dtype))
