"""What was found comes back from its file as it was."""

import numpy as np
import pytest

from tracker.evaluation.detection_cache import load_detections, save_detections
from tracker.types import Detections


@pytest.mark.parametrize("embedded", [False, True])
@pytest.mark.parametrize("noisy", [False, True])
def test_round_trip(tmp_path, embedded, noisy):
    rng = np.random.default_rng(0)
    every = [
        Detections(
            rng.uniform(size=(count, 4)),
            rng.uniform(size=count),
            rng.normal(size=(count, 3)).astype(np.float32) if embedded else None,
            rng.uniform(size=count) if noisy else None,
        )
        for count in (2, 0, 3)
    ]
    save_detections(tmp_path / "a.npz", every, "origin")
    back = load_detections(tmp_path / "a.npz", "origin")
    assert back is not None
    for one, other in zip(every, back, strict=True):
        for name in ("boxes", "scores", "embeddings", "edge_noise"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert load_detections(tmp_path / "a.npz", "another origin") is None
    assert load_detections(tmp_path / "a.npz", "origin", frames=4) is None
    assert load_detections(tmp_path / "none.npz", "origin") is None
