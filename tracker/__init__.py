"""The application: people followed on one camera, then across all cameras.

`track` does what the command does; `Pipeline` opens the same run for a closer look; `SceneTracker`
takes frames and detections of your own.
"""

from tracker.config import TrackSettings
from tracker.pipeline import Moment, Pipeline, track
from tracker.scene_settings import SceneSettings
from tracker.scene_tracker import SceneTracker
from tracker.types import CameraTracks, Detections, Detector, Embedder, Frame, Sightings

__all__ = [
    "CameraTracks",
    "Detections",
    "Detector",
    "Embedder",
    "Frame",
    "Moment",
    "Pipeline",
    "SceneSettings",
    "SceneTracker",
    "Sightings",
    "TrackSettings",
    "track",
]
