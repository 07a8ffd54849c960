"""Simulated crowds walk where they may, and the simulated detector errs as often as it says."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.camera import Camera

TOOLS = str(Path(__file__).parents[2] / "tools")
AREA = np.array([[0.3, 0.3], [4.0, 3.0]])


@pytest.fixture(scope="module")
def tools():
    """The modules `simulated_crowds` and `simulated_detector`."""
    sys.path.insert(0, TOOLS)
    import simulated_crowds
    import simulated_detector

    sys.path.remove(TOOLS)
    return simulated_crowds, simulated_detector


def camera():
    """Looks north, level, from two metres above the ground."""
    R = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    K = [[1000, 0, 960], [0, 1000, 540], [0, 0, 1]]
    return Camera.from_intrinsics(K, [], R, -R @ np.array([0, 0, 2.0]), (1920, 1080))


def test_everybody_comes_in_one_after_another_and_stays_in_the_room(tools):
    crowds, _ = tools
    ways = crowds.walk(np.random.default_rng(0), 4, 80, AREA)
    here = np.isfinite(ways[:, :, 0])
    assert here.argmax(axis=0).tolist() == [0, 6, 12, 18]
    places = ways[here]
    assert (places >= AREA[0] - 0.2 - 1e-9).all()
    assert (places <= AREA[1] + 1e-9).all()
    assert np.linalg.norm(np.diff(ways[:, 0], axis=0), axis=1).max(initial=0, where=here[1:, 0]) < 1


@pytest.mark.parametrize("recall", [0.0, 0.4, 1.0])
def test_the_detector_finds_the_share_of_people_that_it_should(tools, recall):
    _, detector = tools
    model = replace(detector.FAIRMOT, recall=(recall,) * 10, doubles=0.0, phantoms=0.0)
    random = np.random.default_rng(1)
    one = detector.SimulatedCamera(camera(), model, np.full(3, 1.7), random)
    places = np.array([[-1.5, 6], [0, 6], [1.5, 6]])
    looks = np.eye(3)
    counts = [len(one.observe(places, looks, looks)) for _ in range(400)]
    assert np.mean(counts) / 3 == pytest.approx(recall, abs=0.05)


def test_who_is_not_there_is_not_found(tools):
    _, detector = tools
    model = replace(detector.FAIRMOT, phantoms=0.0)
    one = detector.SimulatedCamera(camera(), model, np.full(2, 1.7), np.random.default_rng(2))
    nobody = one.observe(np.full((2, 2), np.nan), np.eye(2), np.eye(2))
    assert len(nobody) == 0
