"""Who finds the people: adapters that satisfy `tracker.types.Detector`."""

from tracker.detection.opening import default_detector, open_detector
from tracker.detection.settings import DetectionSettings

__all__ = ["DetectionSettings", "default_detector", "open_detector"]
