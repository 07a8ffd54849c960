"""Centring by camera: it helps where cameras differ, and doesn't hurt where few were seen."""

import numpy as np
import pytest

from reid.centring import CameraMeans, CentringSettings, centred
from reid.gallery import unit_rows

PEOPLE, DIMENSION = 40, 64


def pictures(offset, noise=0.5, seed=0):
    """(2, P, 4, D) unit rows: four pictures of everybody from each of two cameras."""
    random = np.random.default_rng(seed)
    looks = random.normal(size=(PEOPLE, DIMENSION)) + 1.0
    tints = offset * random.normal(size=(2, 1, 1, DIMENSION))
    rows = looks[None, :, None] + tints + noise * random.normal(size=(2, PEOPLE, 4, DIMENSION))
    return unit_rows(rows)


def rank_one(rows, means):
    first, second = (centred(rows[c].mean(axis=1), means[c]) for c in (0, 1))
    return float(((first @ second.T).argmax(axis=1) == np.arange(len(first))).mean())


def learned(rows, people, repeats=1):
    means = CameraMeans(CentringSettings())
    for camera, everybody in enumerate(people):
        for person in everybody:
            for _ in range(repeats):
                means.add(camera, person, rows[camera, person])
    return means


def test_nobody_seen():
    means = CameraMeans(CentringSettings())
    assert means.strength == 0
    assert not means.means(2, 3).any()
    assert centred(np.zeros((0, 3)), np.zeros(3)).shape == (0, 3)


def test_different_cameras_become_comparable():
    rows = pictures(offset=2.0, noise=1.5)
    means = learned(rows, [range(0, 30), range(10, 40)]).means(2, DIMENSION)
    assert rank_one(rows, means) > rank_one(rows, np.zeros((2, DIMENSION))) + 0.1


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_people_do_no_harm(count):
    rows = pictures(offset=0.0, noise=0.8)
    means = learned(rows, [range(count), range(count, 2 * count)]).means(2, DIMENSION)
    assert rank_one(rows, means) >= rank_one(rows, np.zeros((2, DIMENSION))) - 0.03


def test_a_person_counts_once_however_many_pictures():
    rows = pictures(offset=1.0)
    once, often = (learned(rows, [range(5), range(3, 9)], repeats=n) for n in (1, 7))
    np.testing.assert_allclose(once.means(2, DIMENSION), often.means(2, DIMENSION), atol=1e-9)


def test_memory_is_bounded_and_forgets_who_was_seen_longest_ago():
    rows = pictures(offset=1.0)
    means, fresh = (CameraMeans(CentringSettings(memory=5)) for _ in range(2))
    for person in range(PEOPLE):
        means.add(0, person, rows[0, person])
        if person >= PEOPLE - 5:
            fresh.add(0, person, rows[0, person])
    np.testing.assert_allclose(means.means(1, DIMENSION), fresh.means(1, DIMENSION), atol=1e-9)
