"""The people's filter is filterpy's."""

import numpy as np
from filterpy.kalman import predict, update

from tracker.people import People


def people(count):
    random = np.random.default_rng(0)
    made = People.new(random.normal(size=(count, 2)), np.tile(0.04 * np.eye(2), (count, 1, 1)), 0.0)
    made.state = random.normal(size=(count, 4))
    made.track = np.arange(count)
    return made


def test_prediction_and_correction_equal_filterpy():
    elapsed, acceleration = 0.4, 1.3
    made = people(5)
    before = [(x.copy(), P.copy()) for x, P in zip(made.state, made.covariance, strict=True)]
    measured = np.random.default_rng(1).normal(size=(3, 2))
    R = np.tile(np.array([[0.05, 0.01], [0.01, 0.03]]), (3, 1, 1))
    made.predict(elapsed, acceleration)
    made.correct(np.array([0, 2, 4]), measured, R, 7.0)
    F = np.eye(4) + elapsed * np.eye(4, k=2)
    G = np.vstack([elapsed**2 / 2 * np.eye(2), elapsed * np.eye(2)])
    for n, (x, P) in enumerate(before):
        x, P = predict(x, P, F, acceleration**2 * G @ G.T)
        if n % 2 == 0:
            x, P = update(x, P, measured[n // 2], R[0], np.eye(2, 4))
        np.testing.assert_allclose(made.state[n], x, atol=1e-12)
        np.testing.assert_allclose(made.covariance[n], P, atol=1e-12)
    assert made.seen.tolist() == [7, 0, 7, 0, 7]


def test_rows_and_sums_keep_everything_in_line():
    both = people(3) + people(2)
    both.doubts[1, 0] = 5
    some = both[np.array([1, 0, 4])]
    assert some.track.tolist() == [1, 0, 1]
    assert some.doubts[0, 1] == 5
    assert some.doubts.sum() == 5
    assert len(People() + People()) == 0
    assert People().spread.shape == (0, 3)


def test_spread_is_of_the_position():
    made = people(1)
    made.covariance[0] = np.arange(16).reshape(4, 4)
    assert made.spread.tolist() == [[0, 1, 5]]
