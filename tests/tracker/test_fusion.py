"""The arithmetic of fusion by hand, and against matrices written out."""

import numpy as np
import pytest

from tracker.fusion import (
    Observations,
    densities_by_others,
    fuse,
    inverse,
    log_densities,
    pack,
    solve,
    times,
    unpack,
)


def observations(points, variances, views):
    points = np.array(points, float).reshape(-1, 2)
    covariances = np.array([[v, 0, v] for v in variances], float).reshape(-1, 3)
    count = len(points)
    rows = np.arange(count)
    views, boxes = np.array(views, int), np.zeros((count, 4))
    ones, zeros = np.ones(count), np.zeros(count)
    return Observations(views, views, rows, boxes, points, covariances, ones, zeros)


def random_matrices(count):
    made = np.random.default_rng(0).normal(size=(count, 2, 2))
    return made @ made.swapaxes(1, 2) + 0.1 * np.eye(2)


def test_packed_matrices_do_what_whole_ones_do():
    matrices = random_matrices(20)
    vectors = np.random.default_rng(1).normal(size=(20, 2))
    packed = pack(matrices)
    np.testing.assert_array_equal(unpack(packed), matrices)
    np.testing.assert_allclose(unpack(inverse(packed)), np.linalg.inv(matrices))
    np.testing.assert_allclose(times(packed, vectors), np.einsum("nij,nj->ni", matrices, vectors))
    np.testing.assert_allclose(
        solve(packed, vectors), np.linalg.solve(matrices, vectors[..., None])[..., 0]
    )


def test_log_density_by_hand():
    # Variances 1 + 3 = 4 along both axes, 2 m off along x: squared distance 1.
    one = np.array([[2.0, 0]]), np.array([[1.0, 0, 1]])
    density, squared = log_densities(*one, np.zeros((1, 2)), np.array([[3.0, 0, 3]]))
    assert squared == pytest.approx(np.array([[1.0]]))
    assert density == pytest.approx(np.array([[-0.5 - np.log(4) - np.log(2 * np.pi)]]))
    assert log_densities(*one, np.zeros((0, 2)), np.zeros((0, 3)))[0].shape == (0, 1)


def test_an_observation_is_compared_with_what_the_other_views_tell():
    """Views 0 and 1 see somebody, each observation is asked without its own view."""
    seen = observations([[0, 0], [0.3, 0], [1, 0]], [0.04, 0.08, 0.02], [0, 1, 2])
    prior = np.zeros((1, 2)), np.array([[1.0, 0, 1.0]])
    fused = fuse(seen, np.array([[0, 1, -1]]), *prior)
    density, squared = densities_by_others(seen, fused, *prior)
    for m, others in enumerate([[1], [0], [0, 1]]):
        J = prior[1][0] + fused.J[0, others].sum(axis=0)
        place, spread = solve(J, fused.h[0, others].sum(axis=0)), inverse(J)
        alone = seen[np.array([m])]
        expected = log_densities(alone.points, alone.covariances, place[None], spread[None])
        assert [density[0, m], squared[0, m]] == pytest.approx(np.ravel(expected).tolist())


def test_two_views_meet_at_their_weighted_mean():
    seen = observations([[0, 0], [0.3, 0]], [0.04, 0.08], [0, 1])
    fused = fuse(seen, np.array([[0, 1]]), np.zeros((1, 2)), np.array([[1e-9, 0, 1e-9]]))
    middle, spread = fused.places()
    np.testing.assert_allclose(middle, [[0.1, 0]], atol=1e-6)
    np.testing.assert_allclose(spread, [[0.08 / 3, 0, 0.08 / 3]])


def test_an_outlier_among_the_views_loses_weight():
    seen = observations([[0, 0], [0, 0], [3, 0]], [0.01, 0.01, 0.01], [0, 1, 2])
    fused = fuse(seen, np.array([[0, 1, 2]]), np.zeros((1, 2)), np.array([[1e-9, 0, 1e-9]]))
    middle, _ = fused.places()
    assert middle[0, 0] < 0.3  # the mean is 1
    assert fused.J[0, 2, 0] < 0.2 * fused.J[0, 0, 0]


def test_sums_and_costs_are_those_of_one_person_after_another():
    """The slow twin: matrices written out, three re-weightings whether needed or not."""
    random = np.random.default_rng(2)
    points, spread = random.normal(size=(12, 2)), random_matrices(12)
    taken = random.integers(-1, 12, (9, 4))
    taken[0] = -1
    points[taken[1:, 0]] += 3  # outliers
    means, information = random.normal(size=(9, 2)), random_matrices(20)[11:]
    view, boxes = np.zeros(12, int), np.zeros((12, 4))
    seen = Observations(
        view, view, np.arange(12), boxes, points, pack(spread), np.ones(12), np.zeros(12)
    )
    fused = fuse(seen, taken, means, pack(information))
    lost_weight = 0
    for n in range(9):
        views = np.flatnonzero(taken[n] >= 0)
        J = [np.linalg.inv(spread[k]) for k in taken[n, views]]
        z = points[taken[n, views]]
        weights = np.ones(len(views))
        for _ in range(3):
            total = information[n] + sum(w * A for w, A in zip(weights, J, strict=True))
            h = information[n] @ means[n]
            h = h + sum(w * A @ p for w, A, p in zip(weights, J, z, strict=True))
            middle = np.linalg.solve(total, h)
            far = np.array(
                [np.sqrt((p - middle) @ A @ (p - middle)) for A, p in zip(J, z, strict=True)]
            )
            weights = 1 / np.maximum(far / 1.5, 1)
        lost_weight += (weights < 1).any()
        huber = np.where(far < 1.5, far**2 / 2, 1.5 * (far - 0.75)).sum()
        back = middle - means[n]
        gain = np.linalg.slogdet(total)[1] - np.linalg.slogdet(information[n])[1]
        assert fused.cost[n] == pytest.approx(back @ information[n] @ back / 2 + huber + gain / 2)
        expected = np.zeros((4, 2, 2))
        for v, w, A in zip(views, weights, J, strict=True):
            expected[v] = w * A
        np.testing.assert_allclose(unpack(fused.J[n]), expected)
    assert 0 < lost_weight < 9


def test_cost_prefers_the_nearer_observation():
    seen = observations([[0.1, 0], [0.4, 0]], [0.04, 0.04], [0, 0])
    prior = np.zeros((2, 2)), np.tile([25.0, 0, 25.0], (2, 1))
    near, far = fuse(seen, np.array([[0], [1]]), *prior).cost
    # Squared distances 0.01 / 0.08 and 0.16 / 0.08 of the sum of both variances, halved.
    assert far - near == pytest.approx(0.5 * (0.16 - 0.01) / 0.08)


def test_nobody_and_nothing():
    seen = observations([], [], [])
    fused = fuse(seen, np.zeros((0, 3), int), np.zeros((0, 2)), np.zeros((0, 3)))
    assert fused.J.shape == (0, 3, 3)
    silent = fuse(seen, np.full((2, 3), -1), np.zeros((2, 2)), np.tile([1.0, 0, 1.0], (2, 1)))
    assert not silent.J.any()
    assert silent.cost.tolist() == [0, 0]
