"""Who is it? Arrivals are compared with the people who left, and re-assigned or opened new.

After section 5.1 of Lawen et al., "Attention Network Robustification for Person ReID"
(arXiv 1910.07038): ReID is asked each time a person enters; it compares several images per person
of those who are not tracked at that time, and an entry may belong to nobody of them.
"""

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from reid.appearances import Appearances, Look, look_of
from reid.likeness import CosinePrior
from tracker.assignment import assign
from tracker.certain_pairs import learn_company, learn_track
from tracker.identity_records import Candidate, IdentityEvent, IdentitySummary
from tracker.identity_settings import IdentitySettings
from tracker.journeys import Journeys
from tracker.known_people import KnownPerson, allowed
from tracker.odds import posteriors, prior_log_odds, reviewed
from tracker.questions import Question, Review, is_double, is_lost, likeliest, own_margin
from tracker.types import Arrival, BoolArray, FloatArray, IntArray

__all__ = ["IdentityRegistry", "IdentitySettings"]

CERTAIN = 0.95  # probability from which a journey counts as one


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
        self._identities: dict[int, KnownPerson] = {}
        self._owner: dict[tuple[str, int], int] = {}
        self._cameras: dict[str, int] = {}
        self._shown: set[int] = set()  # of whom there are pictures that nothing was learned from
        self._unclear: set[tuple[str, int]] = set()  # tracks that look like somebody else as much
        self._journeys = Journeys(settings.travel)
        self.appearances = Appearances(settings.appearance, prior)

    def resolve(self, arrivals: Sequence[Arrival], reviews: Sequence[Review] = ()) -> list[int]:
        """The identity of each arrival of one tick: re-assigned or newly opened, all different;
        then of each known track that may have changed its person. 0 for what is nobody else: a
        second track of somebody, or one whose person is followed by another track now.

        Arrivals without embeddings always open a new identity. A track under review keeps its
        person or becomes another track from that time on, perhaps of one whom another track
        under review turns out not to show, or of an arrival's. Raises ValueError if an arrival's
        track already has an identity, or one under review hasn't.
        """
        for arrival in arrivals:
            if (arrival.camera, arrival.track_id) in self._owner:
                raise ValueError(f"track {arrival.track_id} of {arrival.camera} is known already")
        everybody = [*arrivals, *(review.now for review in reviews)]
        if not everybody:
            return []
        self._learn(max(arrival.time for arrival in everybody))
        question = self._ask(everybody, reviews)
        rows, columns = assign(-question.log_odds, 0.0)
        chosen = dict(zip(rows.tolist(), columns.tolist(), strict=True))
        self._learn_journeys(arrivals, question, chosen)
        first = len(arrivals)
        kept = [chosen.get(row, -1) == own for row, own in enumerate(question.own.tolist())]
        changed = [review for review, stays in zip(reviews, kept[first:], strict=True) if not stays]
        losers = [self._release(review) for review in changed]
        answers = []
        for row, arrival in enumerate(everybody):
            if row >= first and kept[row]:
                answers.append(self._keep(reviews[row - first], row, question))
            elif is_double(arrival, row, question, chosen) if row < first else is_lost(arrival):
                answers.append(0)
            else:
                answers.append(self._settle(arrival, row, chosen.get(row), question))
        for review, number in zip(changed, losers, strict=True):
            self._tell_if_gone(number, review.key, review.now.time)
        return answers

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

        They don't if at its last review it looked nearly as much like somebody else: it may be
        that one, whose pictures would then be in the wrong gallery at the next review. sources: the
        camera that took each image; without, it is `camera`.
        """
        number = self._owner[camera, track_id]
        if (camera, track_id) in self._unclear:
            return
        cameras = self.camera_numbers(sources or [camera] * len(embeddings))
        self.appearances.add(number, embeddings, qualities, cameras, time)
        self._shown.add(number)

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
        self._unclear.discard((camera, track_id))
        identity = self._identities[number]
        since = identity.tracks.pop((camera, track_id))
        patience = self._settings.certain_after
        learn_track(self.appearances, number, (camera, track_id), since, patience)
        identity.left[camera] = max(time, identity.left.get(camera, -np.inf))
        identity.last_time = max(identity.last_time, time)
        self._journeys.leave(number, place or camera, identity.last_time)
        self._tell_if_gone(number, (camera, track_id), time)

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

    def _keep(self, review: Review, row: int, question: Question) -> int:
        """A track goes on to show its person; only what follows is certain to be one person's."""
        number = self._owner[review.key]
        if len(review.now.embeddings):
            self._unclear.discard(review.key)
            if own_margin(question, row) < self._settings.clear_margin:
                self._unclear.add(review.key)
        self._identities[number].tracks[review.key] = review.now.time
        return number

    def _release(self, review: Review) -> int:
        """A track no longer shows its person, since its review's time."""
        now = review.now
        number = self._owner.pop(review.key)
        self._unclear.discard(review.key)
        identity = self._identities[number]
        del identity.tracks[review.key]
        identity.left[now.camera] = max(now.time, identity.left.get(now.camera, -np.inf))
        self._journeys.leave(number, now.place or now.camera, now.time)
        return number

    def _tell_if_gone(self, number: int, track: tuple[str, int], time: float) -> None:
        """Say that somebody left, if no camera sees the person any more."""
        if not self._identities[number].tracks:
            self._on_event(IdentityEvent("left", time, *track, number, why="seen by no camera"))

    def _ask(self, arrivals: Sequence[Arrival], reviews: Sequence[Review]) -> Question:
        """Everybody whom the arrivals may be, and how likely that is. The last arrivals are what
        the tracks under review are if they changed."""
        galleries = self.appearances.galleries
        galleries.expire(max(arrival.time for arrival in arrivals))
        pictured = any(len(arrival.embeddings) for arrival in arrivals)
        people = galleries.people() if pictured else np.zeros(0, np.int64)
        active = np.isin(people, list(set(self._owner.values())))
        returning, elsewhere = self._allowed(arrivals, reviews, people, active)
        journeys = self._journeys.log_ratios(arrivals, people)
        own = self._own(len(arrivals), reviews, people)
        placed = np.array([a.position is not None for a in arrivals], bool)
        prior = self._prior(returning, elsewhere, journeys, own, arrivals)
        unhurried = self._prior(returning, elsewhere, np.zeros_like(journeys), own, arrivals)
        distances = self._distances(arrivals, people)
        ratio = distances  # of nobody
        if len(people):
            model, tracked = self.appearances.model(), (own >= 0) & placed
            ratio = model.log_ratio(distances)
            ratio[tracked] = model.log_ratio(distances[tracked].clip(*model.usual))
            bare = [i for i, a in enumerate(arrivals) if own[i] >= 0 and not len(a.embeddings)]
            ratio[bare, own[bare]] = 0.0
        return Question(people, active, distances, prior, prior + ratio, unhurried + ratio, own)

    def _own(self, count: int, reviews: Sequence[Review], people: IntArray) -> IntArray:
        """(N,) for the last of `count` rows the column of whom each review's track shows so far."""
        columns = {number: column for column, number in enumerate(people.tolist())}
        own = [columns.get(self._owner[review.key], -1) for review in reviews]
        return np.array([-1] * (count - len(reviews)) + own, np.int64)

    def _prior(
        self,
        returning: BoolArray,
        elsewhere: BoolArray,
        journeys: FloatArray,
        own: IntArray,
        arrivals: Sequence[Arrival],
    ) -> FloatArray:
        """(N, P) log odds of each candidate against somebody new, before looks are compared."""
        settings = self._settings
        chances = settings.return_probability, settings.overlap_probability
        prior = prior_log_odds(returning, elsewhere, journeys, chances)
        inside = np.array([arrival.inside for arrival in arrivals], bool)
        stranger = np.where(own >= 0, settings.stranger_probability, settings.newcomer_probability)
        return reviewed(prior, own, np.where(inside, stranger, 1.0), settings.exchange_probability)

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
        self,
        arrivals: Sequence[Arrival],
        reviews: Sequence[Review],
        people: IntArray,
        active: BoolArray,
    ) -> tuple[BoolArray, BoolArray]:
        """(N, P) twice: who may have come back, and who may be seen by two cameras at once."""
        returning = np.tile(~active, (len(arrivals), 1))
        elsewhere = np.zeros_like(returning)
        first = min(arrival.time for arrival in arrivals)
        recent = self._journeys.departures(people) >= first
        asked = np.flatnonzero(active | recent)  # by the rules; all others have left long ago
        known = [self._identities[number] for number in people[asked].tolist()]
        returning[:, asked], elsewhere[:, asked] = allowed(
            known, arrivals, reviews, overlap=self._settings.overlap
        )
        return returning, elsewhere

    def _learn(self, time: float) -> None:
        """Take in the pairs that are certain now."""
        present = [
            (camera, track, number, self._identities[number].tracks[camera, track])
            for number in sorted(set(self._owner.values()))
            for camera, track in self._identities[number].tracks
        ]
        patience = self._settings.certain_after
        for camera, track, number, since in present:
            if number in self._shown:
                learn_track(self.appearances, number, (camera, track), since, patience)
        self._shown.clear()
        company = ((camera, number, since) for camera, _, number, since in present)
        learn_company(self.appearances, company, time - patience)

    def _learn_journeys(
        self, arrivals: Sequence[Arrival], question: Question, chosen: dict[int, int]
    ) -> None:
        """How long those took who surely came back, told by their looks alone."""
        certainty = posteriors(question.unhurried)
        for row, arrival in enumerate(arrivals):
            column = chosen.get(row)
            if column is None or question.active[column] or certainty[row, column] <= CERTAIN:
                continue
            self._journeys.learn(int(question.people[column]), arrival)

    def _settle(self, arrival: Arrival, row: int, column: int | None, question: Question) -> int:
        """Note the decision on one arrival and tell of it."""
        candidates, prior = likeliest(question, row, self._settings.explained_candidates)
        threshold = self.appearances.model().threshold(-prior) if candidates else float("nan")
        if column is None:
            identity = KnownPerson(next(self._numbers), arrival.time, arrival.time)
            self._identities[identity.number] = identity
            kind, why = "opened", _why_new(candidates)
        else:
            identity = self._identities[int(question.people[column])]
            kind = "joined" if question.active[column] else "reassigned"
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
