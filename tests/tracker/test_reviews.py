"""A track is one person only as long as its pictures say so."""

import numpy as np
import pytest

from reid.likeness import CosinePrior
from tracker.encounters import EncounterSettings, too_near
from tracker.identities import IdentityRegistry, IdentitySettings
from tracker.presence import Presence, WaitingFrame
from tracker.questions import Review
from tracker.reviews import doubted, due_now, note_encounters
from tracker.scene_settings import EntrySettings, SceneSettings
from tracker.scene_tracker import SceneTracker
from tracker.types import Arrival, CameraTracks, Detections, Frame

ANN, BEN, CLEO = np.eye(8, dtype=np.float32)[:3]
UNLIKE_ANN = (0.05 * ANN + np.sqrt(1 - 0.05**2) * CLEO).astype(np.float32)
SHARP = CosinePrior(same_mean=0.7, different_mean=0.0, different_std=0.2, same_std=0.2)
NOWHERE = np.full((3, 2), np.nan)


def pictures(person, count=4):
    return np.tile(person, (count, 1)).astype(np.float32)


class Hall:
    """One camera's registry, where tracks have these pictures."""

    def __init__(self, prior=None, **people):
        self.events = []
        self.registry = IdentityRegistry(IdentitySettings(), self.events.append, prior)
        self.track = 0
        for look in people.values():
            self.enter(look, 0.0)

    def arrival(self, look, time, place=None):
        self.track += 1
        rows = pictures(look) if look is not None else np.zeros((0, 0), np.float32)
        return Arrival("hall", self.track, time, rows, place, inside=place is not None)

    def enter(self, look, time):
        arrival = self.arrival(look, time)
        [number] = self.registry.resolve([arrival])
        self.registry.observe("hall", self.track, time, arrival.embeddings, np.ones(4))
        return number

    def review(self, time, *, entries=(), **tracks):
        """`t1=BEN`: track 1 now looks like Ben."""
        reviews = [Review(int(name[1:]), self.arrival(look, time)) for name, look in tracks.items()]
        return self.registry.resolve([self.arrival(e, time) for e in entries], reviews)


def test_two_who_exchanged_tracks_keep_their_identities():
    hall = Hall(ann=ANN, ben=BEN)
    assert hall.review(5.0, t1=BEN, t2=ANN) == [2, 1]
    assert hall.review(9.0, t3=BEN, t4=ANN) == [2, 1]
    assert [p.reentries for p in hall.registry.summaries()] == [0, 0]
    assert [e.kind for e in hall.events] == ["opened", "opened", "joined", "joined"]


def test_who_looks_the_same_stays():
    hall = Hall(ann=ANN, ben=BEN)
    assert hall.review(5.0, t1=ANN, t2=BEN) == [1, 2]
    assert len(hall.events) == 2


def test_a_track_that_went_over_to_a_stranger_opens_a_new_identity_and_the_other_left():
    hall = Hall(ann=ANN)
    assert hall.review(5.0, t1=CLEO) == [2]
    assert [e.kind for e in hall.events] == ["opened", "opened", "left"]
    assert hall.enter(ANN, 9.0) == 1


def test_away_from_the_doors_nobody_comes_from_nowhere():
    hall, here = Hall(SHARP, ann=ANN), np.zeros(2)
    assert hall.registry.resolve([], [Review(1, hall.arrival(UNLIKE_ANN, 5.0, here))]) == [1]
    assert hall.review(9.0, t1=UNLIKE_ANN) == [2]  # it isn't known where, or it is at a door
    hall = Hall(SHARP, ann=ANN, ben=BEN)
    looks = hall.arrival(BEN, 5.0, here), hall.arrival(ANN, 5.0, here)
    assert hall.registry.resolve([], [Review(k, look) for k, look in enumerate(looks, 1)]) == [2, 1]


