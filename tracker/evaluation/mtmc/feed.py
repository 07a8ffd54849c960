"""The ticks of a scene: frames of its cameras, and what was detected in them."""

from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np

from configs.errors import InputError
from tracker.evaluation.mtmc.scene import Scene, clock_ticks
from tracker.types import Detections, Detector, Frame
from tracker.video import CameraSource, Source, VideoSettings, open_source, ticks

__all__ = ["detected_ticks", "given_ticks", "own_detections", "scene_sources"]

Tick = tuple[list[Frame], list[Detections]]


def given_ticks(scene: Scene) -> Iterator[Tick]:
    """The scene's own detections on its clock, without pictures; cameras end when theirs do."""
    frames = [
        Frame(name, index, index / _rate(scene, name) + scene.rig.time_offsets[name], None)
        for name, found in scene.detections.items()
        for index in range(scene.first_frame, len(found))
    ]
    times = np.array([frame.time for frame in frames])
    places = clock_ticks(times, scene.frame_rate)
    order = np.lexsort([times, places])
    starts = np.flatnonzero(np.diff(places[order], prepend=-np.inf))
    for rows in np.split(order, starts[1:]) if len(order) else []:
        together = [frames[row] for row in rows.tolist()]
        yield together, [scene.detections[frame.camera][frame.index] for frame in together]


def detected_ticks(
    scene: Scene, detector: Detector | None, settings: VideoSettings
) -> Iterator[Tick]:
    """Frames with their pictures, and their detections: the scene's own, or the detector's.

    Raises InputError where a camera has no pictures.
    """
    with closing(ticks(scene_sources(scene, settings))) as feed:
        for frames in feed:
            yield (
                frames,
                own_detections(scene, frames) if detector is None else detector.detect(frames),
            )


def scene_sources(scene: Scene, settings: VideoSettings) -> list[Source]:
    """What has the pictures of each camera.

    Raises InputError where a camera has none.
    """
    missing = [name for name in scene.rig.names if name not in scene.rig.sources]
    if missing:
        raise InputError(f"{scene.name}: camera {missing[0]} has no pictures to look at")
    settings = settings.model_copy(
        update={
            "image_rate": scene.frame_rate,
            "start": max(settings.start, (scene.first_frame - 0.25) / scene.frame_rate),
        }
    )
    return [
        open_source(CameraSource(name, scene.rig.sources[name], offset), settings)
        for name, offset in scene.rig.time_offsets.items()
    ]


def own_detections(scene: Scene, frames: Sequence[Frame]) -> list[Detections]:
    """What comes with the scene, for each frame."""
    detections = scene.detections
    return [
        own[frame.index]
        if frame.index < len(own := detections[frame.camera])
        else Detections.empty()
        for frame in frames
    ]


def _rate(scene: Scene, camera: str) -> float:
    return scene.rig.frame_rates.get(camera, scene.frame_rate)
