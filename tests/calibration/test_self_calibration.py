"""A camera from how tall people appear where they stand."""

import numpy as np
import pytest

from calibration.self_calibration import View, camera_from_people, view_fault
from calibration.standing import (
    doubted,
    height_errors,
    people_places,
    standing_pixels,
    touching_pixels,
)
from configs.errors import InputError

SIZE = (1280, 720)
LEVEL = View(focal=1024.0, tilt=0.0, roll=0.0, height=3.4)


def level_boxes(distances, height=1.7):
    """By hand: from 3.4 m, level. Feet touch at a distance, the head is 15 cm farther away."""
    bottom = 360 + 1024 * 3.4 / np.asarray(distances)
    top = 360 + 1024 * (3.4 - height) / (np.asarray(distances) + 0.15)
    return np.column_stack([np.full(len(top), 600.0), top, np.full(len(top), 680.0), bottom])


def boxes_of_view(view, places):
    """Boxes of upright people of 1.7 m in places (N, 2), without noise."""
    camera = view.camera(SIZE)
    feet = touching_pixels(camera, places)
    heads, _ = camera.world2image(np.column_stack([places, np.full(len(places), 1.7)]))
    middle = (feet[:, 0] + heads[:, 0]) / 2
    return np.column_stack([middle - 20, heads[:, 1], middle + 20, feet[:, 1]])


def test_people_half_as_tall_as_a_level_camera_is_high_give_its_horizon():
    boxes = level_boxes(np.linspace(11, 30, 40))
    found = camera_from_people(boxes, np.arange(40), SIZE)
    assert 360 - found.focal * np.tan(found.tilt) == pytest.approx(360, abs=3)
    assert found.height == pytest.approx(3.4, rel=0.02)
    # Taller people, the same picture: everything is as much larger.
    taller = camera_from_people(level_boxes(np.linspace(11, 30, 40), 1.7), np.arange(40), SIZE,
                                person_height=1.87)  # fmt: skip
    assert taller.height == pytest.approx(1.1 * 3.4, rel=0.02)


def test_errors_of_heights_are_zero_for_the_mean_and_in_sigmas_for_others():
    boxes = level_boxes([12.0, 20.0])
    np.testing.assert_allclose(height_errors(LEVEL.camera(SIZE), boxes, 1.7), 0, atol=1e-9)
    heights = boxes[:, 3] - boxes[:, 1]
    boxes[:, 1] -= heights  # twice as tall
    sigma = np.hypot(0.08, 3 / (2 * heights))
    expected = np.log(2) / sigma
    np.testing.assert_allclose(height_errors(LEVEL.camera(SIZE), boxes, 1.7), expected)
    sky = np.array([[600.0, 100, 680, 300]])
    np.testing.assert_allclose(
        height_errors(LEVEL.camera(SIZE), sky, 1.7), 3 / np.hypot(0.08, 3 / 200)
    )


def test_a_foot_is_under_the_middle_of_the_image_and_beside_the_box_at_its_side():
    view = View(focal=600.0, tilt=np.radians(35), roll=0.0, height=3.0)
    places = np.array([[0.0, 3.0], [1.8, 2.5], [-1.8, 2.5]])
    boxes = boxes_of_view(view, places)
    camera = view.camera(SIZE)
    feet = standing_pixels(camera, boxes, 1.7)
    beside = feet[:, 0] - (boxes[:, 0] + boxes[:, 2]) / 2
    assert beside[0] == pytest.approx(0, abs=1e-9)
    # Seen from above people lean outwards: their feet are nearer to the image's middle.
    assert beside[1] < -20
    assert beside[2] == pytest.approx(-beside[1])
    np.testing.assert_allclose(people_places(camera, feet), places, atol=0.06)


def test_touching_pixels_undo_places():
    camera = View(800.0, 0.4, 0.05, 2.5).camera(SIZE, (3.0, -2.0, 1.1))
    pixels = np.random.default_rng(0).uniform([0, 400], SIZE, (50, 2))
    places = people_places(camera, pixels)
    np.testing.assert_allclose(touching_pixels(camera, places), pixels, atol=1e-6)
    touched, _ = camera.image2ground(pixels)
    np.testing.assert_allclose(np.linalg.norm(places - touched, axis=1), 0.15)
    assert people_places(camera, np.zeros((0, 2))).shape == (0, 2)
    assert standing_pixels(camera, np.zeros((0, 4)), 1.7).shape == (0, 2)
    assert np.isnan(people_places(camera, np.array([[640.0, -5000.0]]))).all()


def test_doubt_is_cauchys_loss():
    np.testing.assert_allclose(doubted(np.array([1.0, -2.0])) ** 2, np.log([2.0, 5.0]))
    vector = doubted(np.array([[3.0, 4.0], [np.nan, 1.0]]))
    assert (vector[0] ** 2).sum() == pytest.approx(np.log(26))
    assert (vector[1] ** 2).sum() == pytest.approx(np.log(901))
    assert doubted(np.zeros((0, 2))).shape == (0, 2)
    np.testing.assert_allclose(doubted(np.zeros(2)), 0)


@pytest.mark.parametrize("seed", range(4))
def test_a_steep_view_is_found_although_every_fifth_box_lacks_its_legs(seed):
    random = np.random.default_rng(seed)
    view = View(
        focal=random.uniform(600, 1200),
        tilt=np.radians(random.uniform(22, 35)),
        roll=np.radians(random.uniform(-2, 2)),
        height=random.uniform(2.5, 4),
    )
    camera = view.camera(SIZE)
    pixels = random.uniform([100, 100], [1180, 719], (600, 2))
    places = people_places(camera, pixels)
    places = places[np.isfinite(places[:, 0]) & (np.linalg.norm(places, axis=1) < 15)]
    boxes = boxes_of_view(view, places)
    boxes = boxes[boxes[:, 1] > 0]
    boxes[:, [1, 3]] += random.normal(0, 2, (len(boxes), 2))
    boxes[::5, 3] -= 0.4 * (boxes[::5, 3] - boxes[::5, 1])
    found = camera_from_people(boxes, np.arange(len(boxes)), SIZE)
    horizon, true = (v.focal * np.tan(v.tilt) for v in (found, view))
    assert horizon == pytest.approx(true, rel=0.15)
    assert found.height == pytest.approx(view.height, rel=0.08)
    assert found.focal == pytest.approx(view.focal, rel=0.35)
    assert found.roll == pytest.approx(view.roll, abs=np.radians(1.5))


def test_a_view_wider_than_a_straight_lens_sees_is_a_fault():
    # 640 pixels from the middle to the side: 2 atan(640 / 450) = 109.8 degrees.
    assert view_fault(View(450.0, 0.4, 0.0, 3.0), SIZE) is None
    assert "120 degrees wide" in view_fault(View(640 / np.sqrt(3), 0.4, 0.0, 3.0), SIZE)


def test_what_does_not_tell_the_horizon_is_refused():
    with pytest.raises(InputError, match="3 boxes of whole people"):
        camera_from_people(level_boxes([11, 12, 13]), [1, 2, 3], SIZE)
    with pytest.raises(InputError, match="0 boxes"):
        camera_from_people(np.zeros((0, 4)), [], SIZE)
    with pytest.raises(InputError, match="at one distance"):
        camera_from_people(level_boxes(np.linspace(12, 12.5, 50)), np.arange(50), SIZE)
