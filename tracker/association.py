"""How alike tracks and detections are, and who is paired with whom in one stage."""

from typing import Literal

import numpy as np
from pydantic import Field

from configs.settings import Settings
from tracker.assignment import assign
from tracker.types import FloatArray, IntArray

__all__ = ["Stage", "buffered_iou", "match"]


class Stage(Settings):
    """One round of pairing: which tracks with which detections, and by what likeness."""

    tracks: tuple[Literal["tentative", "tracked", "lost"], ...] = ("tracked", "lost")
    """Which tracks take part: `tentative` (not yet reported), `tracked` (seen at the frame
    before), `lost` (reported, not seen at the frame before)."""
    detections: Literal["confident", "faint", "all"] = "confident"
    """Which detections take part, of those that no earlier stage has paired."""
    reference: Literal["prediction", "observation"] = "prediction"
    """Compare with where the filter expects a track, or with where it was seen last."""
    min_similarity: float = Field(default=0.2, ge=0, le=1)
    """A pair less alike than this is never made."""
    buffer: float = Field(default=0.0, ge=0)
    """Grow both boxes by this share of their sides on every side before they are compared
    (buffered IoU; Yang et al., WACV 2023)."""
    use_score: bool = False
    """Multiply the likeness by the detection's score."""


def buffered_iou(a: FloatArray, b: FloatArray, buffer: float) -> FloatArray:
    """(N, M) intersection over union of boxes (N, 4) and (M, 4), each first grown by `buffer`
    of its width and height on every side."""
    a_sizes, b_sizes = a[:, 2:] - a[:, :2], b[:, 2:] - b[:, :2]
    a_low, a_high = a[:, :2] - buffer * a_sizes, a[:, 2:] + buffer * a_sizes
    b_low, b_high = b[:, :2] - buffer * b_sizes, b[:, 2:] + buffer * b_sizes
    overlap = np.minimum(a_high[:, None], b_high) - np.maximum(a_low[:, None], b_low)
    np.maximum(overlap, 0, out=overlap)
    intersection = overlap[..., 0] * overlap[..., 1]
    growth = (1 + 2 * buffer) ** 2
    a_areas = growth * a_sizes[:, 0] * a_sizes[:, 1]
    b_areas = growth * b_sizes[:, 0] * b_sizes[:, 1]
    union = a_areas[:, None] + b_areas - intersection
    return intersection / np.maximum(union, np.finfo(np.float64).tiny)


def match(
    references: FloatArray, boxes: FloatArray, scores: FloatArray, stage: Stage
) -> tuple[IntArray, IntArray]:
    """The pairs of one stage: rows of `references` (N, 4) and of `boxes` (M, 4), (K,) each."""
    if len(references) == 0 or len(boxes) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    similarity = buffered_iou(references, boxes, stage.buffer)
    if stage.use_score:
        similarity *= scores
    return assign(1 - similarity, 1 - stage.min_similarity)
