"""Letting a detector look at a scene's pictures, once for all runs."""

from dataclasses import replace
from pathlib import Path

from tracker.config import TrackSettings
from tracker.detection import open_detector
from tracker.evaluation.detection_cache import (
    cache_path,
    file_origin,
    load_detections,
    save_detections,
)
from tracker.evaluation.mtmc.feed import detected_ticks
from tracker.evaluation.mtmc.scene import Scene
from tracker.types import Detections

__all__ = ["with_detections"]


def with_detections(
    scene: Scene, source: str, settings: TrackSettings, cache: Path | None = None
) -> Scene:
    """The scene with what a detector finds in its pictures in place of its own detections.

    source: a detector by name or path. cache: a folder that keeps what was found; it is used again
    as long as the detector, its settings and the videos are the same. Raises InputError: a
    detector that can't be opened, a camera without pictures.
    """
    if cache is None:
        return replace(scene, detections=_detect(scene, source, settings))
    origins = {name: _origin(scene, name, source, settings) for name in scene.rig.names}
    paths = {name: cache_path(cache, f"{scene.name}-{name}", o) for name, o in origins.items()}
    kept = {name: load_detections(paths[name], origin) for name, origin in origins.items()}
    found = {name: detections for name, detections in kept.items() if detections is not None}
    if len(found) < len(origins):
        found = _detect(scene, source, settings)
        for name, detections in found.items():
            save_detections(paths[name], detections, origins[name])
    return replace(scene, detections=found)


def _detect(scene: Scene, source: str, settings: TrackSettings) -> dict[str, list[Detections]]:
    """By camera, for each of its frames from 0."""
    detector = open_detector(source, scene.rig.names, settings.detection)
    found: dict[str, list[Detections]] = {name: [] for name in scene.rig.names}
    for frames, detections in detected_ticks(scene, detector, settings.video):
        for frame, one in zip(frames, detections, strict=True):
            known = found[frame.camera]
            known += [Detections.empty()] * (frame.index - len(known))  # frames that were lost
            known.append(one)
    return found


def _origin(scene: Scene, camera: str, source: str, settings: TrackSettings) -> str:
    """What the detections depend on."""
    detection = settings.detection.model_dump(exclude={"threads"})
    files = Path(source) / f"{camera}.txt"
    made_by = file_origin(files if files.is_file() else source)
    video = file_origin(scene.rig.sources.get(camera, ""))
    return f"{made_by} {detection} {settings.video.model_dump()} {video}"
