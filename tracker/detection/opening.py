"""From what the user typed to a detector."""

from collections.abc import Sequence
from pathlib import Path

from configs.errors import InputError
from reid.packaged import packaged_models
from tracker.detection.files import FileDetector
from tracker.detection.models import MODELS, cache_folder, fetch
from tracker.detection.onnx import open_onnx_detector
from tracker.detection.settings import DetectionSettings
from tracker.types import Detector

__all__ = ["default_detector", "open_detector"]

PREFERRED = "pedestrian"


def default_detector() -> str:
    """Who finds people where nobody is named: the packaged network, if one ships."""
    return PREFERRED if PREFERRED in packaged_models("tracker.detection") else "yolox-nano"


def open_detector(
    source: str, cameras: Sequence[str], settings: DetectionSettings, *, offline: bool = False
) -> Detector:
    """A detector by name, by the path of an ONNX file, or from files of detections.

    source: a network that ships with the package; a name of `models.MODELS`; a path ending in
    .onnx; a MOTChallenge file ending in .txt (one camera) or a folder of `<camera>.txt`.
    Raises InputError for anything else, and for what those can't read.
    """
    path = Path(source)
    packaged = packaged_models("tracker.detection")
    if source in packaged:
        return open_onnx_detector(packaged[source], settings, len(cameras))
    if source in MODELS:
        file = fetch(MODELS[source], cache_folder(), offline=offline)
        return open_onnx_detector(file, settings, len(cameras))
    if path.suffix.lower() == ".onnx":
        return open_onnx_detector(path, settings, len(cameras))
    if path.suffix.lower() == ".txt" or path.is_dir():
        return FileDetector(path, cameras)
    raise InputError(
        f"no detector {source!r}; expected an .onnx file, a .txt file or folder of detections, "
        f"or one of {', '.join([*packaged, *MODELS])}"
    )
