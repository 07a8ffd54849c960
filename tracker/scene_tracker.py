"""All cameras together: from the detections of one tick to who is where, scene-wide."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import Field

from configs import Settings
from tracker.camera_tracker import CameraTracker, CameraTrackerSettings
from tracker.identities import (
    IdentityEvent,
    IdentityRegistry,
    IdentitySettings,
    IdentitySummary,
)
from tracker.sampling import embed_tracks, image_quality
from tracker.types import (
    Arrival,
    BoolArray,
    CameraTracks,
    Detections,
    Embedder,
    FloatArray,
    Frame,
    Sightings,
)

__all__ = ["EntrySettings", "SceneSettings", "SceneTracker"]


class EntrySettings(Settings):
    """Which pictures of a person are looked at, and how long a decision waits for them."""

    images: int = Field(default=4, ge=1)
    """Images of an entry that are gathered before it is decided who it is."""
    max_wait: float = Field(default=1.0, ge=0)
    """Seconds after which it is decided with the images at hand."""
    interval: float = Field(default=1.0, gt=0)
    """Seconds between two images of a person who is known already."""
    min_quality: float = Field(default=0.1, ge=0, le=1)
    """Images below this quality (score x visible share x size) aren't looked at, except where an
    entry has no better one."""
    full_height: float = Field(default=128.0, gt=0)
    """Height in pixels from which on a box counts as large."""


class SceneSettings(Settings):
    """Settings of a scene's tracking."""

    camera_tracker: CameraTrackerSettings = CameraTrackerSettings()
    entries: EntrySettings = EntrySettings()
    identities: IdentitySettings = IdentitySettings()


@dataclass
class _Presence:
    """One track and the person it shows; the identity is None while the decision waits."""

    camera: str
    track: int
    since: float
    identity: int | None = None
    next_image: float = -np.inf
    images: list[FloatArray] = field(default_factory=list)
    qualities: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class _Waiting:
    """A camera's frame whose tracks aren't all decided yet."""

    tracks: CameraTracks
    presences: list[_Presence]


