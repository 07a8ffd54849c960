"""Who is it? Arrivals are compared with the people who left, and re-assigned or opened new.

After section 5.1 of Lawen et al., "Attention Network Robustification for Person ReID"
(arXiv 1910.07038): ReID is asked each time a person enters; it compares several images per person
of those who are not tracked at that time, and an entry may belong to nobody of them.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import Field

from configs import Settings
from reid.gallery import Galleries, GallerySettings, unit_rows
from tracker.assignment import assign
from tracker.types import Arrival, FloatArray

__all__ = [
    "Candidate",
    "IdentityEvent",
    "IdentityRegistry",
    "IdentitySettings",
    "IdentitySummary",
]


class IdentitySettings(Settings):
    """When an arrival is somebody already known."""

    threshold: float = Field(default=0.4, ge=0, le=2)
    """Appearance distance (1 - cosine) up to which an arrival is re-assigned to one who left."""
    overlap: bool = True
    """Whether cameras without calibration may see the same place at once. If so, an arrival may
    also be a person who is active on another camera, by a stricter threshold."""
    overlap_strictness: float = Field(default=0.7, gt=0, le=1)
    """The share of `threshold` that a person active on another camera must stay below."""
    explained_candidates: int = Field(default=3, ge=1)
    """Nearest candidates that an event names."""
    gallery: GallerySettings = GallerySettings()


@dataclass(frozen=True)
class Candidate:
    """One identity that an arrival was compared with. active: seen elsewhere at that time."""

    identity: int
    distance: float
    active: bool


@dataclass(frozen=True)
class IdentityEvent:
    """One decision, with what decided it.

    kind: "opened" (a person never seen before), "reassigned" (one who had left came back),
    "joined" (one who is active on another camera is seen here too), "left".
    candidates: the nearest identities, nearest first. threshold: the distance that the chosen one
    had to stay below. why: the decision in words.
    """

    kind: str
    time: float
    camera: str
    track: int
    identity: int
    candidates: tuple[Candidate, ...] = ()
    threshold: float = float("nan")
    why: str = ""


@dataclass(frozen=True)
class IdentitySummary:
    """What is known of one person. Times in seconds; cameras in the order of their first sight.

    reentries: how many times the person came back after leaving all cameras.
    """

    identity: int
    first_time: float
    last_time: float
    cameras: tuple[str, ...]
    reentries: int
    active: bool


@dataclass
class _Identity:
    number: int
    first_time: float
    last_time: float
    cameras: dict[str, None] = field(default_factory=dict)  # an ordered set
    tracks: set[tuple[str, int]] = field(default_factory=set)  # followed now
    reentries: int = 0

    def is_on(self, camera: str) -> bool:
        return any(name == camera for name, _ in self.tracks)


class IdentityRegistry:
    """All the people of a scene: those followed now, and the galleries of those who left.

    The rules: an arrival is compared with the identities that are inactive; two arrivals of one
    call can't take the same one; an identity active on a camera can't be taken by another track
    of that camera. With `overlap` an identity active on other cameras only may be taken too, if
    it looks very much alike (`overlap_strictness`).
    """

    def __init__(
        self,
        settings: IdentitySettings,
        on_event: Callable[[IdentityEvent], None] | None = None,
    ) -> None:
        self._settings = settings
        self._on_event = on_event or (lambda event: None)
        self._numbers = itertools.count(1)
        self._identities: dict[int, _Identity] = {}
        self._owner: dict[tuple[str, int], int] = {}
        self._cameras: dict[str, int] = {}
        self.galleries = Galleries(settings.gallery)

    def resolve(self, arrivals: Sequence[Arrival]) -> list[int]:
        """The identity of each arrival of one tick: re-assigned or newly opened, all different.

        Arrivals without embeddings always open a new identity. Raises ValueError if a track
        already has one.
        """
        for arrival in arrivals:
            if (arrival.camera, arrival.track_id) in self._owner:
                raise ValueError(f"track {arrival.track_id} of {arrival.camera} is known already")
        people = np.array(sorted(self._identities), np.int64)
        distances = self._distances(arrivals, people)
        limits = self._limits(arrivals, people)
        rows, columns = assign(np.where(distances <= limits, distances - limits, np.inf), 0.0)
        chosen = dict(zip(rows.tolist(), people[columns].tolist(), strict=True))
        return [
            self._settle(arrival, chosen.get(i), people, distances[i], limits[i])
            for i, arrival in enumerate(arrivals)
        ]

    def observe(
        self, camera: str, track_id: int, time: float, embeddings: FloatArray, qualities: FloatArray
    ) -> None:
        """A track whose identity is known is seen: (K, D) unit embeddings may join its gallery."""
        identity = self._identities[self._owner[camera, track_id]]
        self.galleries.add(identity.number, embeddings, qualities, self._camera(camera), time)

    def see(self, people: Sequence[int], camera: str, time: float) -> None:
        """These identities are seen by that camera at that moment."""
        for number in people:
            identity = self._identities[number]
            identity.cameras[camera] = None
            identity.last_time = max(identity.last_time, time)

    def leave(self, camera: str, track_id: int, time: float) -> None:
        """A track ended; its identity is inactive if this was its last one."""
        number = self._owner.pop((camera, track_id), None)
        if number is None:
            return
        identity = self._identities[number]
        identity.tracks.discard((camera, track_id))
        if not identity.tracks:
            self._on_event(
                IdentityEvent("left", time, camera, track_id, number, why="seen by no camera")
            )

    def summaries(self) -> tuple[IdentitySummary, ...]:
        """Every identity opened so far, by number."""
        return tuple(
            IdentitySummary(
                i.number, i.first_time, i.last_time, tuple(i.cameras), i.reentries, bool(i.tracks)
            )
            for i in self._identities.values()
        )

    def _camera(self, name: str) -> int:
        return self._cameras.setdefault(name, len(self._cameras))

    def _distances(self, arrivals: Sequence[Arrival], people: np.ndarray) -> FloatArray:
        """(N, P): 1 - cosine of an arrival's mean with a person's best image; inf without."""
        distances = np.full((len(arrivals), len(people)), np.inf)
        seen = [i for i, arrival in enumerate(arrivals) if len(arrival.embeddings)]
        if seen and len(people):
            queries = unit_rows(np.stack([arrivals[i].embeddings.mean(axis=0) for i in seen]))
            likeness = self.galleries.likeness(queries, people)
            distances[seen] = np.where(likeness > -1, 1 - likeness.astype(np.float64), np.inf)
        return distances

    def _limits(self, arrivals: Sequence[Arrival], people: np.ndarray) -> FloatArray:
        """(N, P) the distance that each pair must stay below; -inf where a rule forbids it."""
        inactive = np.array([not self._identities[int(p)].tracks for p in people], bool)
        limits = np.where(inactive, self._settings.threshold, -np.inf)
        limits = np.tile(limits, (len(arrivals), 1)).reshape(len(arrivals), len(people))
        if self._settings.overlap:
            strict = self._settings.threshold * self._settings.overlap_strictness
            for column in np.flatnonzero(~inactive):
                person = self._identities[int(people[column])]
                for row, arrival in enumerate(arrivals):
                    if not person.is_on(arrival.camera):
                        limits[row, column] = strict
        return limits

    def _settle(
        self,
        arrival: Arrival,
        number: int | None,
        people: np.ndarray,
        distances: FloatArray,
        limits: FloatArray,
    ) -> int:
        order = np.argsort(distances, kind="stable")[: self._settings.explained_candidates]
        order = order[np.isfinite(distances[order])]
        candidates = tuple(
            Candidate(
                int(people[i]), float(distances[i]), bool(self._identities[int(people[i])].tracks)
            )
            for i in order
        )
        if number is None:
            identity = _Identity(next(self._numbers), arrival.time, arrival.time)
            self._identities[identity.number] = identity
            kind, threshold, why = "opened", self._settings.threshold, _why_new(candidates)
        else:
            identity = self._identities[number]
            threshold = float(limits[np.searchsorted(people, number)])
            kind = "joined" if identity.tracks else "reassigned"
            identity.reentries += kind == "reassigned"
            why = "active on another camera, looks the same" if kind == "joined" else "came back"
        identity.tracks.add((arrival.camera, arrival.track_id))
        identity.last_time = max(identity.last_time, arrival.time)
        self._owner[arrival.camera, arrival.track_id] = identity.number
        self._on_event(
            IdentityEvent(
                kind,
                arrival.time,
                arrival.camera,
                arrival.track_id,
                identity.number,
                candidates,
                threshold,
                why,
            )
        )
        return identity.number


def _why_new(candidates: tuple[Candidate, ...]) -> str:
    if not candidates:
        return "nobody to compare with"
    return "nobody who left looks alike enough, or another arrival took the one who does"