def test_who_is_first_seen_away_from_the_doors_is_rather_somebody_who_left():
    for place, expected in ((None, 2), (np.zeros(2), 1)):
        hall = Hall(SHARP, ann=ANN)
        hall.registry.leave("hall", 1, 5.0)
        looks = (0.32 * ANN + np.sqrt(1 - 0.32**2) * CLEO).astype(np.float32)
        assert hall.registry.resolve([hall.arrival(looks, 9.0, place)]) == [expected]


@pytest.mark.parametrize(("place", "number"), [(np.zeros(2), 0), (None, 2)])
def test_away_from_the_doors_a_second_track_of_somebody_is_nobody(place, number):
    hall = Hall(SHARP, ann=ANN)
    entry = hall.arrival(ANN, 5.0, place)
    review = Review(1, hall.arrival(ANN, 5.0, np.zeros(2)))
    assert hall.registry.resolve([entry], [review]) == [number, 1]
    assert len(hall.events) == 1 + (number > 0)


def test_pictures_that_may_be_somebody_elses_are_not_remembered():
    """Ann's and Ben's tracks cross; hers looks like him for a moment, which isn't enough."""
    hall, here = Hall(SHARP, ann=ANN, ben=BEN), np.zeros(2)
    galleries = hall.registry.appearances.galleries
    between = ((ANN + BEN) / np.sqrt(2)).astype(np.float32)
    for look, kept in ((between, 4), (None, 4), (ANN, 8)):  # without pictures nothing is learned
        ask = [Review(1, hall.arrival(look, 5.0, here)), Review(2, hall.arrival(BEN, 5.0, here))]
        assert hall.registry.resolve([], ask) == [1, 2]
        hall.registry.observe("hall", 1, 6.0, pictures(ANN if look is None else look), np.ones(4))
        assert len(galleries.looks(1)[0]) == kept


@pytest.mark.parametrize(("place", "numbers"), [(np.zeros(2), [1, 2]), (None, [2, 1])])
def test_where_it_is_known_where_they_stand_nearer_than_usual_says_no_more(place, numbers):
    """Twins, nearer to one another than one's pictures usually are, seem to have exchanged."""
    twin = (0.8 * ANN + 0.6 * BEN).astype(np.float32)
    hall = Hall(SHARP, ann=ANN, twin=twin)
    looks = hall.arrival(twin, 5.0, place), hall.arrival(ANN, 5.0, place)
    reviews = [Review(number, look) for number, look in enumerate(looks, 1)]
    assert hall.registry.resolve([], reviews) == numbers


def test_who_does_not_come_apart_is_looked_at_all_the_same_where_it_is_known_where_they_stand():
    """Two stand 0.5 m apart for three seconds; without their places they are left alone."""
    settings = EncounterSettings(patience=1.0)
    for places, expected in ((np.array([[0, 0], [0.5, 0]]), 1.0), (NOWHERE[:2], None)):
        people = [Presence("hall", k, 0.0, p, p, 0.0, identity=k) for k, p in enumerate(places, 1)]
        boxes = np.array([[0, 0, 10, 20], [3, 0, 13, 20.0]])
        for index in range(13):
            time = index / 4
            for person in people:
                person.until = time
            tracks = CameraTracks(
                "hall", index, time, np.array([1, 2]), boxes, np.ones(2), np.zeros(2, bool),
                np.arange(2), np.zeros(0, np.int64),
            )  # fmt: skip
            frame = WaitingFrame(tracks, people, np.pad(places, ((0, 0), (0, 1))))
            note_encounters([frame], settings)
        assert [p.met for p in people] == [0.0, 0.0]
        assert [p.alone for p in people] == [expected] * 2


