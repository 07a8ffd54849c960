"""Box arithmetic: hand-computed cases, and greedy suppression as its slow twin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import boxes as bx

NONE = np.zeros((0, 4))


def greedy_nms(boxes, scores, limit):
    kept = []
    for row in sorted(range(len(scores)), key=lambda r: (-scores[r], r)):
        if all(bx.iou(boxes[[row]], boxes[[k]])[0, 0] <= limit for k in kept):
            kept.append(row)
    return kept


def random_boxes(seed, n):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 30, (n, 2))
    return np.hstack([corner, corner + rng.uniform(1, 30, (n, 2))]), rng.choice([0.2, 0.5, 0.9], n)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (NONE, NONE, np.zeros((0, 0))),
        (NONE, [[0, 0, 1, 1]], np.zeros((0, 1))),
        ([[0, 0, 2, 2]], [[0, 0, 2, 2]], [[1.0]]),
        ([[0, 0, 2, 2]], [[1, 0, 3, 2]], [[1 / 3]]),
        ([[0, 0, 2, 2]], [[2, 2, 3, 3]], [[0.0]]),  # they touch at a corner
        ([[1, 1, 1, 1]], [[1, 1, 1, 1]], [[0.0]]),  # no area
    ],
)
def test_iou(a, b, expected):
    assert bx.iou(np.asarray(a, float), np.asarray(b, float)) == pytest.approx(np.asarray(expected))


@given(st.integers(0, 10_000), st.integers(0, 25), st.sampled_from([0.0, 0.3, 0.7]))
def test_nms_equals_greedy_suppression(seed, n, limit):
    boxes, scores = random_boxes(seed, n)
    assert bx.nms(boxes, scores, limit).tolist() == greedy_nms(boxes, scores, limit)


@given(st.integers(0, 10_000), st.integers(0, 5))
def test_formats_round_trip(seed, n):
    boxes, _ = random_boxes(seed, n)
    assert bx.xywh2xyxy(bx.xyxy2xywh(boxes)) == pytest.approx(boxes)


def test_feet_areas_and_clip_of_a_box_that_leaves_the_image():
    box = np.array([[-10.0, 5.0, 30.0, 105.0]])
    assert bx.feet(box).tolist() == [[10.0, 105.0]]
    assert bx.areas(box).tolist() == [4000.0]
    assert bx.clip(box, 20, 100).tolist() == [[0.0, 5.0, 20.0, 100.0]]
    assert bx.areas(np.array([[3.0, 3.0, 1.0, 9.0]])).tolist() == [0.0]
