"""Who finds the people: adapters that satisfy `tracker.types.Detector`."""

from tracker.detection.opening import open_detector
from tracker.detection.settings import DetectionSettings

__all__ = ["DetectionSettings", "open_detector"]
