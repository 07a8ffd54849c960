"""What the calibrated cameras tell of the ground, and what they ought to see of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from calibration.camera import Camera
from tracker.alignment import Alignment
from tracker.boxes import nms
from tracker.floor import distance_outside
from tracker.footprints import Footprints, locate
from tracker.fusion import Observations, pack
from tracker.ground_settings import GroundSettings
from tracker.silhouettes import expected_boxes, visible_shares
from tracker.types import BoolArray, Detections, FloatArray, Frame, IntArray

__all__ = ["GroundViews"]

WITNESSES = 3  # cameras that must see a person for their disagreement to tell who is off


class GroundViews:
    """All calibrated cameras, with what was learned of their errors."""

    def __init__(
        self, cameras: Mapping[str, Camera], settings: GroundSettings, area: FloatArray | None
    ) -> None:
        """area: (K, 2) polygon in metres; detections further outside than `margin` are ignored."""
        self._cameras = dict(cameras)
        self._settings = settings
        self._area = area
        self._alignments = {name: Alignment(camera) for name, camera in cameras.items()}

    def observe(self, frames: Sequence[Frame], detections: Sequence[Detections]) -> Observations:
        """The detections of one tick that lie on the ground where people are followed."""
        made = [self._observe_view(f, d) for f, d in zip(frames, detections, strict=True)]
        rows = [rows for rows, _ in made]
        return Observations(
            np.repeat(np.arange(len(frames)), [len(r) for r in rows]),
            np.concatenate(rows),
            np.concatenate([where.points for _, where in made]),
            pack(np.concatenate([where.covariances for _, where in made])),
            np.concatenate([found.scores[r] for found, r in zip(detections, rows, strict=True)]),
            np.concatenate([where.odds for _, where in made]),
        )

    def _observe_view(self, frame: Frame, found: Detections) -> tuple[IntArray, Footprints]:
        """One view's rows of detections, and where they are."""
        rows = np.sort(nms(found.boxes, found.scores, self._settings.max_detection_iou))
        rows = rows[found.scores[rows] >= self._settings.min_score]
        where = locate(self._cameras[frame.camera], found.boxes[rows], self._settings.footprint)
        where = replace(where, points=self._alignments[frame.camera].correct(where.points))
        good = where.valid
        if self._area is not None:
            outside = distance_outside(self._area, np.nan_to_num(where.points, nan=1e9))
            good = good & (outside <= self._settings.margin)
        return rows[good], where[good]

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
        sure = sure & ((taken >= 0).sum(axis=1) >= WITNESSES)
        for view, frame in enumerate(frames):
            rows = np.flatnonzero(sure & (taken[:, view] >= 0))
            points, places = seen.points[taken[rows, view]], positions[rows]
            close = ((points - places) ** 2).sum(axis=1) < self._settings.merge_distance**2
            self._alignments[frame.camera].learn(points[close], places[close])

    def boxes(self, frame: Frame, positions: FloatArray) -> FloatArray:
        """(N, 4) how people at positions (N, 2) would be boxed in a frame; NaN where unknown."""
        height = self._settings.footprint.person_height
        return expected_boxes(self._cameras[frame.camera], positions, height)

    def shares(self, frames: Sequence[Frame], positions: FloatArray) -> FloatArray:
        """(N, V) the share of people at positions (N, 2) that each frame ought to show."""
        shares = np.zeros((len(positions), len(frames)))
        if len(positions):
            for view, frame in enumerate(frames):
                boxes = self.boxes(frame, positions)
                shares[:, view] = visible_shares(self._cameras[frame.camera], positions, boxes)
        return shares
