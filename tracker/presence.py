"""Tracks that are followed now, and the frames that wait until everybody on them is known."""

from dataclasses import dataclass, field

import numpy as np

from tracker.tracklets import TrackletBook
from tracker.types import Arrival, CameraTracks, FloatArray, IntArray, Sightings

__all__ = ["NOBODY", "Presence", "WaitingFrame"]

NOBODY = 0  # the "identity" of what turned out to be no person of its own


@dataclass
class Presence:
    """One track and the person it shows; the identity is None while the decision waits.

    group: the camera, or what stands for all calibrated ones. first, last: where it was first and
    last seen, (2,) metres, NaN without calibration. until: when it was last seen, seconds.
    confirmed: whether it surely is a person. sources: the camera of each image.
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

    def arrival(self, place: str) -> Arrival:
        """The question who this is. place: the name of where the person came in."""
        images = np.stack(self.images) if self.images else np.zeros((0, 0), np.float32)
        position = self.first if np.isfinite(self.first).all() else None
        sources = tuple(self.sources)
        return Arrival(self.group, self.track, self.since, images, position, sources, place)


@dataclass(frozen=True)
class WaitingFrame:
    """A camera's frame whose tracks may not all be decided yet. positions: (N, 3) metres."""

    tracks: CameraTracks
    presences: list[Presence]
    positions: FloatArray

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
