import numpy as np
import pytest

from reid.gallery import Galleries, GallerySettings, unit_rows

HERE = np.zeros(1, np.int64)  # everything is seen by camera 0
NO_MEANS = np.zeros((1, 4))


def random_unit(count, dimension, seed=0):
    return unit_rows(np.random.default_rng(seed).normal(size=(count, dimension)))


def test_no_rows_and_zero_rows_become_no_rows_and_zero_rows():
    assert unit_rows(np.zeros((0, 3))).shape == (0, 3)
    assert (unit_rows(np.zeros((2, 3))) == 0).all()


def test_nobody_known():
    galleries = Galleries(GallerySettings())
    assert galleries.likeness(np.zeros((0, 4)), np.zeros(0, np.int64), NO_MEANS).shape == (0, 0)
    assert (galleries.likeness(random_unit(2, 4), np.array([7]), np.zeros((1, 4))) == -1).all()
    galleries.forget(7)
    galleries.add(7, np.zeros((0, 4)), np.zeros(0), HERE[:0], 0.0)
    assert len(galleries) == 0


def agreement(rows):
    """How much each row counts: a slow twin."""
    weights = [1 / len(rows)] * len(rows)
    for _ in range(3 if len(rows) > 2 else 0):
        mean = sum(w * row for w, row in zip(weights, rows, strict=True))
        apart = [1 - row @ mean / np.linalg.norm(mean) for row in rows]
        weights = [min((np.median(apart) / d) ** 2, 1) for d in apart]
        weights = [w / sum(weights) for w in weights]
    return np.array(weights)


def test_an_image_of_somebody_else_hardly_counts():
    """Five alike and a stranger: beside the five's mean, a plain mean of the six is far off."""
    galleries = Galleries(GallerySettings())
    ann, ben = np.eye(4)[:2]
    alike = unit_rows(ann + 0.1 * np.random.default_rng(0).normal(size=(5, 4)))
    galleries.add(1, np.vstack([alike, ben]), np.ones(6), np.zeros(6, np.int64), 0.0)
    clean = unit_rows(alike.mean(axis=0, keepdims=True))
    plain = np.vstack([alike, ben]).mean(axis=0)
    off = np.arccos(galleries.likeness(clean, np.array([1]), NO_MEANS)[0, 0])
    assert off < np.arccos(clean[0] @ plain / np.linalg.norm(plain)) / 3


@pytest.mark.parametrize("asked", [[3, 1, 99], list(range(1, 41))])
def test_likeness_is_the_cosine_of_the_centred_means(asked):
    galleries = Galleries(GallerySettings(images=3))
    means = np.random.default_rng(5).normal(size=(2, 8)) / 5
    looks = {person: random_unit(1 + person % 3, 8, person) for person in range(1, 41)}
    for person, rows in looks.items():
        galleries.add(person, rows, np.ones(len(rows)), (np.arange(len(rows)) + person) % 2, 0.0)
    queries = random_unit(5, 8, 99)
    slow = np.full((len(queries), len(asked)), -1.0)
    for column, person in enumerate(asked):
        if person in looks:
            rows = looks[person]
            row = agreement(rows) @ (rows - means[(np.arange(len(rows)) + person) % 2])
            slow[:, column] = queries @ row / np.linalg.norm(row)
    got = galleries.likeness(queries, np.array(asked), means)
    np.testing.assert_allclose(got, slow, atol=1e-5)


def test_a_full_gallery_keeps_what_is_good_and_varied():
    galleries = Galleries(GallerySettings(images=2))
    a, b, _ = np.eye(3, dtype=np.float32)
    nearly_a = unit_rows((a + 0.1 * b)[None])[0]
    galleries.add(1, np.stack([a, b]), np.array([0.5, 0.5]), HERE[[0, 0]], 0.0)
    galleries.add(1, nearly_a[None], np.array([0.9]), HERE, 1.0)  # better than its twin: replaces
    galleries.add(1, a[None], np.array([0.2]), HERE, 1.0)  # poorer than its twin: isn't kept
    rows, _, times = galleries.looks(1)
    np.testing.assert_allclose(rows, [nearly_a, b])
    assert times.tolist() == [1.0, 0.0]
    assert len(galleries.looks(1, since=0.5)[0]) == 1


def kept(rows, qualities, size):
    """Which of the rows a gallery keeps, place by place: a slow twin."""
    places = []
    for row, quality in enumerate(qualities):
        if len(places) < size:
            places.append(row)
            continue
        pairs = [
            (rows[a] @ rows[b], a, b) for k, a in enumerate(places) for b in places[k + 1 :]
        ] + [(rows[row] @ rows[a], a, row) for a in places]
        _, first, second = max(pairs)
        if second == row:
            poorer = first if qualities[first] <= quality else row
        else:
            poorer = first if qualities[first] <= qualities[second] else second
        if poorer != row:
            places[places.index(poorer)] = row
    return places


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("batch", [1, 3, 40])
def test_what_a_gallery_keeps_does_not_depend_on_how_it_is_shown(size, batch):
    rng = np.random.default_rng(size)
    rows, qualities = random_unit(40, 6, size), rng.uniform(size=40)
    galleries = Galleries(GallerySettings(images=size))
    for start in range(0, 40, batch):
        some = slice(start, start + batch)
        count = len(rows[some])
        galleries.add(1, rows[some], qualities[some], np.zeros(count, np.int64), 0.0)
    np.testing.assert_array_equal(galleries.looks(1)[0], rows[kept(rows, qualities, size)])


def test_old_images_and_old_people_are_forgotten():
    galleries = Galleries(GallerySettings(images=4, max_age=10))
    a, b = np.eye(2, dtype=np.float32)
    galleries.add(1, a[None], np.ones(1), HERE, 0.0)
    galleries.add(1, b[None], np.ones(1), HERE, 11.0)
    assert galleries.looks(1)[0].tolist() == [b.tolist()]
    galleries.expire(21.0)
    assert galleries.people().tolist() == [1]
    galleries.expire(21.1)
    assert galleries.people().tolist() == []


def test_the_number_of_people_is_bounded_and_slots_are_used_again():
    galleries = Galleries(GallerySettings(images=1, max_people=3))
    rows = random_unit(50, 8)
    for person, row in enumerate(rows, 1):
        galleries.add(person, row[None], np.ones(1), HERE, float(person))
    assert len(galleries) == 3
    assert galleries.people().tolist() == [48, 49, 50]
    got = galleries.likeness(rows[47:], np.array([48, 49, 50]), np.zeros((1, 8)))
    assert got.argmax(axis=1).tolist() == [0, 1, 2]
