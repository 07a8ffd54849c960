"""What a lost track must have done (OC-SORT's re-update)."""

import numpy as np
import pytest

from tracker import kalman
from tracker.kalman import MotionSettings
from tracker.recovery import re_update
from tracker.track_table import MISSED, born, observe

MOTION = MotionSettings(centre_memory=1e6, size_memory=1e6)
STEP = 0.1  # seconds


def box(x):
    return np.array([[x, 50.0, x + 40, 150.0]]).T


def track(places):
    """Seen at x = `places`, one step apart."""
    table = born(box(places[0]), np.ones(1), np.zeros(1, int), 0.0, MOTION)
    for k, x in enumerate(places[1:], 1):
        table.state = kalman.predict(table.state, STEP, MOTION)
        here, one = np.zeros(1, int), np.ones(1)
        error = kalman.see(table.state, here, box(x), MOTION, one)
        observe(table, here, box(x), one, here, error, k * STEP)
    return table


def lost(table, steps):
    """The same unseen for so many steps, and predicted on."""
    table[MISSED] += steps
    table.state = kalman.predict(table.state, steps * STEP, MOTION)
    return table


def test_who_was_not_lost_is_left_alone():
    table = lost(track([0.0, 4.0, 8.0]), 1)
    assert np.array_equal(re_update(table, box(12.0), 0.3, 5, MOTION), table.state)
    none = table.take(np.zeros(0, int))
    assert re_update(none, box(0)[:, :0], 0.3, 5, MOTION).shape == (4, 5, 0)


def test_a_turn_out_of_sight_is_followed_instead_of_the_old_velocity():
    table = lost(track(list(np.arange(10) * 8.0)), 10)  # 80 pixels/s to the right
    here = box(72.0)  # seen again where it was seen last
    assert table.state[0, 1, 0] == pytest.approx(80, rel=0.1)
    replayed = re_update(table, here, 1.9, 9, MOTION)
    assert abs(replayed[0, 1, 0]) < 4
    assert kalman.state2boxes(replayed)[:, 0] == pytest.approx(here[:, 0], abs=1)


def test_a_straight_way_is_replayed_as_it_was():
    table = lost(track(list(np.arange(20) * 8.0)), 10)
    seconds = 29 * STEP
    replayed = re_update(table, box(29 * 8.0), seconds, 9, MOTION)
    assert replayed[0, 1, 0] == pytest.approx(80, rel=0.05)
    assert kalman.state2boxes(replayed)[0, 0] == pytest.approx(29 * 8, abs=2)
