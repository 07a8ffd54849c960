"""The people on every camera, followed together on the ground or on each camera for itself."""

from collections.abc import Mapping, Sequence

import numpy as np

from calibration.rig import Rig
from tracker.camera_tracker import CameraTracker
from tracker.camera_tracker_settings import CameraTrackerSettings
from tracker.ground import GroundTracker, GroundTracks
from tracker.ground_settings import GroundSettings
from tracker.learned_doors import LearnedDoors
from tracker.types import Detections, FloatArray, Frame

__all__ = ["GROUND", "Followers"]

GROUND = "(ground)"  # stands for all calibrated cameras where a camera's name is expected


class Followers:
    """Cameras that are calibrated are followed together on the ground plane (`tracker.ground`),
    the others each for itself (`tracker.camera_tracker`).

    groups: of each camera, the name of those within which a track's id is one person: its own or
    `GROUND`. doors: by name, (K, 2) metres each: the rig's or, where it names none, the
    `learned_doors` so far.
    """

    def __init__(
        self,
        cameras: Sequence[str],
        settings: CameraTrackerSettings,
        ground: GroundSettings,
        rig: Rig | None = None,
    ) -> None:
        """settings, ground: for those without and with calibration. rig: None without any."""
        calibrated = {n: rig.cameras[n] for n in cameras if n in rig.cameras} if rig else {}
        given = rig.doors if rig else {}
        learning = ground.doors.learned and not given
        self._learner = LearnedDoors(ground.doors) if learning else None
        self.learned_doors: Mapping[str, FloatArray] = self._learner.places if self._learner else {}
        self.doors = given or self.learned_doors
        area = rig.area if rig else None
        self._ground = GroundTracker(calibrated, ground, area, self.doors.values())
        self._trackers = {n: CameraTracker(n, settings) for n in cameras if n not in calibrated}
        self.groups = {name: GROUND if name in calibrated else name for name in cameras}

    def update(
        self, frames: Sequence[Frame], detections: Sequence[Detections]
    ) -> list[GroundTracks]:
        """Each frame's tracks, given the frames of one tick and what was detected on them.

        Without calibration positions are NaN, and everybody is confirmed.
        """
        shared = [i for i, f in enumerate(frames) if self.groups[f.camera] == GROUND]
        fused = self._ground.update([frames[i] for i in shared], [detections[i] for i in shared])
        if self._learner is not None:
            self._learner.watch(fused)
        on_ground = dict(zip(shared, fused, strict=True))
        return [
            on_ground[i] if i in on_ground else self._follow(frame, found)
            for i, (frame, found) in enumerate(zip(frames, detections, strict=True))
        ]

    def _follow(self, frame: Frame, found: Detections) -> GroundTracks:
        tracker = self._trackers[frame.camera]
        tracks = tracker.update(frame.index, frame.time, found, frame.image)
        nowhere, everybody = np.full((len(tracks), 2), np.nan), np.ones(len(tracks), bool)
        return GroundTracks(tracks, nowhere, everybody)
