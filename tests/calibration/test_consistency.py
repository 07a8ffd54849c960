"""Answers that contradict themselves: round a loop of cameras, or from one half to the other."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from calibration.consistency import held_out_faults, open_loops
from calibration.ground_alignment import Alignment
from calibration.placed import Placed
from calibration.result_tracks import BoxTracks, Watch
from calibration.self_calibration import View
from calibration.timing import GroundTracks

VIEW = View(800, 0.3, 0.0, 3.0)
# Where each camera's ground lies in one world: x, y, turn, seconds.
TRUE = {"a": (0, 0, 0, 0), "b": (4, 1, 1.5, 0.5), "c": (-2, 3, -2, -1.25), "d": (1, 5, 3, 2)}


def alignment(a, b):
    """How b's ground and time become a's, as they truly lie."""
    (ax, ay, at, a_seconds), (bx, by, bt, b_seconds) = TRUE[a], TRUE[b]
    shift = (complex(bx, by) - complex(ax, ay)) * np.exp(-1j * at)
    return Alignment(bt - at, (shift.real, shift.imag), b_seconds - a_seconds, 50.0)


def loops(names, **changes):
    alone = {name: Placed(VIEW) for name in names}
    places = np.random.default_rng(0).uniform(-3, 3, (50, 2))
    grounds = dict.fromkeys(names, GroundTracks(np.arange(50.0), np.ones(50, int), places))
    pairs = {(a, b): alignment(a, b) for a, b in combinations(names, 2)}
    for pair, change in changes.items():
        pairs[tuple(pair)] = replace(pairs[tuple(pair)], **change)
    return open_loops(alone, grounds, pairs)


def test_loops_that_close_are_kept():
    assert open_loops({}, {}, {}) == {}
    assert loops("ab") == {}
    assert loops("abcd") == {}


@pytest.mark.parametrize("change", [{"seconds": 1.5}, {"shift": (9.0, 0.0)}, {"turn": 0.0}])
def test_three_cameras_that_contradict_one_another_are_all_refused(change):
    found = loops("abc", ab=change)
    assert set(found) == {("a", "b"), ("b", "c"), ("a", "c")}
    assert "one of the three is wrong" in found["a", "b"]


def test_of_four_cameras_only_the_alignment_that_others_outvote_is_refused():
    assert set(loops("abcd", ad={"seconds": 0.5})) == {("a", "d")}


def looking(position, target, focal):
    """A camera at x, y, z that looks at a place."""
    ahead = np.subtract(target, position)
    tilt = np.arctan2(-ahead[2], np.hypot(*ahead[:2]))
    view = View(focal, float(tilt), 0.0, position[2])
    turn = float(np.arctan2(ahead[1], ahead[0]) - np.pi / 2)
    return Placed(view, *position[:2], turn)


def until(first, second, seconds):
    """The first's boxes up to a time, then the second's."""
    a, b = first.tracks, second.tracks
    early, late = a.times < seconds, b.times >= seconds
    parts = zip((a.times, a.ids, a.boxes), (b.times, b.ids, b.boxes), strict=True)
    return Watch(BoxTracks(*(np.concatenate([x[early], y[late]]) for x, y in parts)), (1280, 720))


def only(watch, rows):
    seen = watch.tracks
    return Watch(BoxTracks(seen.times[rows], seen.ids[rows], seen.boxes[rows]), watch.image_size)


def test_a_camera_that_was_turned_meanwhile_is_refused(people):
    walkers = [people.walker(n) for n in range(5)]
    door = looking((0, 0, 3.0), (4.5, 3, 0.8), 800)
    hall = looking((8.2, -0.3, 3.4), (4, 3, 0.8), 700)
    turned = looking((8.2, -0.3, 3.4), (3.0, 3.8, 0.8), 700)
    by_door, by_hall, by_turned = (
        people.watch(one.camera(people.SIZE), walkers, seed=n)
        for n, one in enumerate((door, hall, turned))
    )
    start, pairs = {"door": door, "hall": hall}, [("door", "hall")]
    assert held_out_faults(start, {"door": by_door, "hall": by_hall}, pairs, 1.7) == {}
    moved = {"door": by_door, "hall": until(by_hall, by_turned, 30.0)}
    fault = held_out_faults(start, moved, pairs, 1.7)["door", "hall"]
    assert "off in the second: more people are needed" in fault


def test_a_half_without_anybody_in_common_is_no_confirmation(people):
    door = looking((0, 0, 3.0), (4.5, 3, 0.8), 800)
    walkers = [people.walker(n) for n in range(2)]
    by_door = people.watch(door.camera(people.SIZE), walkers, seconds=20.0)
    early, late = by_door.tracks.times < 8, by_door.tracks.times > 12
    halves = {name: only(by_door, rows) for name, rows in (("door", early), ("hall", late))}
    found = held_out_faults({"door": door, "hall": door}, halves, [("door", "hall")], 1.7)
    assert "nobody is seen by both" in found["door", "hall"]
