"""Geometry that people get wrong is refused with the reason."""

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.sanity import camera_fault, points_fault

SIZE = (1000, 800)
K = np.array([[700.0, 0, 500], [0, 700, 400], [0, 0, 1]])
S = np.sqrt(0.5)
R_DOWN = np.array([[1, 0, 0], [0, -S, -S], [0, S, -S]])
# Looks 45 degrees up, the picture upside down: its lower edge is the sky.
UPSIDE_DOWN = np.diag([-1.0, -1, 1]) @ np.array([[1, 0, 0], [0, S, -S], [0, S, S]])
P = K @ np.column_stack([R_DOWN, -R_DOWN @ [0, 0, 2.5]])


def posed(height, R=R_DOWN):
    return Camera.from_intrinsics(K, [], R, -R @ [0, 0, height], SIZE)


def homography(x, y):
    return Camera.from_homography(P[:, [0, 1, 3]] / [x, y, 1], SIZE)


@pytest.mark.parametrize(
    ("camera", "reason"),
    [
        (posed(2.5), None),
        (posed(40.0), None),
        (homography(1, 1), None),
        (Camera.from_projection(P, SIZE), None),
        (posed(2500.0), "2500 m above the ground: this looks like millimetres"),
        (posed(250.0), "250 m above the ground: this looks like centimetres"),
        (posed(0.025), "metres taken for"),
        (posed(-2.4), "2.4 m under the floor"),
        (posed(2.5, UPSIDE_DOWN), "no ground: it is upside down"),
        (homography(1000, 1000), "looks like centimetres or millimetres"),
        (homography(0.001, 0.001), "metres taken for"),
        (homography(1, -1), "axes are mirrored"),
        (Camera.from_projection(P * [1, -1, 1, 1], SIZE), "mirrored"),
        (Camera.from_projection(P * [1, 1, -1, 1], SIZE), "under the floor"),
    ],
)
def test_camera_fault(camera, reason):
    fault = camera_fault(camera)
    assert (fault is None) if reason is None else (reason in fault)


SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4.0]]
PIXELS = [[100, 700], [900, 690], [700, 300], [250, 310.0]]


@pytest.mark.parametrize(
    ("ground", "pixels", "reason"),
    [
        ([], [], "0 marked points; at least 4"),
        (SQUARE, PIXELS, None),
        (SQUARE[:3], PIXELS[:3], "3 marked points"),
        (SQUARE, PIXELS[:3], "4 ground points for 3 pixels"),
        ([*SQUARE[:3], [np.nan, 0]], PIXELS, "finite"),
        (SQUARE, [*PIXELS[:3], [1001, 5]], "point 4 at pixel (1001, 5) lies outside the 1000x800"),
        (SQUARE, [*PIXELS[:3], [-1, 5]], "outside"),
        ([*SQUARE[:3], [0, 0]], PIXELS, "points 1 and 4 are the same on the ground"),
        (SQUARE, [*PIXELS[:3], PIXELS[1]], "points 2 and 4 are the same in the image"),
        ([[0, 0], [1, 1], [2, 2], [3, 3.001]], PIXELS, "lie on a line on the ground"),
        ([[0, 0], [1, 1], [2, 2], [0, 3]], PIXELS, "all marked points but point 4 lie on a line"),
        (SQUARE, [[100, 100], [200, 200], [300, 300], [401, 400]], "on a line in the image"),
    ],
)
def test_points_fault(ground, pixels, reason):
    fault = points_fault(ground, pixels, SIZE)
    assert (fault is None) if reason is None else (reason in fault)
