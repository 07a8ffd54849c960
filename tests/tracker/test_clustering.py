"""Groups of what is alike, beside a slow twin that looks at all pairs again for every join."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.clustering import cluster, cluster_pairs


def slow(distances, limit, cannot_link):
    """Joins the first nearest pair of the whole table until none is near enough."""
    between = np.where(cannot_link, np.inf, distances).astype(distances.dtype)
    np.fill_diagonal(between, np.inf)
    labels = np.arange(len(between))
    sizes = np.ones(len(between), between.dtype)
    while len(between):
        a, b = np.unravel_index(np.argmin(between), between.shape)
        if not float(between[a, b]) <= limit:
            break
        joined = (sizes[a] * between[a] + sizes[b] * between[b]) / (sizes[a] + sizes[b])
        joined[[a, b]] = np.inf
        between[a], between[:, a] = joined, joined
        between[b], between[:, b] = np.inf, np.inf
        sizes[a] += sizes[b]
        labels[labels == b] = a
    return np.unique(labels, return_inverse=True)[1]


def symmetric(upper):
    return np.triu(upper, 1) + np.triu(upper, 1).T


def agree(distances, limit, cannot):
    """The labels, which must be the twin's, in both precisions."""
    expected = slow(distances.astype(np.float64), limit, cannot)
    assert cluster(distances, limit, cannot).tolist() == expected.tolist()
    single = np.where(cannot, np.inf, distances).astype(np.float32)
    pairs = single[np.triu_indices(len(single), 1)]
    found = cluster_pairs(pairs, len(single), limit)
    assert found.tolist() == slow(single, limit, cannot).tolist()
    return expected


@pytest.mark.parametrize(
    ("places", "cannot", "labels"),
    [
        ([], [], []),
        ([5], [], [0]),
        ([0, 1, 9], [], [0, 0, 1]),
        ([0, 1, 9], [(0, 1)], [0, 1, 2]),
        ([0, 1, 1.5], [(1, 2)], [0, 0, 1]),
        ([0, 0.1, 0.2], [(0, 2)], [0, 0, 1]),
        ([0, 1, 0, 1], [(0, 2)], [0, 0, 1, 0]),
    ],
)
def test_clusters_respect_the_rules(places, cannot, labels):
    x = np.array(places, float)
    rule = np.zeros((len(x), len(x)), bool)
    for a, b in cannot:
        rule[a, b] = rule[b, a] = True
    assert agree(np.abs(x[:, None] - x), 2.0, rule).tolist() == labels


@st.composite
def tables(draw):
    """Distances of few values, so that most are equal to others, with rules for some pairs."""
    count = draw(st.integers(0, 14))
    values = draw(st.integers(1, 6))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    distances = symmetric(random.integers(-values, values + 1, (count, count)).astype(float))
    cannot = symmetric(random.random((count, count)) < draw(st.sampled_from([0, 0.1, 0.4]))) > 0
    return distances, draw(st.sampled_from([-1.0, 0.0, 0.5, 3.0])), cannot


@given(tables())
def test_equal_distances_are_joined_in_the_order_of_the_slow_twin(table):
    agree(*table)


def test_means_that_are_rounded_below_what_they_are_of_are_seen():
    """Distances are neighbouring float32 numbers, so most means are rounded to one of them."""
    for seed in range(100):
        random = np.random.default_rng(seed)
        count, values = int(random.integers(10, 60)), int(random.integers(1, 5))
        steps = random.integers(-values, values + 1, (count, count))
        cannot = symmetric(random.random((count, count)) < 0.02) > 0
        agree(symmetric(1 + steps * 2.0**-23), 1.0 + 2 * (seed % 2), cannot)


@pytest.mark.parametrize("forbidden", [0.0, 0.02, 0.2])
@pytest.mark.parametrize("seed", range(3))
def test_a_hundred_and_fifty_in_groups_are_joined_as_by_the_slow_twin(seed, forbidden):
    random = np.random.default_rng(seed)
    places = random.normal(size=(12, 5))[random.integers(0, 12, 150)]
    places = places + random.normal(scale=0.4, size=places.shape)
    distances = np.linalg.norm(places[:, None] - places, axis=2)
    cannot = symmetric(random.random((150, 150)) < forbidden) > 0
    labels = agree(distances, 2.0, cannot)
    assert 1 < labels.max() + 1 < 150
    assert not cannot[labels[:, None] == labels].any()
