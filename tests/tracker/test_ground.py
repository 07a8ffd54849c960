"""Four calibrated cameras and people with a known way, as the whole scene tracker sees them."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from calibration.rig import Rig
from tracker.clustering import cluster
from tracker.floor import distance_outside
from tracker.ground import GroundTracker
from tracker.scene_tracker import SceneSettings, SceneTracker
from tracker.types import Detections, Frame


@pytest.fixture(scope="module")
def world():
    """The module `world.py` beside this file."""
    spec = importlib.util.spec_from_file_location("world", Path(__file__).with_name("world.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def walk(start, end, leave, enter=0.0):
    """Straight from one place to another between two times; away before and after."""
    start, end = np.array(start, float), np.array(end, float)

    def way(time):
        if not enter <= time <= leave:
            return None
        return start + (end - start) * (time - enter) / (leave - enter)

    return way


def follow(world, ways, count, calibrated=None, **kwargs):
    """{(index, person): set of identities at that place}, and all sightings."""
    cameras = world.cameras()
    known = {n: c for n, c in cameras.items() if calibrated is None or n in calibrated}
    rig = Rig(tuple(cameras), known, area=world.AREA)
    tracker = SceneTracker(list(cameras), None, SceneSettings(), rig=rig)
    truth, sightings = {}, []
    for frames, found, where in world.ticks(ways, count, **kwargs):
        truth[frames[0].index] = where
        sightings += tracker.update(frames, found)
    sightings += tracker.finish()
    who = {}
    for s in sightings:
        for place, identity in zip(s.positions, s.identities.tolist(), strict=True):
            for person, at in truth[s.index].items():
                if np.linalg.norm(place[:2] - at) < 0.4:
                    who.setdefault((s.index, person), set()).add(identity)
    return who, sightings


def test_empty_ticks_pass(world):
    tracker = GroundTracker(world.cameras())
    assert tracker.update([], []) == []
    frames = [Frame("north", 0, 0.0, None), Frame("west", 0, 0.0, None)]
    made = tracker.update(frames, [Detections.empty()] * 2)
    assert [len(m.tracks) for m in made] == [0, 0]


def test_two_who_cross_keep_their_identities(world):
    ways = [walk([1, 2.5], [7, 3.5], 8), walk([7, 2.5], [1, 3.5], 8)]
    who, sightings = follow(world, ways, 32)
    assert who[4, 0] == who[28, 0]
    assert who[4, 1] == who[28, 1]
    assert len(who[4, 0]) == len(who[4, 1]) == 1
    for s in sightings:
        assert len(set(s.identities.tolist())) == len(s)


def test_an_identity_is_the_same_on_all_cameras_and_positions_are_near_the_truth(world):
    way = walk([2, 2], [6, 4], 6)
    who, sightings = follow(world, [way], 24, noise=0.02)
    assert set.union(*who.values()) == {1}
    errors = [np.linalg.norm(p[:2] - way(s.time)) for s in sightings for p in s.positions]
    assert np.median(errors) < 0.3  # ours stands 15 cm behind the box's lower edge: see radius
    assert len({s.camera for s in sightings if len(s)}) == 4


def test_who_leaves_and_returns_is_known_by_looks(world):
    first, second = walk([1, 3], [7, 3], 8), walk([1, 2], [7, 4], 38, enter=30)
    other = walk([7, 2], [1, 2], 38, enter=31)
    looks = np.eye(16)[:2]
    ways = [lambda t: first(t) if t < 20 else second(t), other]
    who, _ = follow(world, ways, 156, looks=looks, look_noise=0.03)
    assert who[20, 0] == who[140, 0] == {1}
    assert who[140, 1] == {2}


def test_part_of_the_cameras_calibrated(world):
    way = walk([2, 2], [6, 4], 6)
    looks = np.eye(8)[:1]
    _, sightings = follow(world, [way], 24, calibrated=("north", "south"), looks=looks)
    located = {s.camera: np.isfinite(s.positions).all() for s in sightings if len(s)}
    assert located == {"north": True, "south": True, "east": False, "west": False}
    for s in sightings:
        assert len(set(s.identities.tolist())) == len(s)


def test_nobody_outside_the_area_is_reported(world):
    way = walk([0.2, 1], [0.2, 5], 6)
    _, sightings = follow(world, [way], 24)
    assert all(
        distance_outside(world.AREA, s.positions[:, :2]).max(initial=-1) <= 0 for s in sightings
    )


def test_distance_outside_by_hand():
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2]], float)
    points = np.array([[1, 1], [3, 1], [3, 3], [0.5, 1]])
    np.testing.assert_allclose(distance_outside(square, points), [-1, 1, np.sqrt(2), -0.5])
    assert distance_outside(square, np.zeros((0, 2))).shape == (0,)


@pytest.mark.parametrize(
    ("places", "cannot", "labels"),
    [
        ([], [], []),
        ([0, 1, 9], [], [0, 0, 1]),
        ([0, 1, 9], [(0, 1)], [0, 1, 2]),
        ([0, 1, 1.5], [(1, 2)], [0, 0, 1]),
        ([0, 0.1, 0.2], [(0, 2)], [0, 0, 1]),
    ],
)
def test_clusters_respect_the_rules(places, cannot, labels):
    x = np.array(places, float)
    rule = np.zeros((len(x), len(x)), bool)
    for a, b in cannot:
        rule[a, b] = rule[b, a] = True
    assert cluster(np.abs(x[:, None] - x), 2.0, rule).tolist() == labels
