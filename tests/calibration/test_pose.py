"""Cameras from marked points: exact, noisy, and every mistake refused with its reason."""

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.homography import focal_of_homography, homography_from_points
from calibration.pose import camera_from_points, read_points, residuals
from configs.errors import InputError

SIZE = (1280, 720)
K = np.array([[900.0, 0, 640], [0, 900, 360], [0, 0, 1]])
TILT = np.radians(25)
# Looks along (1, 1), 25 degrees down.
FORWARD = np.array([np.cos(TILT) * np.sqrt(0.5), np.cos(TILT) * np.sqrt(0.5), -np.sin(TILT)])
RIGHT = np.array([np.sqrt(0.5), -np.sqrt(0.5), 0])
R = np.stack([RIGHT, np.cross(FORWARD, RIGHT), FORWARD])
CENTRE = np.array([-1.0, -2.0, 2.8])
GROUND = np.array([[2.0, 1.0], [4.0, 1.5], [3.5, 4.0], [1.0, 2.5], [6.0, 5.0], [4.5, 3.0]])


def truth(distortion=()):
    return Camera.from_intrinsics(K, distortion, R, -R @ CENTRE, SIZE)


def marked(camera, n=6, noise=0.0):
    pixels, valid = camera.ground2image(GROUND[:n])
    assert (valid & camera.in_image(pixels)).all()
    return GROUND[:n], pixels + np.random.default_rng(0).normal(0, noise, pixels.shape)


def test_homography_by_hand():
    source = [[0, 0], [2, 0], [2, 2], [0, 2]]
    target = [[10, 20], [14, 20], [14, 24], [10, 24]]
    H = homography_from_points(source, target)
    np.testing.assert_allclose(H / H[2, 2], [[2, 0, 10], [0, 2, 20], [0, 0, 1]], atol=1e-9)
    with pytest.raises(ValueError, match="4 pairs"):
        homography_from_points(source[:3], target[:3])


def test_focal_length_of_a_homography():
    H = K @ np.column_stack([R[:, :2], -R @ CENTRE])
    assert focal_of_homography(H, SIZE) == pytest.approx(900)
    straight_down = np.array([[100.0, 0, 640], [0, -100, 360], [0, 0, 1]])
    assert focal_of_homography(straight_down, SIZE) is None


@pytest.mark.parametrize("n", [4, 6])
@pytest.mark.parametrize("distortion", [(), (-0.2, 0.05, 0.001, -0.001)])
def test_pose_with_a_known_lens_is_exact(n, distortion):
    ground, pixels = marked(truth(distortion), n)
    camera = camera_from_points(ground, pixels, SIZE, K=K, distortion=distortion)
    np.testing.assert_allclose(camera.position, CENTRE, atol=1e-4)
    assert residuals(camera, ground, pixels).metres.max() < 1e-4


@pytest.mark.parametrize("n", [4, 6])
def test_without_a_lens_the_focal_length_is_told(n):
    camera = camera_from_points(*marked(truth(), n), SIZE)
    np.testing.assert_allclose(camera.position, CENTRE, atol=1e-4)
    assert camera.lens.K[0, 0] == pytest.approx(900, rel=1e-4)


def test_a_view_that_tells_no_focal_length_gives_the_bare_homography():
    straight_down = Camera.from_homography([[100, 0, 640], [0, -100, 360], [0, 0, 1]], SIZE)
    ground = np.array([[-3, -2], [3, -2], [3, 2], [-3, 2.0]])
    camera = camera_from_points(ground, straight_down.ground2image(ground)[0], SIZE)
    assert camera.position is None
    np.testing.assert_allclose(camera.image2ground([[640, 360]])[0], [[0, 0]], atol=1e-9)


def test_noise_of_a_pixel_stays_centimetres():
    ground, pixels = marked(truth(), noise=1.0)
    errors = residuals(camera_from_points(ground, pixels, SIZE), ground, pixels)
    assert errors.pixels.max() < 5
    assert errors.metres.max() < 0.1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda g, p: (g * [1, -1], p), "axes are mirrored"),
        (lambda g, p: (g[:, ::-1], p), "axes are mirrored"),
        (lambda g, p: (g * 1000, p), "looks like centimetres or millimetres"),
        (lambda g, p: (g / 1000, p), "metres taken for"),
        (lambda g, p: (g[:3], p[:3]), "at least 4"),
        (lambda g, p: (np.outer(np.arange(6), [1, 1]), p), "on a line"),
        (lambda g, p: (g, np.add(p, [2000, 0])), "outside the 1280x720 image"),
        (lambda g, p: (g, p[[1, 0, 2, 3, 4, 5]]), "point . is .* pixels from"),
    ],
)
@pytest.mark.parametrize("lens", [None, K])
def test_bad_geometry_is_refused_with_the_reason(change, reason, lens):
    with pytest.raises(InputError, match=reason) as caught:
        camera_from_points(*change(*marked(truth())), SIZE, K=lens)
    assert "\n" not in str(caught.value)


def test_points_of_a_file(tmp_path):
    path = tmp_path / "hall.txt"
    path.write_text("x, y, column, row\n# the mat\n1, 2, 300, 400\n\n3 4.5 100 200 # its corner\n")
    ground, pixels = read_points(path)
    assert ground.tolist() == [[1, 2], [3, 4.5]]
    assert pixels.tolist() == [[300, 400], [100, 200]]
    path.write_text("")
    assert read_points(path)[0].shape == (0, 2)
    path.write_text("1 2 3\n")
    with pytest.raises(InputError, match=r"hall.txt:1: expected 4 numbers"):
        read_points(path)
