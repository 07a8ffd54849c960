"""From what the user typed to a detector."""

from collections.abc import Sequence
from pathlib import Path

from configs.errors import InputError
from tracker.detection.files import FileDetector
from tracker.detection.models import MODELS, cache_folder, fetch
from tracker.detection.onnx import open_onnx_detector
from tracker.detection.settings import DetectionSettings
from tracker.types import Detector

__all__ = ["open_detector"]


def open_detector(
    source: str, cameras: Sequence[str], settings: DetectionSettings, *, offline: bool = False
) -> Detector:
    """A detector by name, by the path of an ONNX file, or from files of detections.

    source: a name of `models.MODELS`; a path ending in .onnx; a MOTChallenge file ending in .txt
    (one camera) or a folder of `<camera>.txt`.
    Raises InputError for anything else, and for what those can't read.
    """
    path = Path(source)
    if source in MODELS:
        return open_onnx_detector(fetch(MODELS[source], cache_folder(), offline=offline), settings)
    if path.suffix.lower() == ".onnx":
        return open_onnx_detector(path, settings)
    if path.suffix.lower() == ".txt" or path.is_dir():
        return FileDetector(path, cameras)
    raise InputError(
        f"no detector {source!r}; expected an .onnx file, a .txt file or folder of detections, "
        f"or one of {', '.join(MODELS)}"
    )