@pytest.mark.parametrize(
    ("place", "images", "since", "ended", "due"),
    [
        (0.0, (4, 3), (3.0, 3.0), (), ()),
        (0.0, (4, 4), (3.0, 3.0), (), (1, 2)),
        (0.0, (4, 3), (3.0, 2.0), (), (1, 2)),
        (0.0, (1, 3), (3.0, 2.0), (), (1, 2)),
        (0.0, (0, 3), (3.0, 2.0), (), (2,)),  # the first one began too late to have a picture
        (0.0, (0, 3), (3.0, 3.0), (1,), (1,)),
        (np.nan, (4, 3), (3.0, 3.0), (), (1,)),
    ],
)
def test_who_is_looked_at_again_is_due_with_all_the_others_where_it_is_known_where_they_stand(
    place, images, since, ended, due
):
    where = np.full(2, place)
    people = [
        Presence("hall", k, 0.0, where, where, 3.5, identity=k, met=1.0, alone=alone)
        for k, alone in enumerate(since, 1)
    ]
    for presence, count in zip(people, images, strict=True):
        presence.images = list(pictures(ANN, count))
    over = [people[number - 1] for number in ended]
    entries, doubts = due_now(people, over, 3.5, EntrySettings(images=4, max_wait=1.0))
    assert entries == []
    assert [p.track for p in doubts] == list(due)


def test_an_entry_may_be_the_person_of_a_track_that_met_others_and_has_no_picture_since():
    place = np.zeros(2)
    met = Presence("hall", 1, 0.0, place, place, 4.0, identity=1, met=3.0)
    calm = Presence("hall", 2, 0.0, place, place, 4.0, identity=2)
    entry = Presence("hall", 3, 2.0, place, place, 4.0)
    reviews = doubted([met, calm], [entry], iter(range(10, 20)))
    assert list(reviews) == [met]
    assert reviews[met].now.time == 2.0
    assert len(reviews[met].now.embeddings) == 0
    assert doubted([met, calm], [], iter(range(10, 20))) == {}


def test_an_entry_takes_the_person_whose_track_follows_somebody_else():
    assert Hall(ann=ANN).review(5.0, entries=[ANN], t1=BEN) == [1, 2]


def test_what_began_before_a_track_may_have_changed_cannot_be_its_person():
    hall = Hall(ann=ANN)
    review = Review(1, hall.arrival(BEN, 5.0))
    assert 1 not in hall.registry.resolve([hall.arrival(ANN, 4.5)], [review])


def test_a_lost_track_without_pictures_keeps_its_person_unless_an_entry_is_it():
    hall = Hall(ann=ANN)
    assert hall.review(5.0, entries=[BEN], t1=None) == [2, 1]
    hall = Hall(ann=ANN)
    assert hall.review(5.0, entries=[ANN], t1=None) == [1, 0]


def test_nearness_by_places_where_they_are_known_and_else_by_boxes():
    settings = EncounterSettings(overlap=0.1, distance=1.0)
    boxes = np.array([[0, 0, 10, 20], [5, 0, 15, 20], [60, 0, 70, 20.0]])
    assert too_near(boxes[:0], NOWHERE[:0], settings).tolist() == []
    assert too_near(boxes, NOWHERE, settings).tolist() == [True, True, False]
    places = np.array([[0, 0], [3, 0], [3.5, 0.0]])
    assert too_near(boxes, places, settings).tolist() == [False, True, True]


@pytest.mark.parametrize("enabled", [True, False])
def test_two_who_pass_on_one_camera_are_told_apart_afterwards(enabled):
    """Ann's and Ben's boxes meet for a moment; then each box goes on with the other's looks."""
    settings = SceneSettings(encounters={"enabled": enabled})
    tracker = SceneTracker(["hall"], None, settings)
    sightings = []
    for index in range(40):
        apart = max(200 - 20 * min(index, 20), 20 if index < 20 else 20 * (index - 19))
        boxes = np.array([[300 - apart, 50, 360 - apart, 200], [300 + apart, 50, 360 + apart, 200]])
        looks = np.stack([ANN, BEN] if index < 10 else [BEN, ANN])
        found = Detections(boxes.astype(float), np.full(2, 0.9), looks)
        sightings += tracker.update([Frame("hall", index, index / 4, None)], [found])
    sightings += tracker.finish()
    assert [s.index for s in sightings] == list(range(40))
    first, last = (s.identities[np.argsort(s.boxes[:, 0])].tolist() for s in sightings[::39])
    assert first == [1, 2]
    assert last == ([2, 1] if enabled else [1, 2])
