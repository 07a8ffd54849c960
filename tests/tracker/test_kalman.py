"""The box filter against filterpy, and against itself."""

import numpy as np
import pytest
from filterpy.kalman import KalmanFilter
from hypothesis import given
from hypothesis import strategies as st

from tracker import kalman
from tracker.kalman import MotionSettings

SETTINGS = MotionSettings()
POSITION, VELOCITY, VARIANCE, COVARIANCE, VELOCITY_VARIANCE = range(5)


def reference_filter(box, settings):
    """One track in filterpy, with the full matrices; `step` sets those of one time step."""
    oracle = KalmanFilter(dim_x=8, dim_z=4)
    left, top, right, bottom = box
    height = bottom - top
    oracle.x[:4, 0] = (left + right) / 2, (top + bottom) / 2, right - left, height
    oracle.P = np.diag(
        [(settings.measurement_noise * height) ** 2] * 4
        + [(settings.start_velocity * height) ** 2] * 4
    )
    oracle.H = np.eye(4, 8)
    return oracle


def reference_step(oracle, seconds, box, settings):
    memory = np.array([settings.centre_memory] * 2 + [settings.size_memory] * 2)
    oracle.F = np.eye(8)
    oracle.F[range(4), range(4, 8)] = memory * (1 - np.exp(-seconds / memory))
    oracle.F[range(4, 8), range(4, 8)] = np.exp(-seconds / memory)
    square = oracle.x[3, 0] ** 2
    walk, push = settings.position_noise**2 * square, settings.velocity_noise**2 * square
    block = np.array(
        [
            [walk * seconds + push * seconds**3 / 3, push * seconds**2 / 2],
            [push * seconds**2 / 2, push * seconds],
        ]
    )
    oracle.Q = np.kron(block, np.eye(4))
    oracle.predict()
    oracle.R = np.eye(4) * (settings.measurement_noise * oracle.x[3, 0]) ** 2
    if box is not None:
        left, top, right, bottom = box
        oracle.update(
            np.array([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top])
        )


def test_equals_filterpy():
    generator = np.random.default_rng(0)
    boxes = np.array([[10, 20, 60, 140], [300, 50, 390, 310.0]])
    states = kalman.begin(boxes.T, SETTINGS)
    oracles = [reference_filter(box, SETTINGS) for box in boxes]
    for frame in range(30):
        seconds = generator.uniform(0.01, 0.5)
        boxes = boxes + generator.normal(0, 4, (2, 4)) + [3, 1, 3, 1]
        unseen = frame % 5 == 4
        states = kalman.predict(states, seconds, SETTINGS)
        if not unseen:
            states = kalman.correct(states, boxes.T, SETTINGS)
        for state, oracle, box in zip(states.transpose(2, 1, 0), oracles, boxes, strict=True):
            reference_step(oracle, seconds, None if unseen else box, SETTINGS)
            expected = np.stack(
                [
                    oracle.x[:4, 0],
                    oracle.x[4:, 0],
                    oracle.P.diagonal()[:4],
                    oracle.P[range(4), range(4, 8)],
                    oracle.P.diagonal()[4:],
                ]
            )
            np.testing.assert_allclose(state, expected, rtol=1e-8)


def test_distances_equal_filterpy():
    boxes = np.array([[10, 20, 60, 140.0]])
    states = kalman.predict(kalman.begin(boxes.T, SETTINGS), 0.1, SETTINGS)
    oracle = reference_filter(boxes[0], SETTINGS)
    reference_step(oracle, 0.1, None, SETTINGS)
    others = np.array([[12, 22, 61, 138], [40, 20, 90, 140.0]])
    found = kalman.squared_distances(states, others.T, SETTINGS)
    for column, (left, top, right, bottom) in enumerate(others):
        oracle.update(
            np.array([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top])
        )
        assert found[0, column] == pytest.approx(oracle.mahalanobis**2)
        oracle.x, oracle.P = oracle.x_prior, oracle.P_prior


