"""The whole way from sources to sightings, tick by tick."""

import time as wall
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from threading import Event

import numpy as np
from numpy.typing import NDArray

from calibration.rig import Rig
from reid.likeness import CosinePrior
from reid.opening import open_embedder
from tracker.camera_matching import match_cameras
from tracker.config import TrackSettings
from tracker.detection import open_detector
from tracker.identity_records import IdentityEvent, IdentitySummary
from tracker.revision import Revision
from tracker.scene_tracker import SceneTracker
from tracker.types import Detections, Embedder, FloatArray, Frame, Image, Sightings
from tracker.video import CameraSource, Source, SourceReport, cameras_of_paths, open_source, ticks

__all__ = ["Moment", "Pipeline", "track"]

AHEAD = 3  # ticks made ready at most, so that one with many crops doesn't let the detector rest


@dataclass(frozen=True)
class Moment:
    """One tick, final: the frames that the cameras had, and who is seen in each."""

    frames: tuple[Frame, ...]
    sightings: tuple[Sightings, ...]

    @property
    def time(self) -> float:
        """Seconds on the scene's clock."""
        return self.frames[0].time


@dataclass
class _Tick:
    """Frames whose sightings aren't all final yet."""

    frames: tuple[Frame, ...]
    sightings: list[Sightings] = field(default_factory=list)


def track(
    videos: Sequence[str], settings: TrackSettings | None = None, *, offline: bool = False
) -> Iterator[Moment]:
    """Follow people through videos: a generator of moments, in the order of time.

    videos: files, folders of images or stream addresses; the stem of each names its camera.
    Raises InputError where a source, the detector or the ReID model can't be used.
    """
    yield from Pipeline(
        cameras_of_paths(list(videos)), settings or TrackSettings(), offline=offline
    )


class Pipeline:
    """Sources, detector, embedder and scene tracker of one run.

    The constructor opens everything and raises InputError for what can't be used; iterating runs
    it. A moment comes as soon as its sightings are final, up to `entries.max_wait` seconds after
    its frames were read; until then its pictures are kept. `seconds` tells how long each stage
    took, `reports` how the reading of each camera went. The next frames are read and their people
    detected while those before are tracked, so the stages add up to more than the run.
    """

    def __init__(
        self,
        cameras: Sequence[CameraSource],
        settings: TrackSettings,
        *,
        rig: Rig | None = None,
        offline: bool = False,
    ) -> None:
        """rig: the calibration of some or all of the cameras, if there is one."""
        self.sources: list[Source] = [open_source(camera, settings.video) for camera in cameras]
        self.rig = None if rig is None else _fit_rig(rig, self.sources)
        self.seconds = {"match": 0.0, "read": 0.0, "detect": 0.0, "embed": 0.0, "track": 0.0}
        self._events: list[IdentityEvent] = []
        names = [camera.name for camera in cameras]
        self._detector = open_detector(
            settings.detector, names, settings.detection, offline=offline
        )
        embedder = open_embedder(settings.reid)
        timed = None if embedder is None else _TimedEmbedder(embedder, self.seconds)
        self._scene = SceneTracker(names, timed, settings, self._events.append, rig=self.rig)
        self._ticks: deque[_Tick] = deque()
        self._embedder, self._matching = embedder, settings.camera_matching

    @property
    def reports(self) -> dict[str, SourceReport]:
        """Per camera: frames read, damaged, dropped; reconnects of streams."""
        return {source.camera: source.report for source in self.sources}

    def identities(self) -> tuple[IdentitySummary, ...]:
        """What is known of every person so far."""
        return self._scene.identities()

    def learned_doors(self) -> Mapping[str, FloatArray]:
        """Where people come and go, if the rig doesn't say: (1, 2) metres by name."""
        return self._scene.learned_doors()

    def revision(self) -> Revision:
        """After the last moment: what the offline pass corrects, if the settings ask for it.

        Raises ValueError if they don't.
        """
        return self._scene.revision()

    def take_events(self) -> list[IdentityEvent]:
        """The decisions on identities since the last call, in order."""
        events = self._events.copy()
        self._events.clear()
        return events

    def __iter__(self) -> Iterator[Moment]:
        """Look into the videos if the ReID model is to be matched to them; run to their end."""
        with _stopwatch(self.seconds, "match"):
            match_cameras(self._embedder, self.sources, self._detector.detect, self._matching)
        with closing(self._detected()) as feed:
            for frames, detections in feed:
                self._ticks.append(_Tick(frames))
                embedded = self.seconds["embed"]
                with _stopwatch(self.seconds, "track"):
                    final = self._scene.update(frames, detections)
                self.seconds["track"] -= self.seconds["embed"] - embedded
                yield from self._complete(final)
            yield from self._complete(self._scene.finish())

    def _detected(self) -> Generator[tuple[tuple[Frame, ...], Sequence[Detections]]]:
        """The ticks with their detections. The next ones are made ready while one is worked on."""
        stop = Event()
        with closing(ticks(self.sources, stop)) as feed, ThreadPoolExecutor(1) as ahead:
            try:
                coming = deque(ahead.submit(self._detect_next, feed) for _ in range(AHEAD))
                while (tick := coming.popleft().result()) is not None:
                    coming.append(ahead.submit(self._detect_next, feed))
                    yield tick
            finally:
                stop.set()

    def _detect_next(
        self, feed: Iterator[list[Frame]]
    ) -> tuple[tuple[Frame, ...], Sequence[Detections]] | None:
        with _stopwatch(self.seconds, "read"):
            frames = tuple(next(feed, ()))
        if not frames:
            return None
        with _stopwatch(self.seconds, "detect"):
            return frames, self._detector.detect(frames)

    def _complete(self, final: Sequence[Sightings]) -> Iterator[Moment]:
        """Give the sightings to the oldest ticks; they become final in the order of frames."""
        for sightings in final:
            tick = self._ticks[0]
            tick.sightings.append(sightings)
            if len(tick.sightings) == len(tick.frames):
                self._ticks.popleft()
                yield Moment(tick.frames, tuple(tick.sightings))


def _fit_rig(rig: Rig, sources: Sequence[Source]) -> Rig | None:
    """The rig's cameras that are in use, at the size of their pictures; None if there is none."""
    cameras = {
        source.camera: camera.scaled(
            (source.size[0] / camera.image_size[0], source.size[1] / camera.image_size[1])
        )
        for source in sources
        if (camera := rig.cameras.get(source.camera)) is not None
    }
    return replace(rig, cameras=cameras) if cameras else None


class _TimedEmbedder:
    """An embedder whose time is told apart from that of the tracker which calls it."""

    def __init__(self, embedder: Embedder, seconds: dict[str, float]) -> None:
        self._embedder = embedder
        self._seconds = seconds

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    @property
    def cosine_prior(self) -> CosinePrior | None:
        return self._embedder.cosine_prior

    def embed(
        self, crops: Sequence[Image], cameras: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        with _stopwatch(self._seconds, "embed"):
            return self._embedder.embed(crops, cameras)


@contextmanager
def _stopwatch(seconds: dict[str, float], stage: str) -> Iterator[None]:
    begin = wall.perf_counter()
    try:
        yield
    finally:
        seconds[stage] += wall.perf_counter() - begin
