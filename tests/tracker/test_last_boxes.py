"""A detection is likelier the person whose box the same camera saw there a moment ago."""

import numpy as np
import pytest

from tracker.boxes import iou
from tracker.fusion import Observations
from tracker.last_boxes import LastBoxes

ANN, BEN = 1, 2


def seen(boxes, cameras):
    boxes = np.array(boxes, float).reshape(-1, 4)
    count = len(boxes)
    return Observations(
        np.array(cameras, int), np.array(cameras, int), np.arange(count), boxes,
        np.zeros((count, 2)), np.zeros((count, 3)), np.ones(count), np.zeros(count),
    )  # fmt: skip


def test_overlaps_are_those_with_the_same_cameras_last_box():
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 50, (6, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(5, 50, (6, 2))], axis=1)
    last = LastBoxes(cameras=2, max_age=0.5)
    last.remember(
        np.array([ANN, BEN]), seen(boxes[:3], [0, 1, 1]), np.array([[0, 1], [-1, 2]]), 1.0
    )
    found = last.overlaps(np.array([BEN, ANN, 3]), seen(boxes[3:], [0, 1, 1]), 1.5)
    overlaps = iou(boxes[:3], boxes[3:])
    assert found[0] == pytest.approx([0, overlaps[2, 1], overlaps[2, 2]])
    assert found[1] == pytest.approx([overlaps[0, 0], overlaps[1, 1], overlaps[1, 2]])
    assert found[2].tolist() == [0, 0, 0]


def test_a_box_is_kept_while_its_camera_sees_nothing_and_forgotten_when_old():
    box = [0, 0, 10, 20]
    last = LastBoxes(cameras=2, max_age=0.5)
    last.remember(np.array([ANN]), seen([box], [0]), np.array([[0]]), 1.0)
    last.remember(np.array([ANN]), seen([], []), np.array([[-1]]), 1.25)
    assert last.overlaps(np.array([ANN]), seen([box], [0]), 1.5)[0, 0] == 1
    assert last.overlaps(np.array([ANN]), seen([box], [0]), 1.6)[0, 0] == 0
    last.remember(np.array([BEN]), seen([], []), np.array([[-1]]), 1.5)  # Ann is no track now
    assert last.overlaps(np.array([ANN]), seen([box], [0]), 1.5)[0, 0] == 0


def test_nobody_and_nothing():
    last = LastBoxes(cameras=1, max_age=0.5)
    assert last.overlaps(np.zeros(0, int), seen([[0, 0, 1, 1]], [0]), 0.0).shape == (0, 1)
    assert last.overlaps(np.array([ANN]), seen([], []), 0.0).shape == (1, 0)
