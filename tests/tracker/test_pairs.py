"""Overlapping pairs against slow twins that look at every pair."""

import numpy as np
import pytest

from tracker import boxes as all_pairs
from tracker.pairs import crossings, grown_overlaps, overlaps


def draw(generator, n, spread=200.0):
    """(4, n) boxes, some of them without area."""
    corner = generator.uniform(0, spread, (2, n))
    sides = generator.uniform(0, 60, (2, n)) * (generator.random(n) > 0.1)
    return np.concatenate([corner, corner + sides])


def slow_pairs(a, b):
    """{(row, column): shared area}"""
    pairs = {}
    for row, (left, top, right, bottom) in enumerate(a.T):
        for column, other in enumerate(b.T):
            width = min(right, other[2]) - max(left, other[0])
            height = min(bottom, other[3]) - max(top, other[1])
            if width > 0 and height > 0:
                pairs[row, column] = width * height
    return pairs


def as_dict(rows, columns, values):
    pairs = list(zip(rows.tolist(), columns.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    return dict(zip(pairs, values.tolist(), strict=True))


SIZES = [(0, 0), (0, 3), (3, 0), (1, 1), (20, 35), (90, 80)]


@pytest.mark.parametrize("spread", [0.0, 50.0, 400.0])  # all in one place, or hardly any meet
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_pairs_equal_the_slow_twin(n, m, spread):
    generator = np.random.default_rng(n + m)
    a, b = draw(generator, n, spread), draw(generator, m, spread)
    expected = slow_pairs(a, b)
    got = as_dict(*overlaps(a, b))
    assert list(got) == sorted(expected)
    iou = all_pairs.iou(a.T, b.T)
    assert got == pytest.approx({pair: iou[pair] for pair in expected})


@pytest.mark.parametrize("spread", [0.0, 50.0, 400.0])
@pytest.mark.parametrize("n", [0, 1, 2, 30, 90])
def test_crossings_equal_the_slow_twin(n, spread):
    boxes = draw(np.random.default_rng(n), n, spread)
    expected = {pair: area for pair, area in slow_pairs(boxes, boxes).items() if pair[0] < pair[1]}
    assert as_dict(*crossings(boxes)) == pytest.approx(expected)


def test_boxes_that_only_touch_share_nothing():
    boxes = np.array([[0.0, 10, 0, 5], [0, 0, 10, 5], [10, 20, 10, 5], [10, 10, 20, 9]])
    assert as_dict(*crossings(boxes)) == {}
    assert as_dict(*overlaps(boxes[:, :2].copy(), boxes[:, 2:].copy())) == {}


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_grown_overlaps_equal_the_slow_twin(n, m):
    generator = np.random.default_rng(n + m)
    a, b = draw(generator, n), draw(generator, m)
    of_a, of_b = generator.random(n) < 0.7, generator.random(m) < 0.7
    got = as_dict(*grown_overlaps(a, of_a, b, of_b, 0.3, 0.2))
    assert list(got) == sorted(got)
    grown = [np.concatenate([x[:2] - side, x[2:] + side]) for x in (a, b) for side in grow(x)]
    iou = all_pairs.iou(grown[0].T, grown[1].T)
    allowed = (iou >= 0.2) & of_a[:, None] & of_b
    assert got == pytest.approx({tuple(pair): iou[tuple(pair)] for pair in np.argwhere(allowed)})


def grow(boxes):
    yield 0.3 * (boxes[2:] - boxes[:2])
