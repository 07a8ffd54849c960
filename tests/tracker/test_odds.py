"""Posteriors by hand."""

import numpy as np
import pytest

from tracker.odds import posteriors, prior_log_odds
from tracker.travel import TravelSettings, TravelTimes


def test_nobody():
    nothing = np.zeros((0, 0))
    assert posteriors(nothing).shape == (0, 0)
    none = nothing.astype(bool)
    assert prior_log_odds(none, none, nothing, (0.5, 0.5)).shape == (0, 0)
    assert posteriors(np.zeros((2, 0))).shape == (2, 0)


def test_odds_of_two_and_one_leave_a_quarter_for_somebody_new():
    np.testing.assert_allclose(posteriors(np.log([[2.0, 1.0]])), [[0.5, 0.25]])
    np.testing.assert_allclose(posteriors(np.array([[-np.inf, 800.0]])), [[0, 1]])


def test_a_chance_is_shared_between_its_candidates():
    returning = np.array([[True, True, False, False]])
    active = np.array([[False, False, True, False]])
    none = np.zeros((1, 4))
    got = prior_log_odds(returning, active, none, (0.5, 0.2))
    np.testing.assert_allclose(np.exp(got), [[0.5, 0.5, 0.25, 0]])
    journeys = np.log([[3.0, 1.0, 1.0, 1.0]])
    got = prior_log_odds(returning, active, journeys, (0.5, 0.2))
    np.testing.assert_allclose(np.exp(got), [[0.75, 0.25, 0.25, 0]])


def test_travel_times_say_nothing_until_learned_and_little_against_detours():
    travel = TravelTimes(TravelSettings(detours=0.2))
    times = np.array([10.0, 3000.0])
    assert travel.log_ratio("a", "b", times).tolist() == [0, 0]
    for _ in range(20):
        travel.learn("a", "b", 10.0)
    usual, odd = travel.log_ratio("a", "b", times)
    assert usual > 1
    assert odd == pytest.approx(np.log(0.2), abs=0.05)
    assert travel.log_ratio("b", "a", times).tolist() == [0, 0]
