import numpy as np
import pytest

from reid.gallery import Galleries, GallerySettings, unit_rows


def random_unit(count, dimension, seed=0):
    return unit_rows(np.random.default_rng(seed).normal(size=(count, dimension)))


def test_no_rows_and_zero_rows_become_no_rows_and_zero_rows():
    assert unit_rows(np.zeros((0, 3))).shape == (0, 3)
    assert (unit_rows(np.zeros((2, 3))) == 0).all()


def test_nobody_known():
    galleries = Galleries(GallerySettings())
    assert galleries.likeness(np.zeros((0, 4)), np.zeros(0, np.int64)).shape == (0, 0)
    assert (galleries.likeness(random_unit(2, 4), np.array([7])) == -1).all()
    galleries.forget(7)
    galleries.add(7, np.zeros((0, 4)), np.zeros(0), 0, 0.0)
    assert len(galleries) == 0


@pytest.mark.parametrize("asked", [[3, 1], list(range(1, 41))])
def test_likeness_is_the_best_image_of_each(asked):
    galleries = Galleries(GallerySettings(images=3))
    looks = {person: random_unit(1 + person % 3, 8, person) for person in range(1, 41)}
    for person, rows in looks.items():
        galleries.add(person, rows, np.ones(len(rows)), 0, 0.0)
    queries = random_unit(5, 8, 99)
    slow = [[max(q @ row for row in looks[p]) for p in asked] for q in queries]
    np.testing.assert_allclose(galleries.likeness(queries, np.array(asked)), slow, atol=1e-6)


def test_a_full_gallery_keeps_what_is_good_and_varied():
    galleries = Galleries(GallerySettings(images=2))
    a, b, c = np.eye(3, dtype=np.float32)
    nearly_a = unit_rows((a + 0.1 * b)[None])[0]
    galleries.add(1, np.stack([a, b]), np.array([0.5, 0.5]), 0, 0.0)
    galleries.add(1, nearly_a[None], np.array([0.9]), 0, 1.0)  # better than its twin: replaces it
    galleries.add(1, a[None], np.array([0.2]), 0, 1.0)  # poorer than its twin: isn't kept
    likeness = galleries.likeness(np.stack([nearly_a, a, b, c]), np.array([1]))[:, 0]
    np.testing.assert_allclose(likeness, [1, a @ nearly_a, 1, 0], atol=1e-6)


def test_old_images_are_forgotten_when_new_ones_come():
    galleries = Galleries(GallerySettings(images=4, max_age=10))
    a, b = np.eye(2, dtype=np.float32)
    galleries.add(1, a[None], np.ones(1), 0, 0.0)
    galleries.add(1, b[None], np.ones(1), 0, 11.0)
    assert galleries.likeness(a[None], np.array([1]))[0, 0] == pytest.approx(0)


def test_the_number_of_people_is_bounded_and_slots_are_used_again():
    galleries = Galleries(GallerySettings(images=1, max_people=3))
    rows = random_unit(50, 8)
    for person, row in enumerate(rows, 1):
        galleries.add(person, row[None], np.ones(1), 0, float(person))
    assert len(galleries) == 3
    assert [p in galleries for p in (47, 48, 49, 50)] == [False, True, True, True]
    assert galleries.likeness(rows[47:], np.array([48, 49, 50])).argmax(axis=1).tolist() == [
        0,
        1,
        2,
    ]


def test_moved_images_answer_for_their_new_owner():
    galleries = Galleries(GallerySettings())
    a, b = np.eye(2, dtype=np.float32)
    galleries.add(1, a[None], np.ones(1), 0, 0.0)
    galleries.add(2, b[None], np.ones(1), 0, 0.0)
    galleries.move(2, 1, 1.0)
    galleries.move(9, 1, 1.0)
    assert 2 not in galleries
    assert galleries.likeness(b[None], np.array([1]))[0, 0] == pytest.approx(1)
