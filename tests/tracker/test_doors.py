"""Which door somebody is at, and what tells a door from any other place."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from calibration.rig import Rig
from tracker.doors import nearest_door, surprise
from tracker.scene_settings import SceneSettings
from tracker.scene_tracker import SceneTracker

DOORS = {
    "point": np.array([[0.0, 0.0]]),
    "line": np.array([[4.0, 0.0], [6.0, 0.0]]),
    "lobby": np.array([[0.0, 4.0], [2.0, 4.0], [2.0, 6.0], [0.0, 6.0]]),
}


def at(x, y, doors=DOORS):
    return nearest_door(doors, np.array([x, y], float), 1.0)


def test_a_point_a_line_and_a_polygon_reach_a_metre():
    assert at(0.6, 0.7) == "point"  # 0.92 m
    assert at(0.8, 0.7) is None  # 1.06 m
    assert at(5.0, 0.9) == "line"  # beside its middle, 1.3 m from either end
    assert at(6.8, 0.8) is None  # 1.13 m from its end
    assert at(1.0, 5.0) == "lobby"
    assert at(2.9, 5.0) == "lobby"
    assert at(3.1, 5.0) is None


def test_the_nearer_of_two_doors_counts():
    doors = {"far": np.array([[0.0, 0.0]]), "near": np.array([[1.0, 0.0]])}
    assert at(0.4, 0.0, doors) == "far"
    assert at(0.6, 0.0, doors) == "near"


def test_without_doors_nobody_is_at_one():
    assert at(0.0, 0.0, {}) is None


def test_surprise_by_hand():
    assert surprise(0, 10, 0.25) == surprise(0, 0, 0.25) == 0.0
    assert surprise(7, 7, 0.25) == pytest.approx(7 * np.log(4))
    # One of two or both: 2 x 1/4 x 3/4 + 1/16 = 7/16.
    assert surprise(1, 2, 0.25) == pytest.approx(-np.log(7 / 16))
    assert surprise(100_000, 100_000, 0.25) < np.inf


def test_who_walks_out_goes_by_the_door_where_the_last_detection_was():
    """That is 0.8 m from it; for a while the tracker expects them farther on, out of its reach."""
    world = runpy.run_path(str(Path(__file__).parent / "world.py"))
    cameras = world["cameras"]()
    rig = Rig(tuple(cameras), cameras, doors={"exit": np.array([[4.5, 3.0]])})
    tracker = SceneTracker(list(cameras), None, SceneSettings(), rig=rig)
    walker = [lambda t: np.array([2.0 + 1.2 * t, 3.0]) if t < 3 else None]
    for frames, found, _ in world["ticks"](walker, 56):
        tracker.update(frames, found)
    assert tracker._registry._journeys._departures.place_of(1) == "exit"
