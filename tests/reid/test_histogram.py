"""The embedder that needs no weights."""

import numpy as np
import pytest

from configs.errors import InputError
from reid.histogram import HistogramEmbedder
from reid.opening import open_embedder


def person(shirt, trousers, height=100, width=40, noise=0, seed=0):
    image = np.zeros((height, width, 3), np.float64)
    image[: height // 2], image[height // 2 :] = shirt, trousers
    image += np.random.default_rng(seed).normal(0, noise, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def test_nobody():
    embedder = HistogramEmbedder()
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_unit_rows_whatever_the_size():
    crops = [person((0, 0, 200), (50, 0, 0), 200, 90), person((9, 9, 9), (250, 250, 250), 7, 3)]
    assert np.linalg.norm(HistogramEmbedder().embed(crops), axis=1) == pytest.approx(1)


def test_like_clothes_are_alike_and_others_are_not():
    red, again = person((0, 0, 200), (90, 30, 10)), person((0, 0, 200), (90, 30, 10), 180, 70, 4)
    swapped = person((90, 30, 10), (0, 0, 200))
    a, b, c = HistogramEmbedder().embed([red, again, swapped])
    assert a @ b > 0.8
    assert a @ c < 0.2  # where a colour is worn counts


def test_a_batch_equals_its_parts():
    crops = [person((n * 20, 0, 200 - n * 20), (n, n, n), seed=n, noise=9) for n in range(5)]
    embedder = HistogramEmbedder()
    parts = np.concatenate([embedder.embed([crop]) for crop in crops])
    assert (embedder.embed(crops) == parts).all()


def test_by_name():
    assert isinstance(open_embedder("histogram"), HistogramEmbedder)
    assert open_embedder("none") is None
    with pytest.raises(InputError, match="or one of histogram, none"):
        open_embedder("osnet")