@pytest.mark.parametrize("n", [0, 1, 5])
def test_every_step_takes_any_number(n):
    boxes = np.tile([[10], [20], [60], [140.0]], (1, n))
    states = kalman.begin(boxes, SETTINGS)
    states = kalman.predict(states, 0.04, SETTINGS)
    states = kalman.correct(states, boxes, SETTINGS)
    states = kalman.move_camera(states, np.eye(2, 3))
    assert states.shape == (4, 5, n)
    assert kalman.squared_distances(states, boxes, SETTINGS).shape == (n, n)
    np.testing.assert_allclose(kalman.state2boxes(states), boxes)


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=5))
def test_mean_does_not_depend_on_the_steps(steps):
    states = kalman.begin(np.array([[10], [20], [60], [140.0]]), SETTINGS)
    states[:, VELOCITY, 0] = [30, -5, 2, 4]
    once = kalman.predict(states, sum(steps), SETTINGS)
    for seconds in steps:
        states = kalman.predict(states, seconds, SETTINGS)
    np.testing.assert_allclose(states[:, :2], once[:, :2], rtol=1e-9)


def test_each_track_may_have_its_own_step():
    generator = np.random.default_rng(0)
    corners = generator.uniform(0, 100, (2, 6))
    states = kalman.begin(np.concatenate([corners, corners + np.array([[40.0], [90.0]])]), SETTINGS)
    states[:, VELOCITY] = generator.normal(0, 20, (4, 6))
    seconds = generator.uniform(0.01, 1, 6)
    together = kalman.predict(states, seconds, SETTINGS)
    alone = [
        kalman.predict(states[..., [n]], float(step), SETTINGS) for n, step in enumerate(seconds)
    ]
    np.testing.assert_allclose(together, np.concatenate(alone, axis=2), rtol=1e-12)


def test_a_doubted_box_moves_the_state_less():
    states = kalman.begin(np.tile([[0], [0], [50], [100.0]], (1, 2)), SETTINGS)
    states = kalman.predict(states, 0.04, SETTINGS)
    seen = np.tile([[10], [0], [60], [100.0]], (1, 2))
    trusted, doubted = kalman.correct(states, seen, SETTINGS, np.array([1, 4.0]))[0].T
    assert 25 < doubted[POSITION] < trusted[POSITION] < 35
    assert doubted[VARIANCE] > trusted[VARIANCE]


def test_a_shrinking_box_never_collapses():
    states = kalman.begin(np.array([[0], [0], [5], [10.0]]), SETTINGS)
    states[2:, VELOCITY] = -1000
    boxes = kalman.state2boxes(kalman.predict(states, 2, SETTINGS))
    np.testing.assert_allclose(boxes[2:] - boxes[:2], 1)


def test_camera_motion_moves_boxes_as_it_moves_points():
    boxes = np.array([[100], [50], [150], [170.0]])
    zoom = np.array([[1.1, 0, 5], [0, 1.1, -3]])
    moved = kalman.state2boxes(kalman.move_camera(kalman.begin(boxes, SETTINGS), zoom))
    np.testing.assert_allclose(moved, boxes * 1.1 + [[5], [-3], [5], [-3]])


def test_the_centres_of_some_are_compared_and_moved():
    states = kalman.begin(np.array([[0.0, 100], [0, 50], [50, 150], [100.0, 170]]), SETTINGS)
    boxes = np.array([[9.0, 103, 8], [9, 51, 8], [9, 157, 8], [9.0, 171, 8]])
    rows, columns = np.array([1, 0]), np.array([1, 2])
    errors = kalman.centre_errors(states, rows, boxes, columns)
    assert errors.tolist() == [[5, -17], [1, -42]]
    before = states.copy()
    kalman.shift(states, np.array([True, False]), np.array([3.0, -2]))
    moved = states - before
    assert moved[:2, POSITION].tolist() == [[3, 0], [-2, 0]]
    assert np.count_nonzero(moved) == 2


def test_only_who_has_seen_a_box_is_corrected_and_tells_how_far_off_it_was():
    states = kalman.begin(np.array([[0.0, 100], [0, 50], [50, 150], [100.0, 150]]), SETTINGS)
    box = np.array([[106.0], [49], [160], [149]])  # 8 to the right, 1 up, of 100 high
    expected = kalman.correct(states[..., [1]], box, SETTINGS, 2.0)
    before = states[..., 0].copy()
    errors = kalman.see(states, np.array([1]), box, SETTINGS, np.array([2.0]))
    assert errors == pytest.approx([0.09])
    np.testing.assert_array_equal(states[..., [1]], expected)
    np.testing.assert_array_equal(states[..., 0], before)
