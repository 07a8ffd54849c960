"""The camera's way, told from the people in view."""

import numpy as np
import pytest

from tracker.camera_path import camera_path, moved_by
from tracker.trajectories import Trajectories


def crowd(people, pan, frames=20):
    """People who stand still before a camera that pans by `pan` pixels a frame."""
    parts = []
    for person in range(people):
        x = 100.0 * person + pan * np.arange(frames)
        boxes = np.column_stack([x, np.zeros(frames), x + 30, np.full(frames, 80.0)])
        when = np.arange(frames)
        parts.append(
            Trajectories(
                when, when / 10, np.full(frames, person), boxes, np.ones(frames), when >= 0
            )
        )
    return Trajectories.joined(parts)


def test_nobody_tells_nothing():
    assert camera_path(Trajectories.joined([])).shape == (0, 2)


def test_a_pan_is_told_the_better_the_more_people_see_it():
    few, many = camera_path(crowd(3, 4.0)), camera_path(crowd(27, 4.0))
    assert few[-1] == pytest.approx([19 * 4 * 3 / 6, 0])
    assert many[-1] == pytest.approx([19 * 4 * 27 / 30, 0])


def test_one_walker_among_many_is_no_camera():
    still = crowd(9, 0.0)
    boxes = still.boxes.copy()
    boxes[still.ids == 4, ::2] += 9.0 * np.arange(20)[:, None]
    assert not camera_path(still.moved(boxes)).any()


def test_there_and_back():
    table = crowd(5, 3.0)
    path = camera_path(table)
    back = table.moved(moved_by(table, -path))
    assert moved_by(back, path) == pytest.approx(table.boxes)
    assert np.ptp(back.boxes[:20, 0]) < np.ptp(table.boxes[:20, 0])
