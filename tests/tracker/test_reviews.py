"""A track is one person only as long as its pictures say so."""

import numpy as np
import pytest

from tracker.encounters import EncounterSettings, too_near
from tracker.identities import IdentityRegistry, IdentitySettings
from tracker.questions import Review
from tracker.scene_settings import SceneSettings
from tracker.scene_tracker import SceneTracker
from tracker.types import Arrival, Detections, Frame

ANN, BEN, CLEO = np.eye(8, dtype=np.float32)[:3]
NOWHERE = np.full((3, 2), np.nan)


def pictures(person, count=4):
    return np.tile(person, (count, 1)).astype(np.float32)


class Hall:
    """One camera's registry, where tracks have these pictures."""

    def __init__(self, **people):
        self.events = []
        self.registry = IdentityRegistry(IdentitySettings(), self.events.append)
        self.track = 0
        for look in people.values():
            self.enter(look, 0.0)

    def arrival(self, look, time):
        self.track += 1
        rows = pictures(look) if look is not None else np.zeros((0, 0), np.float32)
        return Arrival("hall", self.track, time, rows)

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
