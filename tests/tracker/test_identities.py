"""Life stories of people who come, leave and return, as the registry sees them."""

import numpy as np
import pytest

from tracker.identities import IdentityRegistry, IdentitySettings
from tracker.types import Arrival

ANN, BEN, CLEO = np.eye(4, dtype=np.float32)[:3]


def images(person, count=3):
    return np.tile(person, (count, 1)).astype(np.float32)


def lookalike(person, other, distance):
    """A unit vector at a cosine distance from `person`, towards `other`."""
    cosine = 1 - distance
    return (cosine * person + np.sqrt(1 - cosine**2) * other).astype(np.float32)


class Scene:
    """A registry and what it said, with shorter words."""

    def __init__(self, **settings):
        self.events = []
        self.registry = IdentityRegistry(IdentitySettings(**settings), self.events.append)
        self.tracks = iter(range(1, 1000))

    def enter(self, *people, time=0.0, camera="hall"):
        """Arrivals of one tick; returns [(track, identity)]."""
        cameras = [camera] * len(people) if isinstance(camera, str) else camera
        arrivals = [
            Arrival(c, next(self.tracks), time, images(p) if p is not None else np.zeros((0, 4)))
            for c, p in zip(cameras, people, strict=True)
        ]
        numbers = self.registry.resolve(arrivals)
        for arrival in arrivals:
            self.registry.observe(
                arrival.camera,
                arrival.track_id,
                time,
                arrival.embeddings,
                np.ones(len(arrival.embeddings)),
            )
        return [(a.track_id, n) for a, n in zip(arrivals, numbers, strict=True)]

    def leave(self, track, time=1.0, camera="hall"):
        self.registry.leave(camera, track, time)


def test_nobody_arrives():
    assert Scene().enter() == []


def test_who_left_and_returns_keeps_the_identity():
    scene = Scene()
    [(track, ann)] = scene.enter(ANN)
    scene.leave(track)
    [(_, ben)] = scene.enter(BEN, time=5)
    [(_, again)] = scene.enter(ANN, time=300)
    assert (ann, ben, again) == (1, 2, 1)
    assert [e.kind for e in scene.events] == ["opened", "left", "opened", "reassigned"]
    assert scene.registry.summaries()[0].reentries == 1


def test_who_is_still_here_cannot_be_taken_by_another_track_of_the_camera():
    scene = Scene()
    scene.enter(ANN)
    [(_, second)] = scene.enter(ANN, time=1)
    assert second == 2


def test_two_entries_of_one_tick_never_take_the_same_identity():
    scene = Scene()
    [(track, _)] = scene.enter(ANN)
    scene.leave(track)
    close = lookalike(ANN, BEN, 0.02)
    pairs = scene.enter(close, ANN, time=9)
    assert [n for _, n in pairs] == [2, 1]  # the nearer one is Ann


def test_conflicts_are_solved_together():
    """Each entry's nearest is Ann, but the first one is also near Ben and the second is not."""
    scene = Scene()
    between = lookalike(ANN, BEN, 0.12)
    for track, _ in scene.enter(ANN, lookalike(ANN, BEN, 0.35)):
        scene.leave(track)
    pairs = scene.enter(between, lookalike(ANN, CLEO, 0.2), time=9)
    assert [n for _, n in pairs] == [2, 1]


def test_a_stranger_opens_a_new_identity_and_the_event_says_why():
    scene = Scene(return_probability=0.5)
    [(track, _)] = scene.enter(ANN)
    scene.leave(track)
    [(_, stranger)] = scene.enter(lookalike(ANN, BEN, 0.5), time=9)
    assert stranger == 2
    event = scene.events[-1]
    assert event.candidates[0].identity == 1
    assert event.candidates[0].distance > event.threshold
    assert event.threshold < 0.5
    assert 0.5 < event.posterior < 1
    assert event.candidates[0].posterior == pytest.approx(1 - event.posterior)


def test_arrivals_without_pictures_open_new_identities():
    scene = Scene()
    [(track, _)] = scene.enter(ANN)
    scene.leave(track)
    assert [n for _, n in scene.enter(None, None, time=9)] == [2, 3]


def test_one_person_on_two_overlapping_cameras_is_one_identity():
    scene = Scene()
    [(_, ann)] = scene.enter(ANN, camera="hall")
    [(_, same)] = scene.enter(lookalike(ANN, BEN, 0.1), camera="stairs", time=1)
    assert same == ann
    assert scene.events[-1].kind == "joined"


def test_overlap_can_be_switched_off():
    apart = Scene(overlap=False)
    apart.enter(ANN, camera="hall")
    assert apart.enter(ANN, camera="stairs", time=1)[0][1] == 2


def test_who_was_seen_here_while_the_arrival_began_cannot_be_the_arrival():
    scene = Scene()
    [(track, _)] = scene.enter(ANN)
    scene.leave(track, time=5.5)
    assert scene.enter(ANN, time=5.0)[0][1] == 2
    assert scene.enter(ANN, time=6.0)[0][1] == 1


def test_leaving_one_of_two_cameras_is_not_leaving():
    scene = Scene()
    [(track, _)] = scene.enter(ANN, camera="hall")
    scene.enter(ANN, camera="stairs", time=1)
    scene.leave(track, camera="hall")
    assert scene.registry.summaries()[0].active


def test_a_track_is_resolved_once():
    scene = Scene()
    scene.enter(ANN)
    with pytest.raises(ValueError, match="known already"):
        scene.registry.resolve([Arrival("hall", 1, 2.0, images(ANN))])


def test_two_registries_do_not_share_numbers():
    first, second = Scene(), Scene()
    assert first.enter(ANN)[0][1] == second.enter(BEN)[0][1] == 1
