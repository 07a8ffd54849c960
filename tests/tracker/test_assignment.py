"""Assignment against brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.assignment import assign, assign_pairs


def brute_force_total(cost, limit):
    """Least total when each unpaired row and column together cost `limit`."""
    n, m = cost.shape
    best = np.inf
    for columns in itertools.permutations([*range(m), *[-1] * n], n):
        pairs = [(row, column) for row, column in enumerate(columns) if column >= 0]
        unpaired = n + m - 2 * len(pairs)
        total = sum(cost[pair] for pair in pairs) + unpaired * limit / 2
        best = min(best, total)
    return best


@pytest.mark.parametrize(
    ("cost", "limit", "expected"),
    [
        (np.zeros((0, 0)), 1.0, []),
        (np.zeros((0, 3)), 1.0, []),
        (np.zeros((3, 0)), 1.0, []),
        ([[0.2]], 0.5, [(0, 0)]),
        ([[0.7]], 0.5, []),
        ([[np.inf]], 0.5, []),
        ([[0.1, 0.2], [0.15, 0.9]], 0.5, [(0, 1), (1, 0)]),  # greedy would take (0, 0)
        ([[np.inf, 0.1], [0.3, np.inf]], 0.5, [(0, 1), (1, 0)]),
    ],
)
def test_by_hand(cost, limit, expected):
    rows, columns = assign(np.asarray(cost, float), limit)
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == expected


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 10_000))
def test_equals_brute_force(n, m, seed):
    cost = np.random.default_rng(seed).uniform(0, 1, (n, m))
    rows, columns = assign(cost, 0.6)
    total = cost[rows, columns].sum() + (n + m - 2 * len(rows)) * 0.3
    assert total == pytest.approx(brute_force_total(cost, 0.6))
    assert (cost[rows, columns] <= 0.6).all()


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 10_000))
def test_pairs_equal_the_full_matrix(n, m, seed):
    generator = np.random.default_rng(seed)
    allowed = generator.random((n, m)) < 0.3
    gains = generator.uniform(-0.2, 1, (n, m))
    expected = assign(np.where(allowed, -gains, np.inf), 0.0)
    rows, columns = np.argwhere(allowed).T.copy()
    rows, columns = assign_pairs(rows, columns, gains[rows, columns], (n, m))
    assert (rows.tolist(), columns.tolist()) == (expected[0].tolist(), expected[1].tolist())
