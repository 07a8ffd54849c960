"""Several cameras without calibration: who is who is decided by looks, time and the rules."""

import numpy as np
import pytest

from tracker.scene_settings import SceneSettings
from tracker.scene_tracker import SceneTracker
from tracker.types import Detections, Frame

LOOKS = np.eye(8, dtype=np.float32)


class Stage:
    """Cameras that see people stand where they are told, four frames a second."""

    def __init__(self, cameras=("a", "b"), **settings):
        self.events = []
        self.tracker = SceneTracker(
            cameras, None, SceneSettings(**settings), on_event=self.events.append
        )
        self.cameras = cameras
        self.index = 0
        self.sightings = []

    def play(self, ticks, **people):
        """`a=[0, 2]`: persons 0 and 2 are on camera a for so many ticks."""
        for _ in range(ticks):
            frames = [Frame(c, self.index, self.index / 4, None) for c in self.cameras]
            found = [seen(people.get(c, [])) for c in self.cameras]
            self.sightings += self.tracker.update(frames, found)
            self.index += 1
        return self

    def finish(self):
        self.sightings += self.tracker.finish()
        return self

    def who(self, camera, index):
        return [
            s.identities.tolist() for s in self.sightings if (s.camera, s.index) == (camera, index)
        ]


def seen(people):
    boxes = np.array([[100 * p, 50, 100 * p + 60, 200] for p in people], float).reshape(-1, 4)
    return Detections(boxes, np.full(len(people), 0.9), LOOKS[list(people)].reshape(-1, 8))


def test_empty_frames_pass_every_stage():
    stage = Stage().play(5).finish()
    assert len(stage.sightings) == 10
    assert all(len(s) == 0 and s.positions.shape == (0, 3) for s in stage.sightings)
    assert stage.tracker.update([], []) == []


def test_every_frame_comes_out_once_and_in_order():
    stage = Stage().play(9, a=[0, 1], b=[2]).play(9, a=[0]).finish()
    for camera in ("a", "b"):
        assert [s.index for s in stage.sightings if s.camera == camera] == list(range(18))


def test_a_decision_holds_for_the_frames_before_it():
    stage = Stage(entries={"images": 4, "max_wait": 5}).play(12, a=[0]).finish()
    first = next(s for s in stage.sightings if len(s))
    assert first.index <= 2
    assert first.identities.tolist() == [1]


def test_who_leaves_and_returns_keeps_the_identity_and_others_do_not_take_it():
    stage = Stage().play(8, a=[0]).play(12).play(8, a=[1]).play(12).play(8, b=[0]).finish()
    assert stage.who("a", 26) == [[2]]
    assert stage.who("b", 46) == [[1]]
    assert [e.kind for e in stage.events if e.kind != "left"] == ["opened", "opened", "reassigned"]
    summary = stage.tracker.identities()
    assert [(i.identity, i.cameras, i.reentries) for i in summary] == [
        (1, ("a", "b"), 1),
        (2, ("a",), 0),
    ]


def test_one_person_on_two_cameras_at_once():
    stage = Stage().play(8, a=[0, 1]).play(8, a=[0, 1], b=[1]).finish()
    assert stage.who("b", 14) == [[2]]
    assert stage.who("a", 14) == [[1, 2]]


def test_a_camera_never_shows_one_identity_twice():
    """Two people who look the same, entering together, leaving, and returning together."""
    stage = Stage(("a",))
    twins = LOOKS[[0, 0]]
    for index in range(40):
        here = index % 20 < 10
        boxes = np.array([[0, 0, 60, 150], [300, 0, 360, 150]], float)[: 2 * here]
        found = Detections(boxes, np.full(len(boxes), 0.9), twins[: len(boxes)])
        stage.sightings += stage.tracker.update([Frame("a", index, index / 4, None)], [found])
    stage.finish()
    for s in stage.sightings:
        assert len(set(s.identities.tolist())) == len(s)
    assert len(stage.tracker.identities()) == 2


def test_a_short_visit_is_decided_when_it_ends():
    stage = Stage(("a",), entries={"images": 50, "max_wait": 60.0}).play(3, a=[0]).play(12)
    assert next(s.identities.tolist() for s in stage.sightings if len(s)) == [1]


def test_two_scenes_do_not_share_identities():
    first, second = Stage(), Stage()
    for _ in range(8):
        first.play(1, a=[0, 1])
        second.play(1, a=[2])
    assert first.finish().who("a", 6) == [[1, 2]]
    assert second.finish().who("a", 6) == [[1]]


def test_frames_that_do_not_belong_are_refused():
    stage = Stage()
    with pytest.raises(ValueError, match="no camera of this scene: c"):
        stage.tracker.update([Frame("c", 0, 0.0, None)], [Detections.empty()])
    with pytest.raises(ValueError, match="two frames"):
        stage.tracker.update([Frame("a", 0, 0.0, None)] * 2, [Detections.empty()] * 2)
