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
from reid.appearances import Appearances, AppearanceSettings, Look, look_of
from reid.likeness import CosinePrior
from tracker.assignment import assign
from tracker.certain_pairs import learn_company, learn_track
from tracker.identity_records import Candidate, IdentityEvent, IdentitySummary
from tracker.odds import posteriors, prior_log_odds
from tracker.questions import Question, likeliest
from tracker.travel import Departures, TravelSettings, TravelTimes
from tracker.types import Arrival, BoolArray, FloatArray, IntArray

__all__ = ["IdentityRegistry", "IdentitySettings"]

CERTAIN = 0.95  # probability from which a journey counts as one


class IdentitySettings(Settings):
    """When an arrival is somebody already known."""

    return_probability: float = Field(default=0.5, gt=0, lt=1)
    """Probability that an arrival is one of those who left, before looks are compared. It is
    shared between them: the more there are, the more alike one must look."""
    overlap: bool = True
    """Whether cameras without calibration may see the same place at once. If so, an arrival may
    also be a person who is active on another camera."""
    overlap_probability: float = Field(default=0.3, gt=0, lt=1)
    """Probability that it is one of those, before looks are compared."""
    certain_after: float = Field(default=2.0, gt=0)
    """Seconds: pictures of one track this far apart tell how one person's differ, and two tracks
    that one camera sees at once for so long are certainly two people."""
    explained_candidates: int = Field(default=3, ge=1)
    """Likeliest candidates that an event names."""
    appearance: AppearanceSettings = AppearanceSettings()
    travel: TravelSettings = TravelSettings()


@dataclass
class _Identity:
    number: int
    first_time: float
    last_time: float
    cameras: dict[str, None] = field(default_factory=dict)  # an ordered set
    tracks: dict[tuple[str, int], float] = field(default_factory=dict)  # followed now, and since
    left: dict[str, float] = field(default_factory=dict)  # when each camera saw the person last
    reentries: int = 0

    def is_on(self, camera: str) -> bool:
        return any(name == camera for name, _ in self.tracks)


