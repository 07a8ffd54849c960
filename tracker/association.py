"""How alike tracks and detections are, and who is paired with whom in one stage."""

from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from configs.settings import Settings
from tracker.assignment import assign_pairs
from tracker.candidates import Candidates
from tracker.pairs import grown_overlaps
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["Likeness", "Stage", "appearance_likeness", "match", "overlap_likeness"]


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


class Likeness(NamedTuple):
    """The pairs of tracks and candidates that may be made: rows, columns and likeness, (K,) each,
    and how many tracks and candidates there are."""

    rows: IntArray
    columns: IntArray
    values: FloatArray
    shape: tuple[int, int]


def overlap_likeness(
    references: FloatArray,
    trails: FloatArray,
    candidates: Candidates,
    stage: Stage,
    takes_part: tuple[BoolArray, BoolArray],
) -> Likeness:
    """How alike tracks and candidates are by their boxes.

    references: (4, N) where the tracks are held to be; trails: (L, 4, N) where they were seen,
    newest first. takes_part: (N,) True for the tracks, and (M,) True for the candidates that are
    compared.
    """
    (own, theirs), boxes, scores = takes_part, candidates.boxes, candidates.scores
    is_weighed = stage.use_height or stage.use_score
    least = 0.0 if is_weighed else stage.min_similarity
    rows, columns, likeness = grown_overlaps(references, own, boxes, theirs, stage.buffer, least)
    if is_weighed:
        if stage.use_height:
            likeness *= _height_overlap(references[:, rows], boxes[:, columns])
        if stage.use_score:
            likeness *= scores[columns]
        allowed = likeness >= stage.min_similarity
        rows, columns, likeness = rows[allowed], columns[allowed], likeness[allowed]
    if stage.momentum:
        agreement = _direction_agreement(trails[-1][:, rows], trails[0][:, rows], boxes[:, columns])
        likeness += stage.momentum * scores[columns] * agreement
    return Likeness(rows, columns, likeness, (references.shape[1], len(candidates)))


def appearance_likeness(
    distances: FloatArray, motion_distances: FloatArray, stage: Stage
) -> Likeness:
    """How alike tracks and detections are by appearance, gated by motion.

    distances: (N, M) of embeddings. motion_distances: (N, M) squared Mahalanobis, of boxes.
    """
    allowed = (distances <= stage.max_distance) & (motion_distances <= stage.max_motion)
    rows, columns = np.ascontiguousarray(allowed.nonzero())
    return Likeness(rows, columns, 2 - distances[allowed], distances.shape)


def match(likeness: Likeness, least: float) -> tuple[IntArray, IntArray]:
    """Rows and columns (K,) of the pairs with the most likeness above `least` in total."""
    if len(likeness.rows) == 0:
        return likeness.rows, likeness.columns
    gains = likeness.values - least
    return assign_pairs(likeness.rows, likeness.columns, gains, likeness.shape)


def _height_overlap(a: FloatArray, b: FloatArray) -> FloatArray:
    """(K,) intersection over union of the vertical extents of boxes (4, K) alone."""
    shared = np.minimum(a[3], b[3]) - np.maximum(a[1], b[1])
    spanned = np.maximum(a[3], b[3]) - np.minimum(a[1], b[1])
    return np.maximum(shared, 0) / np.maximum(spanned, np.finfo(np.float64).tiny)


def _direction_agreement(earlier: FloatArray, latest: FloatArray, boxes: FloatArray) -> FloatArray:
    """(K,) how well the way from a track's latest box to a new one continues its way so far.

    1 straight on, 0 at a right angle, -1 back; 0 where a track has not moved. Boxes are (4, K).
    """
    old, new, goal = ((each[:2] + each[2:]) / 2 for each in (earlier, latest, boxes))
    way, ways = new - old, goal - new
    lengths = np.hypot(*way) * np.hypot(*ways)
    cosine = (ways * way).sum(axis=0) / np.where(lengths > 0, lengths, np.inf)
    return 1 - np.arccos(np.clip(cosine, -1, 1)) * (2 / np.pi)
