"""Newcomers: groups of detections, and lost people found again."""

from dataclasses import replace

import numpy as np
import pytest

from tracker.births import entry_density, group, resume
from tracker.existence import hits, misses, seen_together, spare, worth
from tracker.fusion import Observations
from tracker.ground_settings import EntranceSettings, ExistenceSettings, GroundSettings


def observations(points, views):
    count = len(points)
    points = np.array(points, float).reshape(-1, 2)
    covariances = np.tile([0.04, 0, 0.04], (count, 1))
    rows = np.arange(count)
    views, boxes = np.array(views, int), np.zeros((count, 4))
    ones, zeros = np.ones(count), np.zeros(count)
    return Observations(views, views, rows, boxes, points, covariances, ones, zeros)


def test_detections_of_several_cameras_become_one_person():
    seen = observations([[1, 1], [1.2, 1], [4, 4], [1.1, 1]], [0, 1, 1, 0])
    taken, places, spreads = group(seen, np.arange(3), 2, 10.0)
    assert taken.tolist() == [[0, 1], [-1, 2]]
    np.testing.assert_allclose(places, [[1.1, 1], [4, 4]], atol=1e-4)
    np.testing.assert_allclose(spreads, [[0.02, 0, 0.02], [0.04, 0, 0.04]], rtol=1e-3)
    empty = group(seen, np.zeros(0, int), 2, 10.0)
    assert [len(part) for part in empty] == [0, 0, 0]


def test_a_newcomer_beside_a_lost_person_is_that_person_unless_at_a_door():
    place, spread = np.array([[2.0, 2.0]]), np.array([[0.04, 0, 0.04]])
    lost, expected = np.array([[2.8, 2.0], [9.0, 9.0]]), np.tile([0.5, 0, 0.5], (2, 1))
    # Density 0.8 m off: exp(-0.64 / 1.08) / (2 pi 0.54) = 0.163.
    for new, found in ((0.16, [0]), (0.17, [])):
        assert resume(place, spread, lost, expected, np.array([new]))[1].tolist() == found


def test_where_people_are_new():
    settings = EntranceSettings(door_density=0.4, inner_density=0.1, reach=0.5)
    area = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], float)
    places = np.array([[2, 2], [0.3, 2], [-1, 2], [3.9, 1]])
    at_border = entry_density(places, area, (), settings)
    assert at_border.tolist() == [0.1, 0.4, 0.4, 0.4]
    door = np.array([[4, 0.5], [4, 1.5]], float)
    assert entry_density(places, None, (door,), settings).tolist() == [0.1, 0.1, 0.1, 0.4]
    inside = np.array([[2.2, 2.2]])
    assert entry_density(places, area, (inside,), settings).tolist() == [0.4] * 4
    assert entry_density(places, None, (), settings).tolist() == [0.1] * 4


def test_existence_by_hand():
    settings = ExistenceSettings(hit=2.0, faint_hit=0.5, miss=1.0)
    taken = np.array([[0, -1], [1, 2]])
    said = np.array([[2.0, 1.0, 1.0], [1.0, 0.5, 3.0]])
    assert hits(said, taken).tolist() == [[2, 0], [0.5, 3]]
    assert hits(np.zeros((2, 0)), np.full((2, 2), -1)).tolist() == [[0, 0], [0, 0]]
    cost = misses(np.array([[0.0, 0.2, 0.35, 0.5, 0.8, 1.0]]), settings)
    assert cost == pytest.approx(np.array([[0, 0, 0.25, 0.5, 1, 1]]))
    assert seen_together(taken).tolist() == [[True, True], [True, True]]
    assert not seen_together(np.array([[0, -1], [-1, 1]]))[0, 1]


def test_a_short_or_faint_box_says_less_for_a_newcomer_than_for_somebody_known():
    existence = ExistenceSettings(hit=2.0, faint_hit=0.5)
    settings = GroundSettings(
        existence=existence, min_score=0.25, birth_score=0.75, full_score=0.75
    )
    seen = observations([[1, 1]] * 5, [0, 1, 2, 3, 4])
    seen = replace(
        seen,
        scores=np.array([0.25, 0.5, 0.75, 0.75, 0.9]),
        odds=np.array([0.0, 0.0, 0.0, -1.0, -1.0]),  # the last two are shorter than people
    )
    newcomer, known = worth(seen, np.array([False, True]), settings).tolist()
    assert newcomer == [0.5, 0.5, 2, 0.5, 0.5]
    assert known == [0.5, 1.25, 2, 2, 2]
    level = settings.model_copy(update={"min_score": 0.75})
    assert worth(seen, np.array([True]), level)[0, 2:].tolist() == [0.5, 0.5, 2]


def test_who_takes_what_somebody_surer_could_use_gains_nothing():
    taken = np.array([[-1, 0], [1, -1]])
    ratios = np.array([[3.0, 4.0], [2.0, 1.0]])  # both could use both
    got = spare(taken, ratios, np.array([8.0, 1.0]), np.full((2, 2), 0.5), 2.0)
    # The second person's detection in view 0 would be worth a hit and a spared miss to the first.
    assert got.tolist() == [[0, 0], [2.5, 0]]
