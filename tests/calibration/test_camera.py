"""Cameras against hand-computed pictures, and there and back for random ones."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.camera import Camera
from calibration.lens import BrownLens, TsaiLens

SIZE = (1000, 800)
K = np.array([[500.0, 0, 500], [0, 500, 400], [0, 0, 1]])
# 4 m above the origin, looking along +y, 45 degrees down.
S = np.sqrt(0.5)
R_DOWN = np.array([[1, 0, 0], [0, -S, -S], [0, S, -S]])
CENTRE = np.array([0.0, 0.0, 4.0])
H_FLAT = np.array([[100.0, 0, 500], [0, -100, 400], [0, 0, 1]])  # straight down, 1 m = 100 px


def camera_45(distortion=()):
    return Camera.from_intrinsics(K, distortion, R_DOWN, -R_DOWN @ CENTRE, SIZE)


def all_kinds():
    P = K @ np.column_stack([R_DOWN, -R_DOWN @ CENTRE])
    return {
        "intrinsics": camera_45(),
        "projection": Camera.from_projection(-3 * P, SIZE),
        "homography": Camera.from_homography(-7 * P[:, [0, 1, 3]], SIZE),
    }


@pytest.mark.parametrize(
    ("points", "pixels", "valid"),
    [
        (np.zeros((0, 3)), np.zeros((0, 2)), []),
        ([[0, 4, 0]], [[500, 400]], [True]),  # the optical axis meets the ground 4 m ahead
        ([[1, 4, 0]], [[500 + 500 / (4 * np.sqrt(2)), 400]], [True]),
        ([[0, 0, 0]], [[500, 900]], [True]),  # straight below: 45 degrees under the axis
        ([[0, -5, 0]], [[np.nan, np.nan]], [False]),  # behind
        ([[0, -4, 0]], [[np.nan, np.nan]], [False]),  # in the camera's own plane
    ],
)
@pytest.mark.parametrize("kind", ["intrinsics", "projection", "homography"])
def test_world2image_by_hand(kind, points, pixels, valid):
    got, got_valid = all_kinds()[kind].world2image(points)
    np.testing.assert_allclose(got, pixels, atol=1e-9)
    assert got_valid.tolist() == valid


@pytest.mark.parametrize("kind", ["intrinsics", "projection", "homography"])
def test_image2ground_by_hand(kind):
    camera = all_kinds()[kind]
    # The horizon is 45 degrees above the axis, 500 px: at row -100.
    points, valid = camera.image2ground([[500, 400], [500, 900], [500, -101], [500, -200]])
    np.testing.assert_allclose(points[:2], [[0, 4], [0, 0]], atol=1e-9)
    assert valid.tolist() == [True, True, False, False]
    assert np.isnan(points[2:]).all()
    empty, none = camera.image2ground(np.zeros((0, 2)))
    assert empty.shape == (0, 2)
    assert none.shape == (0,)


def test_planes_above_the_ground():
    kinds = all_kinds()
    for name in ("intrinsics", "projection"):
        points, valid = kinds[name].image2ground([[500, 400], [500, -200]], height=2.0)
        np.testing.assert_allclose(points[0], [0, 2], atol=1e-9)
        assert valid.tolist() == [True, False]
    # A plane above the camera is seen above the horizon only.
    points, valid = kinds["intrinsics"].image2ground([[500, 400], [500, -350]], height=5.0)
    assert valid.tolist() == [False, True]
    assert points[1, 1] > 0
    points, valid = kinds["homography"].image2ground([[500, 400]], height=2.0)
    assert not valid.any()
    assert np.isnan(points).all()
    assert not kinds["homography"].world2image([[0, 4, 1]])[1].any()


def test_position():
    kinds = all_kinds()
    np.testing.assert_allclose(kinds["intrinsics"].position, CENTRE, atol=1e-9)
    np.testing.assert_allclose(kinds["projection"].position, CENTRE, atol=1e-9)
    assert kinds["homography"].position is None


def test_ground_covariance_by_hand():
    straight_down = Camera.from_homography(H_FLAT, SIZE)
    got = straight_down.ground_covariance([[500, 400], [0, 0]], [3.0, 5.0])
    np.testing.assert_allclose(got, np.tile(np.diag([0.03**2, 0.05**2]), (2, 1, 1)))
    rows = straight_down.ground_covariance([[500, 400], [0, 0]], [[1.0, 1.0], [2.0, 2.0]])
    np.testing.assert_allclose(rows[1], 4 * rows[0])
    assert straight_down.ground_covariance(np.zeros((0, 2)), 1.0).shape == (0, 2, 2)
    assert np.isnan(straight_down.ground_covariance([[500, 400]], 1.0, height=1.0)).all()
    assert np.isnan(camera_45().ground_covariance([[500, -200]], 1.0)).all()


@pytest.mark.parametrize("distortion", [(), (-0.2, 0.05, 0.001, -0.002)])
@pytest.mark.parametrize("height", [0.0, 1.7])
def test_ground_covariance_is_the_spread_of_noisy_pixels(distortion, height):
    camera = camera_45(distortion)
    noise = np.random.default_rng(0).normal(size=(20_000, 2)) * [2.0, 3.0]
    points, _ = camera.image2ground(np.array([700.0, 500.0]) + noise, height)
    got = camera.ground_covariance([[700, 500]], [2.0, 3.0], height)[0]
    np.testing.assert_allclose(got, np.cov(points.T), rtol=0.1, atol=1e-5)


def test_expected_height():
    camera = camera_45()
    feet, _ = camera.ground2image([[0, 4], [1, 6]])
    heads, _ = camera.world2image([[0, 4, 1.7], [1, 6, 1.7]])
    np.testing.assert_allclose(camera.expected_height(feet, 1.7), feet[:, 1] - heads[:, 1])
    assert np.isnan(camera.expected_height([[500, -200]], 1.7)).all()
    assert np.isnan(all_kinds()["homography"].expected_height(feet, 1.7)).all()
    assert camera.expected_height(np.zeros((0, 2)), 1.7).shape == (0,)


@pytest.mark.parametrize("kind", ["intrinsics", "projection", "homography"])
@pytest.mark.parametrize("factor", [0.5, (2.0, 0.25)])
def test_scaled_sees_the_same_at_other_pixels(kind, factor):
    camera = all_kinds()[kind]
    scaled = camera.scaled(factor)
    points = [[0, 4], [1, 3], [-2, 7]]
    pixels, _ = camera.ground2image(points)
    np.testing.assert_allclose(scaled.ground2image(points)[0], pixels * factor)
    assert scaled.image_size == tuple(np.round(np.array(SIZE) * factor))


def test_in_image():
    inside = camera_45().in_image([[0, 0], [1000, 800], [-1, 5], [5, 801], [np.nan, 5]])
    assert inside.tolist() == [True, True, False, False, False]


def test_a_lens_that_folds_shows_nothing_beyond():
    camera = camera_45((-0.5, 0, 0, 0))  # r (1 - r^2 / 2) is largest at r = sqrt(2 / 3) = 0.816
    depth = 4 * np.sqrt(2)
    _, valid = camera.ground2image([[0.8 * depth, 4], [0.85 * depth, 4]])
    assert valid.tolist() == [True, False]


@settings(max_examples=60, deadline=None)
@given(
    k1=st.floats(-0.6, 0.3),
    k2=st.floats(-0.3, 0.3),
    p=st.floats(-0.02, 0.02),
    kind=st.sampled_from(["brown", "tsai"]),
    seed=st.integers(0, 1000),
)
def test_a_pixel_that_is_valid_has_its_own_point_and_no_other(k1, k2, p, kind, seed):
    """Whatever pixel, far beyond the fold included: valid means there and back is the same."""
    lens = BrownLens(K, np.array([k1, k2, p, -p])) if kind == "brown" else TsaiLens(K, k1)
    pixels = np.random.default_rng(seed).uniform(-2000, 3000, (100, 2))
    view, valid = lens.undistort(pixels)
    again, shown = lens.distort(view[valid])
    assert shown.all()
    np.testing.assert_allclose(again, pixels[valid], atol=1e-5)


def test_behind_the_fold_by_hand():
    # r (1 - r^2 / 2) is at most 0.5443: pixels further out have no point, even if another
    # branch of the polynomial, r > sqrt(2), reaches them from the other side.
    lens = BrownLens(K, np.array([-0.5, 0, 0, 0]))
    radii = np.array([0.2, 0.5, 0.55, 0.7, 2.0])
    view, valid = lens.undistort(np.column_stack([500 + 500 * radii, np.full(5, 400.0)]))
    assert valid.tolist() == [True, True, False, False, False]
    np.testing.assert_allclose(view[:2, 0] * (1 - view[:2, 0] ** 2 / 2), radii[:2], atol=1e-9)


@pytest.mark.parametrize(
    ("lens", "view"),
    [
        (BrownLens(K, np.array([-0.3, 0.1, 0.001, -0.002, 0.01, 0.02, 0.01, 0.003])), 0.7),
        (BrownLens(K, np.array([-0.43, 0.61, 0.008, 0.0019, -0.69])), 0.45),
        (TsaiLens(K, 0.34), 1.0),
        (TsaiLens(K, -0.1), 0.8),
    ],
)
def test_lenses_there_and_back_and_their_slope(lens, view):
    points = np.random.default_rng(1).uniform(-view, view, (200, 2))
    pixels, valid = lens.distort(points)
    assert valid.all()
    back, found = lens.undistort(pixels)
    assert found.all()
    np.testing.assert_allclose(back, points, atol=1e-9)
    step = 1e-6
    ahead = [lens.distort(points + move)[0] for move in np.eye(2) * step]
    behind = [lens.distort(points - move)[0] for move in np.eye(2) * step]
    slope = np.stack([(a - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)], axis=2)
    np.testing.assert_allclose(lens.jacobian(points), slope, rtol=1e-5, atol=1e-3)


def test_brown_lens_equals_opencv():
    coefficients = np.array([-0.3, 0.1, 0.001, -0.002, 0.01, 0.02, 0.01, 0.003])
    points = np.random.default_rng(2).uniform(-0.6, 0.6, (50, 2))
    solid = np.column_stack([points, np.ones(50)])
    expected = cv2.projectPoints(solid, np.zeros(3), np.zeros(3), K, coefficients)[0][:, 0]
    np.testing.assert_allclose(BrownLens(K, coefficients).distort(points)[0], expected, atol=1e-9)


def test_tsai_lens_by_hand():
    # At 0.5 in the bent view the ideal radius is 0.5 * (1 + 0.4 * 0.25) = 0.55.
    lens = TsaiLens(K, 0.4)
    pixels, _ = lens.distort(np.array([[0.55, 0], [0, 0]]))
    np.testing.assert_allclose(pixels, [[750, 400], [500, 400]])
    np.testing.assert_allclose(lens.undistort(np.array([[750.0, 400]]))[0], [[0.55, 0]])


def look_rotation(tilt, pan):
    """World to camera: looks `tilt` radians below the horizontal, towards `pan`."""
    forward = np.array([np.cos(pan) * np.cos(tilt), np.sin(pan) * np.cos(tilt), -np.sin(tilt)])
    right = np.array([np.sin(pan), -np.cos(pan), 0.0])
    return np.stack([right, np.cross(forward, right), forward])


def roll_rotation(roll):
    return np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])


@settings(max_examples=60, deadline=None)
@given(
    height=st.floats(1.5, 20),
    tilt=st.floats(0.1, 1.5),
    pan=st.floats(-3.1, 3.1),
    roll=st.floats(-0.3, 0.3),
    focal=st.floats(200, 3000),  # some of the wide lenses fold inside the picture
    k1=st.floats(-0.4, 0.2),
    k2=st.floats(-0.1, 0.2),
    p=st.floats(-0.005, 0.005),
    kind=st.sampled_from(["brown", "tsai", "projection"]),
)
def test_image2ground_undoes_world2image(height, tilt, pan, roll, focal, k1, k2, p, kind):
    R = roll_rotation(roll) @ look_rotation(tilt, pan)
    t = -R @ [3.0, -2.0, height]
    matrix = np.array([[focal, 0, 520], [0, focal * 1.05, 390], [0, 0, 1]])
    if kind == "brown":
        camera = Camera.from_intrinsics(matrix, [k1, k2, p, -p], R, t, SIZE)
    elif kind == "tsai":
        camera = Camera.from_lens(TsaiLens(matrix, k1), R, t, SIZE)
    else:
        camera = Camera.from_projection(matrix @ np.column_stack([R, t]), SIZE)
    angles = np.linspace(0, 14 * np.pi, 40)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = [3.0, -2.0] + np.linspace(0.2, 6 * height, 40)[:, None] * directions
    for z in (0.0, 1.0):
        pixels, valid = camera.world2image(np.column_stack([points, np.full(40, z)]))
        seen = valid & camera.in_image(pixels)
        back, found = camera.image2ground(pixels, z)
        assert found[seen].all()
        np.testing.assert_allclose(back[seen], points[seen], atol=1e-6)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Camera.from_homography(np.eye(2), SIZE), "shape"),
        (lambda: Camera.from_homography(np.ones((3, 3)), SIZE), "singular"),
        (lambda: Camera.from_homography(H_FLAT * np.nan, SIZE), "finite"),
        (lambda: Camera.from_homography(H_FLAT, (0, 5)), "0x5"),
        (lambda: Camera.from_projection(np.ones((3, 4)), SIZE), "singular"),
        (lambda: Camera.from_intrinsics(K, [], 2 * R_DOWN, CENTRE, SIZE), "no rotation"),
        (lambda: Camera.from_intrinsics(K, [], -R_DOWN, CENTRE, SIZE), "mirrors"),
        (lambda: Camera.from_intrinsics(K, [1, 2, 3], R_DOWN, CENTRE, SIZE), "3 coefficients"),
        (lambda: Camera.from_intrinsics(K.T, [], R_DOWN, CENTRE, SIZE), "no camera matrix"),
        (lambda: Camera.from_intrinsics(K, [], R_DOWN, [0, 0, 0], SIZE), "lies in the ground"),
    ],
)
def test_nonsense_raises(make, reason):
    with pytest.raises(ValueError, match=reason):
        make()
