"""Boxes with fainter scores are further off, as the detector's file tells."""

import json

import numpy as np
import pytest

from configs.errors import InputError
from tracker.detection.edge_noise import EdgeNoise


def test_the_logarithm_is_linear_in_the_score():
    noise = EdgeNoise(faint=0.16, certain=0.01)
    assert noise.shares(np.array([0.0, 0.5, 1.0])) == pytest.approx([0.16, 0.04, 0.01])
    assert noise.shares(np.zeros(0)).shape == (0,)


def test_it_is_found_again_from_errors_of_that_size():
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.05, 0.9, 20_000)
    true = EdgeNoise(faint=0.3, certain=0.02)
    found = EdgeNoise.fit(scores, rng.normal(0, true.shares(scores)))
    assert found.faint == pytest.approx(true.faint, rel=0.04)
    assert found.certain == pytest.approx(true.certain, rel=0.04)


def test_edges_without_error_have_next_to_no_noise():
    found = EdgeNoise.fit(np.linspace(0, 1, 20), np.zeros(20))
    assert found.faint == found.certain == pytest.approx(0.001)


def test_a_file_may_tell():
    noise = EdgeNoise(faint=0.2, certain=0.02)
    assert EdgeNoise.from_metadata({}) is None
    assert EdgeNoise.from_metadata({"edge_noise": noise.model_dump_json()}) == noise
    with pytest.raises(InputError, match="edge_noise"):
        EdgeNoise.from_metadata({"edge_noise": json.dumps({"faint": -1, "certain": 0.1})})
