"""Who may have been mistaken for whom: people who meet, and people who are lost for a moment."""

import numpy as np
from pydantic import Field

from configs import Settings
from tracker.boxes import iou
from tracker.types import BoolArray, FloatArray

__all__ = ["EncounterSettings", "too_near"]


class EncounterSettings(Settings):
    """When a track may begin to follow somebody else."""

    enabled: bool = True
    """Whether a track is asked again who it is after that."""
    overlap: float = Field(default=0.1, ge=0, le=1)
    """Intersection over union of two boxes from which on their people may be exchanged, where it
    isn't known where they stand..."""
    distance: float = Field(default=2.0, ge=0)
    """...and metres between them below which they may be, where it is."""
    patience: float = Field(default=1.0, ge=0)
    """Seconds after which it is asked all the same, if it doesn't come away from the other one."""
    gap: float = Field(default=0.5, ge=0)
    """Seconds without a detection after which a track may follow somebody else."""


def too_near(boxes: FloatArray, positions: FloatArray, settings: EncounterSettings) -> BoolArray:
    """(N,) which of the people of one frame stand so near to another one that the two may be
    exchanged.

    boxes: (N, 4). positions: (N, 2) metres, NaN where unknown; two of whom one isn't known are
    compared by their boxes.
    """
    x, y = positions.T
    squared = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    near = squared < settings.distance**2
    unknown = np.isnan(squared)
    if unknown.any():
        near |= unknown & (iou(boxes, boxes) >= settings.overlap)
    np.fill_diagonal(near, False)
    return np.logical_or.reduce(near, axis=1, dtype=bool)
