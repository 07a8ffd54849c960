"""Doors that are learned from where people come and go."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.rig import Rig
from tracker.followers import Followers
from tracker.ground import GroundTracks
from tracker.ground_settings import DoorSettings
from tracker.learned_doors import LearnedDoors
from tracker.scene_settings import SceneSettings
from tracker.types import CameraTracks

RATE = 4.0  # ticks/s
HERE, THERE = np.array([1.0, 3.0]), np.array([7.0, 3.0])


@pytest.fixture(scope="module")
def world():
    return runpy.run_path(str(Path(__file__).parent / "world.py"))


def learn(ends, **settings):
    doors = LearnedDoors(DoorSettings(**settings))
    for end in ends:
        doors.note(np.array(end, float))
    return doors


def spread(count, *, seed=0, size=(20, 15)):
    return np.random.default_rng(seed).uniform(0, size, (count, 2))


def near(place, count, *, seed=1):
    return place + np.random.default_rng(seed).normal(0, 0.3, (count, 2))


def moments(way, ticks, *, lost=(), merged=(), last=None):
    """Ticks of one camera. way: tick -> (N, 2) places of tracks 1 to N. lost: ticks at which
    nobody is detected. last: the tick at which all have ended, all but the `merged` by leaving."""
    for tick in range(ticks):
        gone = last is not None and tick >= last
        places = np.zeros((0, 2)) if gone else np.array(way(tick), float).reshape(-1, 2)
        count = len(places)
        rows = np.full(count, -1) if tick in lost else np.arange(count)
        ended = np.arange(1, 9) if tick == last else np.zeros(0, int)
        tracks = CameraTracks(
            "a",
            tick,
            tick / RATE,
            np.arange(1, count + 1),
            np.zeros((count, 4)),
            np.ones(count),
            np.zeros(count, bool),
            rows,
            ended,
        )
        yield GroundTracks(tracks, places, np.ones(count, bool), np.array(merged, int))


def walking(tick):
    """One from (0, 0) along x at 1 m/s, from the third second on."""
    return [] if tick < 12 else [[(tick - 12) / RATE, 0.0]]


def noted(frames, monkeypatch):
    """The ends that count."""
    ends = []
    monkeypatch.setattr(LearnedDoors, "note", lambda _, end: ends.append(end.tolist()))
    doors = LearnedDoors(DoorSettings())
    for frame in frames:
        doors.watch([frame])
    return ends


def test_ends_that_are_spread_evenly_make_no_door():
    for size in ((20, 15), (6, 5)):
        doors = LearnedDoors(DoorSettings())
        for end in spread(400, size=size):
            doors.note(end)
            assert doors.places == {}


def test_seven_ends_at_one_place_are_a_door():
    assert learn(near(HERE, 6)).places == {}
    [(name, place)] = learn(near(HERE, 7)).places.items()
    assert name == "door 1"
    np.testing.assert_allclose(place, HERE[None], atol=0.3)


def test_two_doors_amid_other_ends_keep_their_names():
    doors = learn([*near(HERE, 10), *near(THERE, 10), *spread(60)])
    again = learn([*near(HERE, 10), *near(THERE, 10), *spread(60), *near(THERE, 200, seed=5)])
    for places in (doors.places, again.places):
        assert list(places) == ["door 1", "door 2"]
        assert np.linalg.norm(places["door 1"] - HERE) < 0.4
        assert np.linalg.norm(places["door 2"] - THERE) < 0.4


def test_a_door_that_nobody_takes_any_more_is_forgotten_with_its_ends():
    doors = learn([*near(HERE, 50), *near(THERE, 99)], memory=100)
    assert list(doors.places) == ["door 2"]
    assert len(doors._ends) == 100


def test_who_comes_and_goes_counts_at_both_ends(monkeypatch):
    ends = noted(moments(walking, 60, lost=range(40, 44), last=44), monkeypatch)
    assert ends == [[0.0, 0.0], [6.75, 0.0]]  # where last detected, not where last expected


def test_ends_of_what_may_be_no_coming_or_going_do_not_count(monkeypatch):
    def early(tick):
        return walking(tick + 8)  # is there one second after the first frame

    def still(tick):
        return [] if tick < 12 else [[5.0, 5.0]]

    def pair(tick):
        return [place for x in walking(tick) for place in (x, [x[0], 0.8])]

    assert noted(moments(early, 44, last=40), monkeypatch) == [[8.75, 0.0]]
    assert noted(moments(still, 44, last=40), monkeypatch) == []
    assert noted(moments(pair, 44, last=40), monkeypatch) == []
    assert noted(moments(walking, 44, last=23), monkeypatch) == []  # 2.5 s
    merged = noted(moments(walking, 44, last=40, merged=[1]), monkeypatch)
    assert merged == [[0.0, 0.0]]


def test_a_pause_of_all_cameras_is_nobodys_going(monkeypatch):
    frames = list(moments(walking, 48, last=40))
    late = [
        replace(one, tracks=replace(one.tracks, time=one.tracks.time + 60)) for one in frames[36:]
    ]
    assert noted([*frames[:36], *late], monkeypatch) == [[0.0, 0.0]]


def visit(points, start, speed=1.0):
    """A way through points: time -> place while inside."""
    points = np.array(points, float)
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    times = start + np.concatenate([[0], np.cumsum(lengths)]) / speed

    def at(time):
        if not times[0] <= time <= times[-1]:
            return None
        return np.array([np.interp(time, times, points[:, k]) for k in (0, 1)])

    return at


def test_the_two_doors_of_a_room_are_found_and_nothing_else(world):
    """People come and go by both, up to three at a time; every camera overlooks a tenth."""
    random = np.random.default_rng(3)
    doors = [[1.0, 3.0], [7.0, 3.0]]
    ways = []
    for person in range(14):
        middle = random.uniform([2.5, 1.2], [5.5, 4.8], (2, 2))
        start, end = doors[random.integers(2)], doors[random.integers(2)]
        ways.append(visit([start, *middle, end], 3 + 8 * person + random.uniform(0, 4)))
    cameras = world["cameras"]()
    rig = Rig(tuple(cameras), cameras, area=world["AREA"])
    settings = SceneSettings()
    followers = Followers(list(cameras), settings.camera_tracker, settings.ground, rig)
    for frames, found, _ in world["ticks"](ways, 520, rate=RATE, missed=0.1):
        followers.update(frames, found)
    places = followers.learned_doors
    assert followers.doors is places
    assert len(places) == 2
    found = np.concatenate(sorted(places.values(), key=lambda place: place[0, 0]))
    assert np.linalg.norm(found - doors, axis=1).max() < 0.7


def test_doors_that_are_given_are_all_there_are(world):
    cameras = world["cameras"]()
    settings = SceneSettings()
    rig = Rig(tuple(cameras), cameras, doors={"main": HERE[None]})
    followers = Followers(list(cameras), settings.camera_tracker, settings.ground, rig)
    assert followers.learned_doors == {}
    assert list(followers.doors) == ["main"]
