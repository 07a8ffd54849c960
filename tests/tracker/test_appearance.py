"""Who is who by looks: galleries, and the stage by appearance."""

import numpy as np
import pytest

from tracker.appearance import Gallery
from tracker.association import Stage, appearance_likeness
from tracker.camera_tracker import CameraTracker, CameraTrackerSettings
from tracker.types import Detections

RED, BLUE, GREEN = np.eye(3, dtype=np.float32)
LOOKS = CameraTrackerSettings(
    stages=(Stage(by="appearance"), Stage(tracks=("tentative", "tracked"), min_similarity=0.3)),
    max_gap=2.0,
)


def test_an_empty_gallery_knows_nobody():
    gallery = Gallery(2, 0, 3)
    assert gallery.distances(np.zeros(0, int), RED[None]).shape == (0, 1)
    assert Gallery(2, 1, 3).distances(np.array([0]), RED[None]).tolist() == [[np.inf]]


def test_the_nearest_in_the_gallery_counts_and_the_oldest_is_forgotten():
    gallery = Gallery(2, 0, 3)
    gallery.append(np.stack([RED, BLUE]))
    gallery.add(np.array([0]), GREEN[None])
    rows, looks = np.array([0, 1]), np.stack([RED, BLUE])
    right = np.sqrt(2)
    assert gallery.distances(rows, looks) == pytest.approx(np.array([[0, right], [right, 0]]))
    gallery.add(np.array([0]), GREEN[None])
    assert gallery.distances(rows, looks)[0] == pytest.approx([right, right])
    gallery.keep(np.array([False, True]))
    assert len(gallery) == 1
    assert gallery.distances(np.array([0]), looks) == pytest.approx(np.array([[right, 0]]))


def test_motion_gates_looks():
    stage = Stage(by="appearance", max_distance=0.6, max_motion=9.0)
    distances = np.array([[0.1, 0.1, 0.7]])
    motion = np.array([[8.0, 10.0, 1.0]])
    alike = appearance_likeness(distances, motion, stage)
    assert (alike.rows.tolist(), alike.columns.tolist(), alike.values.tolist()) == ([0], [0], [1.9])
    assert len(appearance_likeness(np.zeros((0, 2)), np.zeros((0, 2)), stage).values) == 0


def two(x, y, looks=None):
    boxes = np.array([[x, 0.0, x + 40, 100], [y, 0.0, y + 40, 100]])
    return Detections(boxes, np.array([0.95, 0.95]), looks)


def meeting(with_looks):
    """Two who stand side by side are unseen for half a second, and have then changed places."""
    tracker = CameraTracker("c", LOOKS)
    looks = np.stack([RED, BLUE]) if with_looks else None
    for frame in range(10):
        before = tracker.update(frame, frame / 10, two(100, 150, looks))
    for frame in range(10, 15):
        tracker.update(frame, frame / 10, Detections.empty())
    after = tracker.update(15, 1.5, two(150, 100, looks))
    return dict(zip(before.detection_rows.tolist(), before.ids.tolist(), strict=True)), dict(
        zip(after.detection_rows.tolist(), after.ids.tolist(), strict=True)
    )


def test_lost_people_are_known_again_by_their_looks():
    before, after = meeting(with_looks=True)
    assert after == before


def test_without_looks_the_lost_get_new_names_in_a_stage_of_looks_alone():
    before, after = meeting(with_looks=False)
    assert not set(after.values()) & set(before.values())
