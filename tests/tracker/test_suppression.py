"""Non-maximum suppression against a slow twin that takes boxes one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.boxes import iou
from tracker.suppression import nms, without_duplicates


def greedy(boxes, scores, max_iou):
    """Rows kept, best first, of boxes (N, 4)."""
    kept = []
    for row in sorted(range(len(scores)), key=lambda row: (-scores[row], row)):
        if not (iou(boxes[[row]], boxes[kept]) > max_iou).any():
            kept.append(row)
    return kept


def draw(generator, n):
    """(n, 4) boxes, some of them without area, and scores with ties."""
    corner = generator.uniform(0, 60, (n, 2))
    sides = generator.uniform(0, 60, (n, 2)) * (generator.random((n, 1)) > 0.1)
    return np.concatenate([corner, corner + sides], axis=1), generator.integers(0, 5, n) / 4


@given(st.integers(0, 40), st.integers(0, 10**6), st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0]))
def test_suppression_equals_the_slow_twin(n, seed, max_iou):
    boxes, scores = draw(np.random.default_rng(seed), n)
    wanted = greedy(boxes, scores, max_iou)
    assert nms(boxes, scores, max_iou).tolist() == wanted
    kept = without_duplicates(np.ascontiguousarray(boxes.T), scores, max_iou)
    assert np.flatnonzero(kept).tolist() == sorted(wanted)


def test_a_box_that_a_suppressed_one_would_suppress_stays():
    left = np.array([0.0, 3.0, 6.0])  # neighbours overlap by 7/13
    boxes = np.stack([left, left * 0, left + 10, left * 0 + 10], axis=1)
    assert nms(boxes, np.array([0.8, 0.9, 0.7]), 0.5).tolist() == [1]
    assert nms(boxes, np.array([0.9, 0.8, 0.7]), 0.5).tolist() == [0, 2]
    assert nms(boxes, np.array([0.7, 0.8, 0.9]), 0.6).tolist() == [2, 1, 0]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_views_and_halves_of_precision_are_fine(kind):
    rows = np.array([[0, 0, 9, 9, 0.2], [0, 0, 9, 9, 0.7], [20, 0, 29, 9, 0.5]], kind)
    assert nms(rows[:, :4], rows[:, 4], 0.5).tolist() == [1, 2]
    assert nms(rows[:0, :4], rows[:0, 4], 0.5).tolist() == []
