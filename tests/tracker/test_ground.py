"""Four calibrated cameras and people with a known way, as the whole scene tracker sees them."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from calibration.rig import Rig
from tracker.floor import distance_outside
from tracker.ground import GroundTracker
from tracker.scene_settings import SceneSettings
from tracker.scene_tracker import SceneTracker
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


def follow(world, ways, count, calibrated=None, doors=None, **kwargs):
    """{(index, person): set of identities at that place}, and all sightings."""
    cameras = world.cameras()
    known = {n: c for n, c in cameras.items() if calibrated is None or n in calibrated}
    rig = Rig(tuple(cameras), known, area=world.AREA, doors=doors or {})
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


@pytest.mark.parametrize("alike", [False, True])
def test_who_is_first_seen_away_from_doors_and_people_is_somebody_new_even_if_alike(world, alike):
    doors = {"door": np.array([[7.9, 2.0], [7.9, 3.0]])}
    ways = [walk([2, 2], [3, 2], 20), walk([2, 4.5], [5, 4.5], 30, enter=5)]
    looks = np.eye(8)[[0, 0]] if alike else np.eye(8)[:2]
    who, _ = follow(world, ways, 120, doors=doors, looks=looks, look_noise=0.03)
    assert who[40, 0] == {1}
    assert who[40, 1] == who[116, 1] == {2}


def test_part_of_the_cameras_calibrated(world):
    """Two people: the calibrated cameras agree on both, the others follow each as one, and the
    identities of all cameras are the two people's."""
    ways = [walk([2, 2], [6, 4], 10), walk([6, 2.6], [2, 4.6], 10)]
    calibrated = ("north", "south")
    who, sightings = follow(
        world, ways, 40, calibrated=calibrated, looks=np.eye(8)[:2], look_noise=0.05
    )
    located = {s.camera: np.isfinite(s.positions).all() for s in sightings if len(s)}
    assert located == {"north": True, "south": True, "east": False, "west": False}
    for s in sightings:
        assert len(set(s.identities.tolist())) == len(s)
    assert who[8, 0] == who[36, 0]
    assert who[8, 1] == who[36, 1]
    assert len(who[8, 0]) == len(who[8, 1]) == 1
    known = who[8, 0] | who[8, 1]
    for camera in ("east", "west"):
        seen = np.concatenate([s.identities for s in sightings if s.camera == camera])
        numbers, counts = np.unique(seen, return_counts=True)
        assert set(numbers[counts >= 20].tolist()) == known


def test_nobody_outside_the_area_is_reported(world):
    way = walk([0.2, 1], [0.2, 5], 6)
    _, sightings = follow(world, [way], 24)
    assert all(
        distance_outside(world.AREA, s.positions[:, :2]).max(initial=-1) <= 0 for s in sightings
    )


def identity_of(who, person, indices):
    """The one identity that a person has at most of some ticks; fails if there are more."""
    sets = [who.get((index, person), set()) for index in indices]
    assert np.mean([len(s) == 1 for s in sets]) > 0.9
    numbers = set.union(*sets)
    assert len(numbers) == 1
    return numbers.pop()


def test_two_who_stand_close_stay_two(world):
    ways = [walk([2, 3], [6, 3], 12), walk([2, 3.5], [6, 3.5], 12)]
    who, _ = follow(world, ways, 48)
    assert identity_of(who, 0, range(8, 46)) != identity_of(who, 1, range(8, 46))


def test_identities_survive_overlooked_people(world):
    ways = [
        walk([1.5, 1.5], [6.5, 4.5], 15),
        walk([6.5, 2.2], [1.5, 5.2], 15),
        walk([2.5, 1], [5.5, 3], 15),
    ]
    who, _ = follow(world, ways, 60, missed=0.3, seed=3)
    numbers = {identity_of(who, person, range(8, 58)) for person in range(3)}
    assert len(numbers) == 3


def test_who_vanishes_inside_the_room_is_the_same_person_afterwards(world):
    """A blind spot: for three seconds no camera detects the walker; no looks are known."""
    way = walk([1.5, 3], [6.5, 3], 15)
    who, sightings = follow(world, [lambda t: None if 6 < t < 9 else way(t)], 60)
    assert identity_of(who, 0, [*range(8, 24), *range(37, 58)]) == 1
    assert not [s for s in sightings if 8 < s.time < 9 and len(s)]  # waited for, not reported


