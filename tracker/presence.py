"""Tracks that are followed now, and the frames that wait until everybody on them is known."""

from dataclasses import dataclass, field

import numpy as np

from tracker.questions import Review
from tracker.tracklets import TrackletBook
from tracker.types import Arrival, CameraTracks, FloatArray, IntArray, Sightings

__all__ = ["NOBODY", "Presence", "WaitingFrame"]

NO_IMAGES = np.zeros((0, 0), np.float32)
NOBODY = 0  # the "identity" of what turned out to be no person of its own


@dataclass(eq=False)
class Presence:
    """One track and the person it shows; the identity is None while the decision waits.

    group: the camera, or what stands for all calibrated ones. first, last: where it was first seen
    and last detected, (2,) metres, NaN without calibration. until: when it was last seen, seconds.
    confirmed: whether it surely is a person. images: not yet in a gallery, each with its quality
    and its camera. met: since when the track may follow somebody else, as it came too near to
    another one or was lost; None if it can't. alone: since when that is over, or is not waited for
    any more; the images since then tell who it is now. detected: when it was last, seconds.
    resting: it was nobody after all and is a new entry once it is detected. inside: whether nobody
    comes in, as far as one knows, where it may have begun to show somebody new.
    """

    group: str
    track: int
    since: float
    first: FloatArray
    last: FloatArray
    until: float
    confirmed: bool = False
    identity: int | None = None
    next_image: float = -np.inf
    images: list[FloatArray] = field(default_factory=list)
    qualities: list[float] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    detected: float = -np.inf
    resting: bool = False
    met: float | None = None
    alone: float | None = None
    inside: bool = False

    @property
    def open(self) -> bool:
        """Whether it is being decided who it is, or who it is since an encounter."""
        return self.identity is None or self.alone is not None

    def meet(self, time: float, *, near: bool, detected: bool, gap: float) -> None:
        """A tick passes. near: whether it is too near to another one. gap: seconds without a
        detection after which it counts as lost."""
        if self.identity == NOBODY:
            return
        if self.met is None and (near or time - self.detected > gap):
            self.met = time
        if detected:
            self.detected = time

    @property
    def placed(self) -> bool:
        """Whether it is known where it stands."""
        return bool(np.isfinite(self.last[0]))

    @property
    def waited(self) -> float:
        """Seconds since it met somebody."""
        return 0.0 if self.met is None else self.until - self.met

    def look_again(self) -> None:
        """From now on its images tell who it is since it met somebody."""
        if self.met is not None and self.alone is None and self.identity:
            self.alone, self.next_image = self.until, -np.inf
            self.forget_images()

    def trust(self, since: float | None = None) -> None:
        """It is known who it is; since some time it may have changed again, or not."""
        self.met, self.alone = since, None

    def take(self, image: FloatArray, quality: float, camera: str) -> None:
        """Keep an image's embedding (D,) until it is decided who it shows."""
        self.images.append(image)
        self.qualities.append(quality)
        self.sources.append(camera)

    def forget_images(self) -> None:
        """They are in a gallery now, or of no use."""
        self.images, self.qualities, self.sources = [], [], []

    def arrival(self, place: str) -> Arrival:
        """The question who this is. place: the name of where the person came in."""
        return self._ask(self.track, self.since, place, bare=False)

    def review(self, number: int, since: float, *, bare: bool = False) -> Review:
        """The question whom it shows since some time. number: of the track that it is from then
        on if it has changed. bare: without its images."""
        return Review(self.track, self._ask(number, since, self.group, bare=bare))

    def _ask(self, number: int, since: float, place: str, *, bare: bool) -> Arrival:
        """bare: without its images."""
        shown = bool(self.images) and not bare
        images = np.array(self.images) if shown else NO_IMAGES
        sources = tuple(self.sources) if shown else ()
        position = self.first if np.isfinite(self.first[0]) else None
        return Arrival(self.group, number, since, images, position, sources, place, self.inside)


@dataclass(frozen=True)
class WaitingFrame:
    """A camera's frame whose tracks may not all be decided yet. positions: (N, 3) metres."""

    tracks: CameraTracks
    presences: list[Presence]
    positions: FloatArray

    @property
    def decided(self) -> bool:
        """Whether it is known who everybody on it is."""
        return all(
            not p.open
            or (p.identity is not None and p.met is not None and self.tracks.time < p.met)
            for p in self.presences
        )

    def sightings(self, people: IntArray) -> Sightings:
        """The frame's result, given the identity of each track or `NOBODY`: (N,)."""
        rows = np.argsort(people, kind="stable")
        rows = rows[people[rows] != NOBODY]
        tracks = self.tracks
        return Sightings(
            tracks.camera,
            tracks.index,
            tracks.time,
            people[rows],
            tracks.boxes[rows],
            tracks.scores[rows],
            self.positions[rows],
        )

    def record(self, book: TrackletBook) -> None:
        """Tell the book who is where, once everybody's identity is known."""
        camera, index, time = self.tracks.camera, self.tracks.index, self.tracks.time
        for presence, position in zip(self.presences, self.positions[:, :2], strict=True):
            if presence.identity:
                key = presence.group, presence.track
                book.see(key, presence.identity, camera, index, time, position)
