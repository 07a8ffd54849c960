"""How alike tracks and detections are, and who is paired with whom in one stage."""

from typing import Literal

import numpy as np
from pydantic import Field

from configs.settings import Settings
from tracker.assignment import assign
from tracker.types import FloatArray, IntArray

__all__ = [
    "Stage",
    "appearance_likeness",
    "buffered_iou",
    "direction_agreement",
    "height_overlap",
    "match",
    "overlap_likeness",
]


class Stage(Settings):
    """One round of pairing: which tracks with which detections, and by what likeness."""

    tracks: tuple[Literal["tentative", "tracked", "lost"], ...] = ("tracked", "lost")
    """Which tracks take part: `tentative` (not yet reported), `tracked` (seen at the frame
    before), `lost` (reported, not seen at the frame before)."""
    detections: Literal["confident", "faint", "all"] = "confident"
    """Which detections take part, of those that no earlier stage has paired."""
    by: Literal["overlap", "appearance"] = "overlap"
    """Compare boxes, or embeddings; a stage by appearance is skipped where a frame has none."""
    reference: Literal["prediction", "observation"] = "prediction"
    """Compare with where the filter expects a track, or with where it was seen last."""
    min_similarity: float = Field(default=0.2, ge=0, le=1)
    """A pair less alike than this is never made."""
    buffer: float = Field(default=0.0, ge=0)
    """Grow both boxes by this share of their sides on every side before they are compared
    (buffered IoU; Yang et al., WACV 2023)."""
    use_score: bool = False
    """Multiply the likeness by the detection's score."""
    use_height: bool = False
    """Multiply the likeness by the overlap of the boxes' vertical extents (Hybrid-SORT's
    height-modulated IoU)."""
    momentum: float = Field(default=0.0, ge=0)
    """Weight of the agreement between the way that a track went and the way to the detection
    (OC-SORT; Cao et al., CVPR 2023)."""
    max_distance: float = Field(default=0.64, ge=0, le=2)
    """By appearance: greatest Euclidean distance between unit embeddings."""
    max_motion: float = Field(default=9.4877, gt=0)
    """By appearance: greatest squared Mahalanobis distance of a box from its prediction; 9.4877
    holds 95 % of true pairs if the filter is right."""

    @property
    def least_likeness(self) -> float:
        """What a pair must exceed."""
        if self.by == "appearance":
            return 2 - self.max_distance
        return self.min_similarity - self.momentum


def buffered_iou(a: FloatArray, b: FloatArray, buffer: float) -> FloatArray:
    """(N, M) intersection over union of boxes (N, 4) and (M, 4), each first grown by `buffer`
    of its width and height on every side."""
    a, b = _grown(a, buffer), _grown(b, buffer)
    width = np.minimum(a[:, 2, None], b[:, 2]) - np.maximum(a[:, 0, None], b[:, 0])
    height = np.minimum(a[:, 3, None], b[:, 3]) - np.maximum(a[:, 1, None], b[:, 1])
    np.maximum(width, 0, out=width)
    np.maximum(height, 0, out=height)
    width *= height
    a_areas = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    b_areas = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    union = a_areas[:, None] + b_areas
    union -= width
    return width / np.maximum(union, np.finfo(np.float64).tiny)


def height_overlap(a: FloatArray, b: FloatArray) -> FloatArray:
    """(N, M) intersection over union of the boxes' vertical extents alone."""
    shared = np.minimum(a[:, 3, None], b[:, 3]) - np.maximum(a[:, 1, None], b[:, 1])
    spanned = np.maximum(a[:, 3, None], b[:, 3]) - np.minimum(a[:, 1, None], b[:, 1])
    return np.maximum(shared, 0) / np.maximum(spanned, np.finfo(np.float64).tiny)


def direction_agreement(earlier: FloatArray, latest: FloatArray, boxes: FloatArray) -> FloatArray:
    """(N, M) how well the way from a track's latest box to a new one continues its way so far.

    1 straight on, 0 at a right angle, -1 back; 0 where a track has not moved.
    """
    old, new, goal = ((boxes_[:, :2] + boxes_[:, 2:]) / 2 for boxes_ in (earlier, latest, boxes))
    way = new - old
    ways = goal - new[:, None]
    lengths = np.linalg.norm(ways, axis=-1) * np.linalg.norm(way, axis=-1)[:, None]
    cosine = (ways * way[:, None]).sum(axis=-1) / np.where(lengths > 0, lengths, np.inf)
    return 1 - np.arccos(np.clip(cosine, -1, 1)) * (2 / np.pi)


def overlap_likeness(
    references: FloatArray,
    trails: FloatArray,
    boxes: FloatArray,
    scores: FloatArray,
    stage: Stage,
) -> FloatArray:
    """(N, M) likeness of tracks and detections by their boxes; -inf forbids a pair.

    references: (N, 4) where the tracks are held to be; trails: (N, T, 4) where they were seen,
    newest first; boxes: (M, 4) and scores: (M,) of the detections.
    """
    likeness = buffered_iou(references, boxes, stage.buffer)
    if stage.use_height:
        likeness *= height_overlap(references, boxes)
    if stage.use_score:
        likeness *= scores
    forbidden = likeness < stage.min_similarity
    if stage.momentum:
        agreement = direction_agreement(trails[:, -1], trails[:, 0], boxes)
        likeness += stage.momentum * scores * agreement
    likeness[forbidden] = -np.inf
    return likeness


def appearance_likeness(
    distances: FloatArray, motion_distances: FloatArray, stage: Stage
) -> FloatArray:
    """(N, M) likeness by appearance, gated by motion; -inf forbids a pair.

    distances: of embeddings. motion_distances: squared Mahalanobis, of boxes.
    """
    allowed = (distances <= stage.max_distance) & (motion_distances <= stage.max_motion)
    return np.where(allowed, 2 - distances, -np.inf)


def match(likeness: FloatArray, least: float) -> tuple[IntArray, IntArray]:
    """Rows and columns (K,) of the pairs with the most likeness above `least` in total.

    Pairs of -inf are not allowed.
    """
    if likeness.size == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return assign(-likeness, -least)


def _grown(boxes: FloatArray, buffer: float) -> FloatArray:
    if buffer == 0:
        return boxes
    margin = buffer * (boxes[:, 2:] - boxes[:, :2])
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)
