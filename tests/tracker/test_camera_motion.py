"""The camera's motion between two pictures, which are cut from one larger picture."""

import cv2
import numpy as np
import pytest

from tracker.camera_motion import common_shift, image_motion, small_gray
from tracker.camera_tracker import CameraTracker, CameraTrackerSettings
from tracker.types import Detections


@pytest.fixture(scope="module")
def wall():
    """A wall of blotches, three times as large as the picture of it."""
    noise = np.random.default_rng(0).integers(0, 255, (90, 120), np.uint8)
    gray = cv2.resize(noise, (1440, 1080), interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)


def view(wall, x, y, size=(360, 480)):
    return wall[y : y + size[0], x : x + size[1]].copy()


NOBODY = np.zeros((0, 4))


def motion(before, after, people=NOBODY):
    (small_before, scale), (small_after, _) = small_gray(before), small_gray(after)
    return image_motion(small_before, small_after, scale, people)


def test_a_pan_moves_the_picture_the_other_way(wall):
    transform = motion(view(wall, 300, 300), view(wall, 305, 297))
    np.testing.assert_allclose(transform, [[1, 0, -5], [0, 1, 3]], atol=0.1)


def test_large_pictures_give_full_size_pixels(wall):
    size = (720, 960)
    transform = motion(view(wall, 100, 100, size), view(wall, 110, 106, size))
    np.testing.assert_allclose(transform[:, 2], [-10, -6], atol=0.3)


def test_a_zoom_scales(wall):
    before = view(wall, 300, 300)
    zoom = cv2.getRotationMatrix2D((240, 180), 0, 1.05)
    after = cv2.warpAffine(before, zoom, (480, 360), borderMode=cv2.BORDER_REFLECT)
    np.testing.assert_allclose(motion(before, after), zoom, atol=0.5)


def test_where_nothing_is_to_be_seen_the_camera_rests():
    blank = np.full((360, 480, 3), 99, np.uint8)
    assert motion(blank, blank).tolist() == np.eye(2, 3).tolist()


def test_people_who_move_are_no_camera(wall):
    """All that has structure is a person who walks: left out, nothing tells of a motion."""
    blank = np.full((360, 480, 3), 99, np.uint8)
    before, after = blank.copy(), blank.copy()
    before[100:300, 100:220] = view(wall, 0, 0, (200, 120))
    after[100:300, 112:232] = view(wall, 0, 0, (200, 120))
    people = np.array([[95.0, 95, 240, 305]])
    assert motion(before, after, people).tolist() == np.eye(2, 3).tolist()
    assert motion(before, after)[0, 2] == pytest.approx(12, abs=0.2)


def test_the_median_of_all_tracks_is_the_cameras_shift():
    errors = np.array([[4.0, 5, -30], [1, 1, 1]])
    assert common_shift(errors).tolist() == [4, 1]
    assert common_shift(errors[:, :2]).tolist() == [4.5, 1]
    assert errors[0].tolist() == [4, 5, -30]


def test_a_track_survives_a_camera_that_swings(wall):
    """A person who stands is seen 40 pixels off after a jerk: twice his own width."""
    settings = CameraTrackerSettings(image_motion=True, common_motion=False)
    for follows, ids in ((True, 1), (False, 2)):
        tracker = CameraTracker("c", settings.model_copy(update={"image_motion": follows}))
        seen = set()
        for frame, x in enumerate([300, 300, 300, 340, 340]):
            box = np.array([[500.0 - x, 100, 520 - x, 150]])
            found = Detections(box, np.array([0.95]))
            seen |= set(tracker.update(frame, frame / 30, found, view(wall, x, 300)).ids.tolist())
        assert len(seen) == ids
