"""Following the people of a scene, and scoring what comes out."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from configs.errors import InputError
from reid.opening import open_embedder
from tracker.camera_matching import match_cameras
from tracker.config import TrackSettings
from tracker.evaluation.mtmc.feed import (
    Tick,
    detected_ticks,
    given_ticks,
    own_detections,
    scene_sources,
)
from tracker.evaluation.mtmc.scene import Scene
from tracker.evaluation.mtmc.scoring import SceneScores, score_positions, score_scene
from tracker.scene_tracker import SceneTracker
from tracker.types import Embedder, Sightings

__all__ = ["Mode", "SceneRun", "run_scene"]


@dataclass(frozen=True)
class Mode:
    """What the tracker may use.

    pictures: whether it looks at them even if no embedder does. reid: "given" for the embeddings
    that come with the detections, "none", or an embedder's name or path. geometry: whether the
    calibration is used; without it only appearance and time connect cameras.
    """

    pictures: bool
    reid: str
    geometry: bool


@dataclass(frozen=True)
class SceneRun:
    """How it went. frames: of all cameras. ticks: of the clock. seconds: of tracking alone.

    rivals: by name, scores of what others published for the same scene.
    """

    name: str
    frames: int
    ticks: int
    seconds: float
    scores: SceneScores
    rivals: dict[str, SceneScores]


def run_scene(scene: Scene, settings: TrackSettings, mode: Mode) -> SceneRun:
    """Track one scene by its detections and score it.

    Raises InputError: no detections, an embedder where there are no pictures, "given" embeddings
    that aren't.
    """
    embedder = None if mode.reid == "given" else open_embedder(mode.reid)
    if embedder is not None:
        sources = scene_sources(scene, settings.video)
        match_cameras(embedder, sources, partial(own_detections, scene), settings.camera_matching)
    rig = scene.rig if mode.geometry else None
    tracker = SceneTracker(list(scene.rig.names), embedder, settings, rig=rig)
    clock = _Stopwatch()
    sightings: list[Sightings] = []
    for frames, detections in _ticks(scene, settings, mode, embedder):
        with clock:
            sightings += tracker.update(frames, detections)
        clock.ticks += 1
        clock.frames += len(frames)
    with clock:
        sightings += tracker.finish()
        if settings.offline_pass:
            revision = tracker.revision()
            sightings = [revision.apply(seen) for seen in sightings]
    rivals = {}
    if scene.truth.ground is not None:
        for name, positions in scene.rivals.items():
            rivals[name] = SceneScores(score_positions(scene.truth.ground, positions), None)
    scores = score_scene(scene, sightings)
    return SceneRun(scene.name, clock.frames, clock.ticks, clock.seconds, scores, rivals)


def _ticks(
    scene: Scene, settings: TrackSettings, mode: Mode, embedder: Embedder | None
) -> Iterator[Tick]:
    if not scene.detections:
        raise InputError(f"{scene.name}: no detections come with it; give --detections")
    if mode.reid == "given":
        return _with_embeddings(scene, given_ticks(scene))
    if embedder is None and not mode.pictures:
        return _without_embeddings(given_ticks(scene))
    return _without_embeddings(detected_ticks(scene, None, settings.video))


def _with_embeddings(scene: Scene, feed: Iterable[Tick]) -> Iterator[Tick]:
    for frames, detections in feed:
        if any(len(found) and found.embeddings is None for found in detections):
            raise InputError(
                f"{scene.name}: its detections bring no embeddings; give --reid none or a name"
            )
        yield frames, detections


def _without_embeddings(feed: Iterable[Tick]) -> Iterator[Tick]:
    for frames, detections in feed:
        yield frames, [replace(found, embeddings=None) for found in detections]


class _Stopwatch:
    """Adds up the time spent inside its `with` blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.ticks = 0
        self.frames = 0
        self._begin = 0.0

    def __enter__(self) -> None:
        self._begin = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._begin
