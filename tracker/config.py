"""All settings of a run in one tree; every group lives beside the stage that it belongs to."""

from typing import Annotated

from pydantic import Field
from tyro.conf import arg

from configs import Settings
from reid.opening import default_embedder
from tracker.camera_matching import CameraMatchingSettings
from tracker.detection import DetectionSettings, default_detector
from tracker.scene_settings import SceneSettings
from tracker.video import VideoSettings

__all__ = ["OutputSettings", "TrackSettings"]


class OutputSettings(Settings):
    """What a run writes beside its tables, and what it hides."""

    save_video: bool = False
    """Write mosaic.mp4: all cameras side by side with boxes, identities and trails."""
    save_crops: bool = True
    """Write crops/<identity>.jpg, the best picture of each person."""
    anonymise: bool = False
    """Make heads unrecognisable in every picture and video that is written."""
    mosaic_width: int = Field(default=1920, ge=160, le=7680)
    """Greatest width of the mosaic video in pixels."""
    trail: float = Field(default=2.0, ge=0)
    """Seconds of a person's way that the mosaic shows."""


class TrackSettings(SceneSettings):
    """Settings of `track-mtmc`; the files that `--config` takes override these."""

    detector: str = Field(default_factory=default_detector)
    """Who finds the people: a model's name, an .onnx file, or a file or folder of detections."""
    reid: str = Field(default_factory=default_embedder)
    """Who tells people apart: histogram, none, a packaged network's name, or an .onnx file."""
    detection: DetectionSettings = DetectionSettings()
    camera_matching: CameraMatchingSettings = CameraMatchingSettings()
    video: Annotated[VideoSettings, arg(name="")] = VideoSettings()
    output: Annotated[OutputSettings, arg(name="")] = OutputSettings()