class SceneTracker:
    """Follows people on every camera and gives each one identity for the whole scene.

    `update` takes the frames of one tick and returns the sightings that became final, which may
    be of earlier ticks: an entry waits up to `entries.max_wait` seconds for several images before
    it is decided who it is, and the decision holds for its earlier frames too. `finish` returns
    the rest. Same inputs, same settings: same results.
    """

    def __init__(
        self,
        cameras: Sequence[str],
        embedder: Embedder | None,
        settings: SceneSettings,
        on_event: Callable[[IdentityEvent], None] | None = None,
    ) -> None:
        """embedder: None uses the embeddings that detections bring, else no appearance at all.

        on_event: called with every decision on identities, in order.
        """
        self._embedder = embedder
        self._entries = settings.entries
        self._trackers = {name: CameraTracker(name, settings.camera_tracker) for name in cameras}
        self._registry = IdentityRegistry(settings.identities, on_event)
        self._presences: dict[tuple[str, int], _Presence] = {}
        self._waiting: deque[_Waiting] = deque()

    def update(self, frames: Sequence[Frame], detections: Sequence[Detections]) -> list[Sightings]:
        """Advance by the frames that the cameras have now; return what became final.

        frames: at most one per camera, each with its detections. Raises ValueError for a camera
        that isn't the scene's, or two frames of one camera.
        """
        self._check(frames)
        tracks = [
            self._trackers[frame.camera].update(frame.index, frame.time, found, frame.image)
            for frame, found in zip(frames, detections, strict=True)
        ]
        for followed in tracks:
            presences = [self._presence(followed, track) for track in followed.ids.tolist()]
            self._waiting.append(_Waiting(followed, presences))
        self._look(frames, detections, tracks)
        self._decide(tracks)
        self._retire(tracks)
        return self._release()

    def finish(self) -> list[Sightings]:
        """Decide what is still open and return the remaining sightings."""
        self._resolve([p for p in self._presences.values() if p.identity is None])
        return self._release()

    def identities(self) -> tuple[IdentitySummary, ...]:
        """What is known of every person so far."""
        return self._registry.summaries()

    def _check(self, frames: Sequence[Frame]) -> None:
        names = [frame.camera for frame in frames]
        if unknown := set(names) - set(self._trackers):
            raise ValueError(f"no camera of this scene: {', '.join(sorted(unknown))}")
        if len(set(names)) < len(names):
            raise ValueError("two frames of one camera in one tick")

    def _presence(self, tracks: CameraTracks, track: int) -> _Presence:
        key = tracks.camera, track
        if key not in self._presences:
            self._presences[key] = _Presence(tracks.camera, track, tracks.time)
        return self._presences[key]

    def _look(
        self,
        frames: Sequence[Frame],
        detections: Sequence[Detections],
        tracks: Sequence[CameraTracks],
    ) -> None:
        """Take images of entries, and now and then of people who are known."""
        qualities = [
            image_quality(t.boxes, t.scores, full_height=self._entries.full_height) for t in tracks
        ]
        wanted = [self._wanted(t, q) for t, q in zip(tracks, qualities, strict=True)]
        made = embed_tracks(frames, detections, tracks, wanted, self._embedder)
        for followed, rows, quality, embeddings in zip(
            tracks, wanted, qualities, made, strict=True
        ):
            if embeddings is not None:
                self._remember(followed, rows, quality, embeddings)

    def _wanted(self, tracks: CameraTracks, quality: FloatArray) -> BoolArray:
        """The rows whose image is due now and good enough."""
        presences = [self._presences[tracks.camera, track] for track in tracks.ids.tolist()]
        due = np.array([p.next_image <= tracks.time for p in presences], bool)
        bare = np.array([p.identity is None and not p.images for p in presences], bool)
        good = (quality >= self._entries.min_quality) | bare
        return due & good & (tracks.detection_rows >= 0)

    def _remember(
        self, tracks: CameraTracks, rows: BoolArray, quality: FloatArray, embeddings: FloatArray
    ) -> None:
        for track, value, embedding in zip(
            tracks.ids[rows].tolist(), quality[rows].tolist(), embeddings, strict=True
        ):
            presence = self._presences[tracks.camera, track]
            if presence.identity is None:
                presence.images.append(embedding)
                presence.qualities.append(value)
            else:
                presence.next_image = tracks.time + self._entries.interval
                self._registry.observe(
                    tracks.camera, track, tracks.time, embedding[None], np.array([value])
                )

    def _decide(self, tracks: Sequence[CameraTracks]) -> None:
        """Resolve the entries that have their images, waited long enough, or are over."""
        ended = {(t.camera, track) for t in tracks for track in t.ended.tolist()}
        now = max((t.time for t in tracks), default=-np.inf)
        ready = [
            p
            for key, p in self._presences.items()
            if p.identity is None
            and (
                len(p.images) >= self._entries.images
                or now - p.since >= self._entries.max_wait
                or key in ended
            )
        ]
        self._resolve(ready)

    def _resolve(self, presences: Sequence[_Presence]) -> None:
        arrivals = [
            Arrival(
                p.camera,
                p.track,
                p.since,
                np.stack(p.images) if p.images else np.zeros((0, 0), np.float32),
            )
            for p in presences
        ]
        for presence, identity in zip(presences, self._registry.resolve(arrivals), strict=True):
            presence.identity = identity
            if presence.images:
                self._registry.observe(
                    presence.camera,
                    presence.track,
                    presence.since,
                    np.array(presence.images),
                    np.array(presence.qualities),
                )
            presence.images, presence.qualities = [], []

    def _retire(self, tracks: Sequence[CameraTracks]) -> None:
        for followed in tracks:
            for track in followed.ended.tolist():
                self._presences.pop((followed.camera, track), None)
                self._registry.leave(followed.camera, track, followed.time)

    def _release(self) -> list[Sightings]:
        """The frames, oldest first, up to the first one with an undecided track."""
        final = []
        while self._waiting and all(p.identity is not None for p in self._waiting[0].presences):
            frame = self._waiting.popleft()
            people = [p.identity or 0 for p in frame.presences]
            self._registry.see(people, frame.tracks.time)
            final.append(_sightings(frame.tracks, people))
        return final


def _sightings(tracks: CameraTracks, identities: list[int]) -> Sightings:
    numbers = np.array(identities, np.int64)
    order = np.argsort(numbers, kind="stable")
    return Sightings(
        tracks.camera,
        tracks.index,
        tracks.time,
        numbers[order],
        tracks.boxes[order],
        tracks.scores[order],
        np.full((len(numbers), 3), np.nan),
    )
