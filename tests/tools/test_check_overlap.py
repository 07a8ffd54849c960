"""Trials in simulated rooms, and the judgement of what calibration from people makes of them."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.overlap import Overlap
from configs.errors import InputError

TOOLS = str(Path(__file__).parents[2] / "tools")


@pytest.fixture(scope="module")
def tool():
    """The module `check_overlap`."""
    sys.path.insert(0, TOOLS)
    import check_overlap

    sys.path.remove(TOOLS)
    return check_overlap


@pytest.fixture(scope="module")
def scene(tool):
    """A trial of which no clock is late, as short as they are."""
    return next(
        scene
        for scene in map(tool.trial_scene, range(200))
        if "elsewhere" not in scene.rig.names and " 15 s" in scene.name
    )


def truth(scene):
    return Overlap(dict(scene.rig.cameras), dict(scene.rig.time_offsets), {}, {})


def test_a_trial_is_its_seed_s(tool):
    one, same = (tool.trial_scene(4) for _ in range(2))
    assert one.name == same.name
    for name in one.rig.names:
        assert one.rig.time_offsets[name] == same.rig.time_offsets[name]
        for a, b in zip(one.detections[name], same.detections[name], strict=True):
            np.testing.assert_array_equal(a.boxes, b.boxes)
    assert tool.trial_scene(5).name != one.name


def test_the_truth_is_right_in_any_world(tool, scene):
    assert tool.answer_fault(truth(scene), scene) is None
    later = {name: seconds + 7 for name, seconds in scene.rig.time_offsets.items()}
    assert tool.answer_fault(replace(truth(scene), seconds=later), scene) is None


def test_a_clock_and_a_place_that_are_off_are_wrong(tool, scene):
    last = scene.rig.names[-1]
    late = dict(scene.rig.time_offsets) | {last: scene.rig.time_offsets[last] + 1}
    assert "+1.00 s off" in tool.answer_fault(replace(truth(scene), seconds=late), scene)
    camera = scene.rig.cameras[last]
    moved = np.array([[1.0, 0, 2], [0, 1, 0], [0, 0, 1]])
    there = replace(camera, H_ground2view=camera.H_ground2view @ moved)
    cameras = dict(scene.rig.cameras) | {last: there}
    assert " m, " in tool.answer_fault(replace(truth(scene), cameras=cameras), scene)


def test_a_camera_that_stands_elsewhere_is_never_right(tool, scene):
    found = replace(truth(scene), cameras={"elsewhere": scene.rig.cameras[scene.rig.names[0]]})
    assert "elsewhere" in tool.answer_fault(found, scene)


@pytest.mark.parametrize(
    ("cautious", "trusting", "outcome"),
    [
        ("right", "right", "accepted right"),
        ("wrong", "wrong", "accepted wrong"),
        ("refused", "right", "refused though right"),
        ("refused", "wrong", "refused"),
        ("refused", "refused", "refused"),
    ],
)
def test_outcomes(tool, scene, monkeypatch, capsys, cautious, trusting, outcome):
    def calibrate(watches, trusting_it=trusting, *, trusting=False):
        answer = trusting_it if trusting else cautious
        if answer == "refused":
            raise InputError("nobody walks")
        last = scene.rig.names[-1]
        late = {last: scene.rig.time_offsets[last] + (answer == "wrong")}
        return replace(truth(scene), seconds=dict(scene.rig.time_offsets) | late)

    monkeypatch.setattr(tool, "calibrate_overlap", calibrate)
    monkeypatch.setattr(tool, "tracked_alone", lambda scene: {})
    assert tool.trial_outcome(scene) == outcome
    assert f"{scene.name}: {outcome}" in capsys.readouterr().out
