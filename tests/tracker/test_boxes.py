"""Box arithmetic: hand-computed cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import boxes as bx

NONE = np.zeros((0, 4))


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


@given(st.integers(0, 10_000), st.integers(0, 5))
def test_formats_round_trip(seed, n):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 30, (n, 2))
    boxes = np.hstack([corner, corner + rng.uniform(1, 30, (n, 2))])
    assert bx.xywh2xyxy(bx.xyxy2xywh(boxes)) == pytest.approx(boxes)


def test_feet_areas_and_clip_of_a_box_that_leaves_the_image():
    box = np.array([[-10.0, 5.0, 30.0, 105.0]])
    assert bx.feet(box).tolist() == [[10.0, 105.0]]
    assert bx.areas(box).tolist() == [4000.0]
    assert bx.clip(box, 20, 100).tolist() == [[0.0, 5.0, 20.0, 100.0]]
    assert bx.areas(np.array([[3.0, 3.0, 1.0, 9.0]])).tolist() == [0.0]
