"""Overlapping pairs and duplicates against slow twins that look at every pair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import boxes as all_pairs
from tracker import pairs
from tracker.candidates import without_duplicates
from tracker.pairs import areas, intersections, overlapping_pairs


def draw(generator, n, spread=200.0):
    """(4, n) boxes, some of them without area."""
    corner = generator.uniform(0, spread, (2, n))
    sides = generator.uniform(0, 60, (2, n)) * (generator.random(n) > 0.1)
    return np.concatenate([corner, corner + sides])


def slow_pairs(a, b):
    return [
        (row, column)
        for row, (left, top, right, bottom) in enumerate(a.T)
        for column, other in enumerate(b.T)
        if left < other[2] and other[0] < right and top < other[3] and other[1] < bottom
    ]


@pytest.mark.parametrize("limit", [pairs.ALL_PAIRS, 0])
@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 3), (3, 0), (1, 1), (20, 35)])
def test_pairs_equal_the_slow_twin(monkeypatch, limit, n, m):
    monkeypatch.setattr(pairs, "ALL_PAIRS", limit)  # all at once, and by the sweep
    generator = np.random.default_rng(n + m)
    a, b = draw(generator, n), draw(generator, m)
    rows, columns = overlapping_pairs(a, b)
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == slow_pairs(a, b)


def test_shared_areas():
    a = np.array([[0.0, 0], [0, 0], [10, 4], [10, 4]])
    b = np.array([[5.0, 1], [5, 1], [15, 2], [20, 3]])
    assert intersections(a, b).tolist() == [25.0, 2.0]
    assert areas(a).tolist() == [100.0, 16.0]


def slow_suppression(boxes, scores, max_iou):
    kept = []
    for row in sorted(range(len(scores)), key=lambda row: (-scores[row], row)):
        overlaps = all_pairs.iou(boxes.T[[row]], boxes.T[kept])
        if not (overlaps > max_iou).any():
            kept.append(row)
    return sorted(kept)


@given(st.integers(0, 40), st.integers(0, 10**6), st.sampled_from([0.1, 0.3, 0.7]))
def test_suppression_equals_the_slow_twin(n, seed, max_iou):
    generator = np.random.default_rng(seed)
    boxes = draw(generator, n, spread=60.0)
    scores = generator.integers(0, 5, n) / 4  # with ties
    kept = without_duplicates(boxes, scores, max_iou)
    assert np.flatnonzero(kept).tolist() == slow_suppression(boxes, scores, max_iou)
