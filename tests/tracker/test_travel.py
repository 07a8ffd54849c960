"""How long people take between two places."""

import numpy as np
import pytest

from tracker.travel import Departures, TravelSettings, TravelTimes


def test_places_and_times_of_those_who_left():
    departures = Departures()
    departures.note(3, "door", 5.0)
    departures.note(100, "hall", 7.0)
    departures.note(3, "hall", 9.0)
    places, times = departures.of(np.array([3, 100, 4, 5000]))
    hall = departures.index("hall")
    assert places.tolist() == [hall, hall, -1, -1]
    np.testing.assert_array_equal(times, [9.0, 7.0, np.nan, np.nan])
    assert departures.place_of(3) == "hall"
    assert departures.index("roof") == -1
    with pytest.raises(KeyError):
        departures.place_of(4)


def test_nothing_is_said_of_a_way_that_nobody_took():
    travel = TravelTimes(TravelSettings())
    travel.learn("a", "b", 20.0)
    assert travel.origins("b") == ["a"]
    assert travel.origins("a") == []
    assert travel.log_ratio("b", "a", np.array([20.0, 500.0])).tolist() == [0.0, 0.0]
    assert travel.log_ratio("a", "b", np.zeros(0)).shape == (0,)


def test_the_usual_time_gains_and_others_lose_no_more_than_detours_allow():
    travel = TravelTimes(TravelSettings(detours=0.2))
    for seconds in (18, 20, 22, 19, 21):
        travel.learn("a", "b", seconds)
    usual, late, never = travel.log_ratio("a", "b", np.array([20.0, 3600.0, 1e5]))
    assert usual > 0 > late
    assert np.log(0.2) <= never <= 0


def test_densities_are_densities():
    """Learned or not, the chances of all times add up: the gain's mean under the prior is one."""
    settings = TravelSettings(detours=1e-9)
    travel = TravelTimes(settings)
    for seconds in (40, 60, 90):
        travel.learn("a", "b", seconds)
    x = np.linspace(-60, 70, 200001)
    inside = x > np.log(0.1)  # shorter times count as 0.1 s
    gain = np.exp(travel.log_ratio("a", "b", np.exp(x)))
    # Student's t of 4 degrees of freedom: a = 2, b = spread^2, so scale^2 = 2 b / a = spread^2.
    z = (x - np.log(settings.typical)) / settings.spread
    prior = 0.375 * (1 + z**2 / 4) ** -2.5 / settings.spread
    step = x[1] - x[0]
    assert (gain * prior)[inside].sum() * step == pytest.approx(1.0, abs=0.01)


def test_switched_off_nothing_is_learned():
    travel = TravelTimes(TravelSettings(enabled=False))
    travel.learn("a", "b", 20.0)
    assert travel.origins("b") == []
