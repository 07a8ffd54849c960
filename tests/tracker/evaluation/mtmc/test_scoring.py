"""From sightings to scores on the ground and in the views."""

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.rig import Rig
from tracker.evaluation.comparison import Trajectories
from tracker.evaluation.mtmc.scene import Annotation, Scene, Truth, area_of, clock_ticks
from tracker.evaluation.mtmc.scoring import ground_trajectories, score_scene
from tracker.types import Sightings

ABOVE = Camera.from_homography([[100, 0, 0], [0, -100, 400], [0, 0, 1]], (500, 400))
BOX = np.array([0.0, 0, 10, 20])


def sightings(camera, index, identities, positions, boxes=None, rate=2.0):
    n = len(identities)
    places = np.full((n, 3), np.nan)
    places[:, :2] = np.array(positions, float).reshape(n, 2)
    return Sightings(
        camera, index, index / rate, np.array(identities, np.int64),
        np.tile(BOX, (n, 1)) if boxes is None else np.array(boxes, float).reshape(n, 4),
        np.ones(n), places,
    )  # fmt: skip


def scene(rig=None, truth=None):
    return Scene("room", rig or Rig(("a", "b", "c")), 2.0, truth or Truth())


def rows(*table):
    table = np.array(table, float).reshape(-1, len(table[0]) if table else 4)
    return Trajectories(table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2:])


def test_nothing_seen_is_nobody_anywhere():
    assert len(ground_trajectories(scene(), [])) == 0
    assert len(ground_trajectories(scene(), [sightings("a", 0, [], [])])) == 0


def test_a_person_stands_at_the_median_of_the_cameras():
    seen = [
        sightings("a", 3, [7], [(0, 0)]),
        sightings("b", 3, [7, 9], [(1, 0.2), (4, 4)]),
        sightings("c", 3, [7], [(9, 0.1)]),
    ]
    found = ground_trajectories(scene(), seen)
    assert found.frames.tolist() == [3, 3]
    assert found.ids.tolist() == [7, 9]
    assert found.places.tolist() == [[1, 0.1], [4, 4]]


def test_without_a_position_the_feet_tell_if_the_camera_is_calibrated():
    rig = Rig(("a", "b"), {"a": ABOVE})
    box = [[195, 0, 205, 300]]  # feet at pixel (200, 300): 2 m, 1 m
    seen = [
        sightings("a", 0, [1], [(np.nan, np.nan)], box),
        sightings("b", 0, [2], [(np.nan, np.nan)], box),
    ]
    found = ground_trajectories(scene(rig), seen)
    assert found.ids.tolist() == [1]
    np.testing.assert_allclose(found.places, [[2, 1]])


def test_outside_the_area_nobody_is_scored():
    rig = Rig(("a",), area=area_of((0, 0), (4, 3)))
    seen = [sightings("a", 0, [1, 2, 3, 4], [(1, 1), (5, 1), (1, -0.1), (3.9, 2.9)])]
    assert ground_trajectories(scene(rig), seen).ids.tolist() == [1, 4]


def test_somebody_outside_the_area_need_not_be_found_and_may_be():
    rig = Rig(("a",), area=area_of((0, 0), (4, 3)))
    truth = Truth(Annotation.of_all(rows((0, 1, 1, 1), (0, 2, 1, -0.2))))
    here = sightings("a", 0, [1], [(1, 1)])
    both = sightings("a", 0, [1, 2], [(1, 1), (1, 0.1)])  # the second by mistake inside
    for seen in (here, both):
        clear = score_scene(scene(rig, truth), [seen]).ground[1.0].clear
        assert (clear.truths, clear.misses, clear.false_alarms) == (1, 0, 0)


def test_ticks_are_the_nearest_of_the_clock():
    assert clock_ticks(np.array([0, 0.2, 0.3, 1.0]), 2.0).tolist() == [0, 0, 1, 2]


def test_distances_score_by_the_reach():
    truth = Annotation.of_all(rows((0, 1, 0, 0), (1, 1, 0, 0)))
    seen = [sightings("a", 0, [1], [(0.4, 0)]), sightings("a", 1, [1], [(0.8, 0)])]
    scores = score_scene(scene(truth=Truth(truth)), seen)
    assert scores.ground[1.0].clear.misses == 0
    assert scores.ground[0.5].clear.misses == 1
    assert scores.views is None


def test_somebody_nobody_can_see_need_not_be_found_and_may_be():
    truth = Annotation(rows((0, 1, 0, 0), (0, 2, 5, 5)), np.array([True, False]))
    here = sightings("a", 0, [1], [(0, 0)])
    both = sightings("a", 0, [1, 2], [(0, 0), (5, 5)])
    for seen in (here, both):
        clear = score_scene(scene(truth=Truth(truth)), [seen]).ground[1.0].clear
        assert (clear.truths, clear.misses, clear.false_alarms) == (1, 0, 0)


def test_an_identity_has_to_be_the_same_on_all_cameras():
    boxes = {name: Annotation.of_all(rows((0, 1, *BOX), (1, 1, *BOX))) for name in "ab"}

    def idf1(*identities):
        seen = [
            sightings(name, index, [identity], [(np.nan, np.nan)])
            for name, identity in zip("ab", identities, strict=True)
            for index in (0, 1)
        ]
        scores = score_scene(scene(truth=Truth(views=boxes)), seen)
        assert scores.ground == {}
        return scores.views.identity.idf1, scores.views.clear.switches

    assert idf1(5, 5) == (1, 0)
    assert idf1(5, 6) == (0.5, 1)


def test_scores_add_up_by_what_both_have():
    truth = Truth(Annotation.of_all(rows((0, 1, 0, 0))))
    one = score_scene(scene(truth=truth), [sightings("a", 0, [1], [(0, 0)])])
    none = score_scene(scene(truth=truth), [])
    assert (one + none).ground[1.0].clear.recall == pytest.approx(0.5)
    assert (one + none).views is None
