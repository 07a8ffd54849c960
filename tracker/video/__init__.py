"""Frames of many cameras on one clock, from files, folders of images and network streams."""

from tracker.video.clock import ticks
from tracker.video.opening import cameras_of_paths, cameras_of_rig, open_source
from tracker.video.source import CameraSource, Source, SourceReport, VideoSettings

__all__ = [
    "CameraSource",
    "Source",
    "SourceReport",
    "VideoSettings",
    "cameras_of_paths",
    "cameras_of_rig",
    "open_source",
    "ticks",
]
