"""Cameras in parallel arrays map points as each of them does alone."""

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.camera_stack import CameraStack
from calibration.lens import TsaiLens

S, C = np.sin(np.pi / 6), np.cos(np.pi / 6)
R = np.array([[1, 0, 0], [0, -S, -C], [0, C, -S]])
T = -R @ [0, 0, 3.0]
K = np.array([[800, 1.0, 640], [0, 810, 360], [0, 0, 1]])
SIZE = (1280, 720)
CAMERAS = [
    Camera.from_intrinsics(K, [], R, T, SIZE),
    Camera.from_intrinsics(K, [-0.2, 0.05, 0.001, 0.002], R, T, SIZE),
    Camera.from_projection(K @ np.column_stack([R, T + 0.1]), SIZE),
    Camera.from_lens(TsaiLens(K, 0.1), R, T, SIZE),
    Camera.from_homography([[100.0, 0, 500], [0, -100, 400], [0, 0, 1]], SIZE),
]
PLACES = np.array([[0, 5], [1, 8], [-3, 6], [0, -5], [0, 1], [40, 0.1]], float)
PIXELS = np.array([[640, 700], [100, 400], [1200, 650], [640, -500], [np.nan, 3]], float)


@pytest.mark.parametrize("height", [0.0, 1.7])
def test_points_of_the_world_and_of_the_picture(height):
    stack = CameraStack(CAMERAS)
    everyone = np.arange(len(CAMERAS))[:, None]
    shown = stack.world2image(everyone, PLACES, height)
    met = stack.view2plane(
        everyone, stack.image2view(everyone, np.tile(PIXELS, (len(CAMERAS), 1, 1))), height
    )
    points = np.column_stack([PLACES, np.full(len(PLACES), height)])
    for index, camera in enumerate(CAMERAS):
        np.testing.assert_allclose(shown[index], camera.world2image(points)[0], atol=1e-7)
        np.testing.assert_allclose(met[index], camera.image2ground(PIXELS, height)[0], atol=1e-9)
    assert np.isnan(shown).any()
    assert np.isfinite(shown[0]).any()


def test_noise_on_the_ground_of_mixed_cameras():
    of = np.repeat(np.arange(len(CAMERAS)), len(PIXELS))
    pixels = np.tile(PIXELS, (len(CAMERAS), 1))
    sigma = np.random.default_rng(0).uniform(1, 5, pixels.shape)
    stack = CameraStack(CAMERAS)
    ground = stack.view2plane(of, stack.image2view(of, pixels))
    made = stack.ground_covariance(of, ground, sigma)
    for index, camera in enumerate(CAMERAS):
        here = of == index
        np.testing.assert_allclose(
            made[here], camera.ground_covariance(pixels[here], sigma[here]), rtol=1e-7
        )


def test_positions_and_nothing_to_map():
    stack = CameraStack(CAMERAS)
    np.testing.assert_allclose(stack.positions[:4], [c.position for c in CAMERAS[:4]])
    assert np.isnan(stack.positions[4]).all()
    nobody = np.zeros(0, int)
    assert stack.world2image(nobody, np.zeros((0, 2))).shape == (0, 2)
    assert stack.ground_covariance(nobody, np.zeros((0, 2)), np.zeros((0, 2))).shape == (0, 2, 2)
    assert CameraStack([]).positions.shape == (0, 3)
