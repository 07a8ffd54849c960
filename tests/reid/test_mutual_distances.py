"""Looks of several people compared with one another."""

import numpy as np
import pytest

from reid.appearances import Appearances, AppearanceSettings, look_of

NORTH, WEST = 0, 1


def looks(rows, cameras):
    return [look_of(row[None], np.array([c])) for row, c in zip(rows, cameras, strict=True)]


def mutual_distances(appearances, looks):
    rows = appearances.centred(looks)
    return 1 - rows @ rows.T


def test_nobody_is_compared_with_nobody():
    assert Appearances(AppearanceSettings()).centred([]).shape == (0, 0)


def test_before_anybody_was_seen_it_is_the_cosine_by_hand():
    rows = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    found = mutual_distances(Appearances(AppearanceSettings()), looks(rows, [0, 0, 1]))
    np.testing.assert_allclose(found, [[0, 0.4, 1], [0.4, 0, 0.2], [1, 0.2, 0]], atol=1e-12)


def test_what_a_camera_does_to_everybody_is_taken_away():
    """Forty people on two cameras, one of which moves all embeddings in one direction."""
    random = np.random.default_rng(3)
    people = random.normal(size=(40, 16))
    rows = np.concatenate([people, people + 6 * np.eye(16)[0]])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cameras = np.repeat([NORTH, WEST], 40)
    plain, centred = (Appearances(AppearanceSettings()) for _ in range(2))
    for person, (row, camera) in enumerate(zip(rows, cameras, strict=True)):
        centred.add(person % 40 + 1, row[None], np.ones(1), np.array([camera]), float(person))

    def apart(appearances):
        """Of one person on two cameras, and of strangers on the second one."""
        distances = mutual_distances(appearances, looks(rows, cameras))
        strangers = distances[40:, 40:][~np.eye(40, dtype=bool)]
        return np.median(distances[:40, 40:].diagonal()), np.median(strangers)

    same, different = apart(plain)
    assert same > different
    same, different = apart(centred)
    assert same < 0.5 * different


def test_it_is_the_same_as_asking_the_galleries():
    random = np.random.default_rng(1)
    rows = random.normal(size=(6, 8))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    appearances = Appearances(AppearanceSettings())
    for person, row in enumerate(rows):
        appearances.add(person + 1, row[None], np.ones(1), np.array([person % 2]), 0.0)
    asked = looks(rows, np.arange(6) % 2)
    mutual = mutual_distances(appearances, asked)
    np.testing.assert_allclose(mutual, mutual.T)
    assert mutual.diagonal() == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(mutual, appearances.distances(asked, np.arange(1, 7)), atol=1e-5)
