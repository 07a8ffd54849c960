"""Cameras: pixels by hand, and pixels against OpenGL's clip space."""

import numpy as np
import pytest
from camera import Camera, enclosing_box


@pytest.fixture
def camera():
    return Camera.looking_at(np.array([0.0, -4, 1]), np.array([0.0, 0, 1]), 100.0, (200, 100))


@pytest.mark.parametrize(
    ("point", "pixel", "depth"),
    [
        ((0, 0, 1), (100, 50), 4),  # on the axis: the middle of the image
        ((1, 0, 1), (125, 50), 4),  # to the right
        ((0, 0, 2), (100, 25), 4),  # up is a smaller row
        ((1, 1, 1), (120, 50), 5),
    ],
)
def test_projection_by_hand(camera, point, pixel, depth):
    pixels, depths = camera.project(np.array([point], float))
    np.testing.assert_allclose(pixels, [pixel], atol=1e-12)
    np.testing.assert_allclose(depths, [depth], atol=1e-12)


def test_projection_of_nothing(camera):
    pixels, depths = camera.project(np.zeros((0, 3)))
    assert pixels.shape == (0, 2)
    assert depths.shape == (0,)
    np.testing.assert_array_equal(enclosing_box(camera, np.zeros((0, 3))), np.zeros(4))


def test_a_point_behind_the_camera_has_no_box(camera):
    np.testing.assert_array_equal(enclosing_box(camera, np.array([[0.0, -9, 1]])), np.zeros(4))


def test_a_window_is_the_stretched_part_of_the_image(camera):
    points = np.random.default_rng(0).uniform((-1, -1, 0), (1, 1, 2), (50, 3))
    whole, _ = camera.project(points)
    part, _ = camera.window(np.array([20.0, 10, 120, 60]), (50, 100)).project(points)
    np.testing.assert_allclose(part, (whole - [20, 10]) * [0.5, 2], atol=1e-9)


def test_clip_space_agrees_with_pixels(camera):
    points = np.random.default_rng(1).uniform((-1, -1, 0), (1, 1, 2), (50, 3))
    clip = np.c_[points, np.ones(50)] @ camera.view_projection().T
    device = clip[:, :2] / clip[:, 3:]
    pixels = (device * [1, -1] + 1) / 2 * camera.size
    np.testing.assert_allclose(pixels, camera.project(points)[0], atol=1e-9)