def test_who_comes_through_a_door_after_somebody_was_lost_is_somebody_new(world):
    """One vanishes at the door and another comes in there three seconds later."""
    doors = [np.array([[7.5, 2.5], [7.5, 3.5]])]
    first, second = walk([4, 3], [7, 3], 5), walk([7, 3], [4, 3], 14, enter=8)
    tracker = GroundTracker(world.cameras(), area=world.AREA, doors=doors)
    ids = {}
    for frames, found, _ in world.ticks([lambda t: first(t) if t < 6 else second(t)], 54):
        made = tracker.update(frames, found)
        ids[frames[0].index] = {t for m in made for t in m.tracks.ids.tolist()}
    assert len(ids[16]) == len(ids[44]) == 1
    assert ids[16] != ids[44]


def seated(found):
    """Everybody's head lower by 45 % of their height."""
    lower = found.boxes.copy()
    lower[:, 1] += 0.45 * (lower[:, 3] - lower[:, 1])
    return Detections(lower, found.scores)


def test_who_sits_down_where_half_of_the_cameras_miss_them_is_still_there(world):
    tracker = GroundTracker(world.cameras(), area=world.AREA)
    there = []
    for frames, found, _ in world.ticks([walk([4, 3], [4, 3], 12)], 48):
        if frames[0].index >= 12:
            found = [
                seated(f) if frame.camera in ("north", "west") else Detections.empty()
                for frame, f in zip(frames, found, strict=True)
            ]
        made = tracker.update(frames, found)
        there.append({track for m in made for track in m.tracks.ids[m.confirmed].tolist()})
    assert there[12:] == [there[11]] * 36
    assert len(there[11]) == 1


def twice(found):
    """Every person once more, by a box of the upper half."""
    halves = found.boxes.copy()
    halves[:, 3] -= 0.45 * (halves[:, 3] - halves[:, 1])
    return Detections(
        np.concatenate([found.boxes, halves]), np.concatenate([found.scores, found.scores - 0.1])
    )


def test_one_person_in_two_boxes_of_a_camera_stays_one(world):
    tracker = GroundTracker(world.cameras(), area=world.AREA)
    numbers = set()
    for frames, found, _ in world.ticks([walk([2, 2], [6, 4], 8)], 32):
        double = [
            twice(f) if frame.camera == "north" else f
            for frame, f in zip(frames, found, strict=True)
        ]
        for made in tracker.update(frames, double):
            numbers |= set(made.tracks.ids[made.confirmed].tolist())
    assert len(numbers) == 1


@pytest.mark.parametrize("seed", range(3))
def test_a_camera_never_shows_a_track_twice_in_a_crowd_with_false_detections(world, seed):
    random = np.random.default_rng(seed)
    places = random.uniform([1, 1], [7, 5], (8, 2, 2))
    ways = [walk(start, end, 10) for start, end in places]
    tracker = GroundTracker(world.cameras(), area=world.AREA)
    ended = set()
    for frames, found, _ in world.ticks(ways, 40, missed=0.2, noise=0.05, seed=seed):
        spoilt = []
        for f in found:
            low = random.uniform([0, 0], [1100, 500], (2, 2))
            false = np.concatenate([low, low + random.uniform(30, 200, (2, 2))], axis=1)
            spoilt.append(
                Detections(np.concatenate([f.boxes, false]), np.append(f.scores, [0.5] * 2))
            )
        for made in tracker.update(frames, spoilt):
            ids, rows = made.tracks.ids.tolist(), made.tracks.detection_rows
            assert len(set(ids)) == len(ids)
            assert len(np.unique(rows[rows >= 0])) == (rows >= 0).sum()
            assert not ended & set(ids)
        ended |= set(made.tracks.ended.tolist())


def test_distance_outside_by_hand():
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2]], float)
    points = np.array([[1, 1], [3, 1], [3, 3], [0.5, 1]])
    np.testing.assert_allclose(distance_outside(square, points), [-1, 1, np.sqrt(2), -0.5])
    assert distance_outside(square, np.zeros((0, 2))).shape == (0,)


def test_distance_outside_of_a_bent_area_is_that_of_points_along_its_border():
    area = np.array([[0, 0], [4, 0.5], [4, 3], [2, 1], [0.5, 3]])
    ends = np.roll(area, -1, axis=0)
    share = np.linspace(0, 1, 2001)[:, None, None]
    border = (area + share * (ends - area)).reshape(-1, 2)
    points = np.random.default_rng(0).uniform(-1, 5, (200, 2))
    nearest = np.linalg.norm(points[:, None] - border, axis=2).min(axis=1)
    to_ends = area - points[:, None]
    angles = np.arctan2(to_ends[..., 1], to_ends[..., 0])
    turns = np.angle(np.exp(1j * (np.roll(angles, -1, axis=1) - angles))).sum(axis=1)
    signed = np.where(np.abs(turns) > np.pi, -nearest, nearest)  # the winding number
    assert 20 < (signed < 0).sum() < 180
    np.testing.assert_allclose(distance_outside(area, points), signed, atol=2e-3)
