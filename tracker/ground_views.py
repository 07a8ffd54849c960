"""What the calibrated cameras tell of the ground, and what they ought to see of it."""

from collections.abc import Mapping, Sequence

import numpy as np

from calibration.camera import Camera
from calibration.camera_stack import CameraStack
from tracker.alignment import Alignments
from tracker.floor import distance_outside
from tracker.footprints import locate
from tracker.fusion import Observations, pack
from tracker.ground_settings import GroundSettings
from tracker.silhouettes import expected_boxes, visible_shares
from tracker.suppression import without_duplicates
from tracker.types import BoolArray, Detections, FloatArray, Frame, IntArray

__all__ = ["GroundViews"]

WITNESSES = 3  # cameras that must see a person for their disagreement to tell who is off


class GroundViews:
    """All calibrated cameras, with what was learned of their errors."""

    def __init__(
        self, cameras: Mapping[str, Camera], settings: GroundSettings, area: FloatArray | None
    ) -> None:
        """area: (K, 2) polygon in metres; detections further outside than `margin` are ignored."""
        self._index = {name: index for index, name in enumerate(cameras)}
        self._cameras = CameraStack(list(cameras.values()))
        self._settings = settings
        self._area = area
        self._alignments = Alignments(self._cameras.positions)

    def observe(self, frames: Sequence[Frame], detections: Sequence[Detections]) -> Observations:
        """The detections of one tick that lie on the ground where people are followed."""
        kept = [self._usable(found) for found in detections]
        views = np.repeat(np.arange(len(frames)), [len(rows) for rows in kept])
        rows = np.concatenate(kept)
        boxes = np.concatenate([d.boxes[r] for d, r in zip(detections, kept, strict=True)])
        scores = np.concatenate([d.scores[r] for d, r in zip(detections, kept, strict=True)])
        of = self._of(frames)[views]
        noise = np.concatenate([self._noise(d)[r] for d, r in zip(detections, kept, strict=True)])
        where = locate(self._cameras, of, boxes, noise, self._settings.footprint)
        points = self._alignments.correct(of, where.points)
        good = where.valid
        if self._area is not None:
            outside = distance_outside(self._area, np.nan_to_num(points, nan=1e9))
            good = good & (outside <= self._settings.margin)
        spreads = pack(where.covariances)
        made = Observations(views, of, rows, boxes, points, spreads, scores, where.odds)
        return made[np.flatnonzero(good)]

    def _usable(self, found: Detections) -> IntArray:
        """One view's rows of detections that are neither faint nor double."""
        boxes = np.ascontiguousarray(found.boxes.T, np.float64)
        scores = np.ascontiguousarray(found.scores, np.float64)
        single = without_duplicates(boxes, scores, self._settings.max_detection_iou)
        return np.flatnonzero(single & (scores >= self._settings.min_score))

    def _noise(self, found: Detections) -> FloatArray:
        """(N,) how far off the edges of one view's boxes are, as a share of their height."""
        if found.edge_noise is not None:
            return found.edge_noise
        return np.full(len(found), self._settings.footprint.box_noise)

    def _of(self, frames: Sequence[Frame]) -> IntArray:
        """(V,) index of each frame's camera."""
        return np.array([self._index[frame.camera] for frame in frames], np.int64)

    def align(
        self,
        frames: Sequence[Frame],
        seen: Observations,
        taken: IntArray,
        positions: FloatArray,
        sure: BoolArray,
    ) -> None:
        """Learn by how much each camera is off, from sure people (N,) whom most cameras see.

        taken: (N, V) each person's observation or -1. positions: (N, 2) of all views together.
        """
        seen_by = taken >= 0
        who, views = np.nonzero((sure & (seen_by.sum(axis=1) >= WITNESSES))[:, None] & seen_by)
        points, places = seen.points[taken[who, views]], positions[who]
        close = ((points - places) ** 2).sum(axis=1) < self._settings.merge_distance**2
        of = self._of(frames)[views[close]]
        self._alignments.learn(of, points[close], places[close])

    def outlook(
        self, frames: Sequence[Frame], positions: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """(V, N, 4) how people at positions (N, 2) would be boxed in frames, NaN where unknown, and
        (N, V) the share of them that each frame ought to show."""
        of = self._of(frames)
        boxes = expected_boxes(self._cameras, positions, self._settings.footprint.person_height)
        return boxes[of], visible_shares(self._cameras, positions, boxes)[of].T