class IdentityRegistry:
    """All the people of a scene: those followed now, and the galleries of those who left.

    The rules: an arrival is compared with the identities that are inactive; two arrivals of one
    call can't take the same one; an identity seen on a camera can't be taken by another track
    of that camera that was there at the same time. With `overlap` an identity active on other
    cameras only may be taken too.
    """

    def __init__(
        self,
        settings: IdentitySettings,
        on_event: Callable[[IdentityEvent], None] | None = None,
        prior: CosinePrior | None = None,
    ) -> None:
        """prior: what the ReID model says of its cosines."""
        self._settings = settings
        self._on_event = on_event or (lambda event: None)
        self._numbers = itertools.count(1)
        self._identities: dict[int, _Identity] = {}
        self._owner: dict[tuple[str, int], int] = {}
        self._cameras: dict[str, int] = {}
        self._travel = TravelTimes(settings.travel)
        self._departures = Departures()
        self.appearances = Appearances(settings.appearance, prior)

    def resolve(self, arrivals: Sequence[Arrival]) -> list[int]:
        """The identity of each arrival of one tick: re-assigned or newly opened, all different.

        Arrivals without embeddings always open a new identity. Raises ValueError if a track
        already has one.
        """
        for arrival in arrivals:
            if (arrival.camera, arrival.track_id) in self._owner:
                raise ValueError(f"track {arrival.track_id} of {arrival.camera} is known already")
        if not arrivals:
            return []
        self._learn(max(arrival.time for arrival in arrivals))
        question = self._ask(arrivals)
        rows, columns = assign(-question.log_odds, 0.0)
        chosen = dict(zip(rows.tolist(), columns.tolist(), strict=True))
        self._learn_journeys(arrivals, question, chosen)
        return [
            self._settle(arrival, row, chosen.get(row), question)
            for row, arrival in enumerate(arrivals)
        ]

    def observe(
        self,
        camera: str,
        track_id: int,
        time: float,
        embeddings: FloatArray,
        qualities: FloatArray,
        sources: Sequence[str] = (),
    ) -> None:
        """A track whose identity is known is seen: (K, D) unit embeddings may join its gallery.

        sources: the camera that took each image; without, it is `camera`.
        """
        number = self._owner[camera, track_id]
        cameras = self.camera_numbers(sources or [camera] * len(embeddings))
        self.appearances.add(number, embeddings, qualities, cameras, time)

    def see(self, people: Sequence[int], camera: str, time: float) -> None:
        """These identities are seen by that camera at that moment."""
        for number in people:
            identity = self._identities[number]
            identity.cameras[camera] = None
            identity.last_time = max(identity.last_time, time)

    def leave(self, camera: str, track_id: int, time: float, place: str | None = None) -> None:
        """A track ended; its identity is inactive if this was its last one.

        time: when it was last seen. place: where, for travel times; without, the camera.
        """
        number = self._owner.pop((camera, track_id), None)
        if number is None:
            return
        identity = self._identities[number]
        since = identity.tracks.pop((camera, track_id))
        patience = self._settings.certain_after
        learn_track(self.appearances, number, (camera, track_id), since, patience)
        identity.left[camera] = max(time, identity.left.get(camera, -np.inf))
        identity.last_time = max(identity.last_time, time)
        self._departures.note(number, place or camera, identity.last_time)
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

    def camera_numbers(self, names: Sequence[str]) -> IntArray:
        """(N,) what stands for those cameras in looks."""
        known = self._cameras
        return np.array([known.setdefault(name, len(known)) for name in names], np.int64)

    def _ask(self, arrivals: Sequence[Arrival]) -> Question:
        """Everybody whom the arrivals may be, and how likely that is."""
        galleries = self.appearances.galleries
        galleries.expire(max(arrival.time for arrival in arrivals))
        pictured = any(len(arrival.embeddings) for arrival in arrivals)
        people = galleries.people() if pictured else np.zeros(0, np.int64)
        active = np.isin(people, list(set(self._owner.values())))
        returning, elsewhere = self._allowed(arrivals, people, active)
        chances = self._settings.return_probability, self._settings.overlap_probability
        journeys = self._journeys(arrivals, people)
        prior = prior_log_odds(returning, elsewhere, journeys, chances)
        unhurried = prior_log_odds(returning, elsewhere, np.zeros_like(journeys), chances)
        distances = self._distances(arrivals, people)
        ratio = distances  # of nobody
        if len(people):
            ratio = self.appearances.model().log_ratio(distances)
        return Question(people, active, distances, prior, prior + ratio, unhurried + ratio)

    def _distances(self, arrivals: Sequence[Arrival], people: IntArray) -> FloatArray:
        """(N, P): how far each arrival's looks are from each person's; inf without looks."""
        distances = np.full((len(arrivals), len(people)), np.inf)
        seen = [i for i, arrival in enumerate(arrivals) if len(arrival.embeddings)]
        looks = [self._look(arrivals[i]) for i in seen]
        distances[seen] = self.appearances.distances(looks, people)
        return distances

    def _look(self, arrival: Arrival) -> Look:
        sources = arrival.sources or [arrival.camera] * len(arrival.embeddings)
        return look_of(arrival.embeddings, self.camera_numbers(sources))

    def _allowed(
        self, arrivals: Sequence[Arrival], people: IntArray, active: BoolArray
    ) -> tuple[BoolArray, BoolArray]:
        """(N, P) twice: who may have come back, and who may be seen by two cameras at once."""
        returning = np.tile(~active, (len(arrivals), 1))
        elsewhere = np.zeros_like(returning)
        _, left = self._departures.of(people)
        recent = left >= min(arrival.time for arrival in arrivals)
        for column in np.flatnonzero(active | recent):
            person = self._identities[int(people[column])]
            for row, arrival in enumerate(arrivals):
                free = arrival.time > person.left.get(arrival.camera, -np.inf)
                returning[row, column] &= free
                free &= bool(active[column]) and not person.is_on(arrival.camera)
                elsewhere[row, column] = free and self._settings.overlap
        return returning, elsewhere

    def _journeys(self, arrivals: Sequence[Arrival], people: IntArray) -> FloatArray:
        """(N, P) what the time since each person left says, in nats."""
        ratios = np.zeros((len(arrivals), len(people)))
        places, left = self._departures.of(people)
        for row, arrival in enumerate(arrivals):
            destination = arrival.place or arrival.camera
            for origin in self._travel.origins(destination):
                here = places == self._departures.index(origin)
                gaps = arrival.time - left[here]
                ratios[row, here] = self._travel.log_ratio(origin, destination, gaps)
        return ratios

    def _learn(self, time: float) -> None:
        """Take in the pairs that are certain now."""
        present = [
            (camera, track, number, self._identities[number].tracks[camera, track])
            for number in sorted(set(self._owner.values()))
            for camera, track in self._identities[number].tracks
        ]
        patience = self._settings.certain_after
        for camera, track, number, since in present:
            learn_track(self.appearances, number, (camera, track), since, patience)
        company = ((camera, number, since) for camera, _, number, since in present)
        learn_company(self.appearances, company, time - patience)

    def _learn_journeys(
        self, arrivals: Sequence[Arrival], question: Question, chosen: dict[int, int]
    ) -> None:
        """How long those took who surely came back, told by their looks alone."""
        certainty = posteriors(question.unhurried)
        _, left = self._departures.of(question.people)
        for row, column in chosen.items():
            if certainty[row, column] > CERTAIN and not question.active[column]:
                arrival = arrivals[row]
                self._travel.learn(
                    self._departures.place_of(int(question.people[column])),
                    arrival.place or arrival.camera,
                    arrival.time - float(left[column]),
                )

    def _settle(self, arrival: Arrival, row: int, column: int | None, question: Question) -> int:
        """Note the decision on one arrival and tell of it."""
        candidates, prior = likeliest(question, row, self._settings.explained_candidates)
        threshold = self.appearances.model().threshold(-prior) if candidates else float("nan")
        if column is None:
            identity = _Identity(next(self._numbers), arrival.time, arrival.time)
            self._identities[identity.number] = identity
            kind, why = "opened", _why_new(candidates)
        else:
            identity = self._identities[int(question.people[column])]
            kind = "joined" if identity.tracks else "reassigned"
            identity.reentries += kind == "reassigned"
            why = "active on another camera, looks the same" if kind == "joined" else "came back"
        probabilities = posteriors(question.log_odds)[row]
        posterior = float(1 - probabilities.sum() if column is None else probabilities[column])
        identity.tracks[arrival.camera, arrival.track_id] = arrival.time
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
                posterior,
                threshold,
                why,
            )
        )
        return identity.number


def _why_new(candidates: tuple[Candidate, ...]) -> str:
    if not candidates:
        return "nobody to compare with"
    return "nobody looks alike enough, or another arrival took the one who does"
