"""The evidence against slow twins that look at one track after another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.kalman import MotionSettings
from tracker.plausibility import Weights, gather_evidence, log_odds
from tracker.track_table import MISSED, SCORE, SEEN, born

NAMES = list(Weights.model_fields)
AREA = np.array([20.0, 10.0, 150.0, 170.0])


def draw(generator, n):
    corner = generator.uniform(0, 150, (2, n))
    boxes = np.concatenate([corner, corner + generator.uniform(5, 60, (2, n))])
    tracks = born(boxes, generator.uniform(0, 1, n), np.arange(n), 1.0, MotionSettings())
    tracks[MISSED] = generator.integers(0, 3, n)
    tracks[SEEN] = generator.uniform(0, 1, n)
    return boxes, tracks


def slow_evidence(boxes, tracks, time):
    for n, (left, top, right, bottom) in enumerate(boxes.T):
        area = (right - left) * (bottom - top)
        hidden = hiding = 0
        for other, (x, t, r, b) in enumerate(boxes.T):
            share = max(min(right, r) - max(left, x), 0) * max(min(bottom, b) - max(top, t), 0)
            if other != n and tracks[MISSED][other] == 0:
                if b > bottom:
                    hidden = max(hidden, share / area)
                else:
                    hiding = max(hiding, share / area)
        inside = max(min(right, AREA[2]) - max(left, AREA[0]), 0)
        inside *= max(min(bottom, AREA[3]) - max(top, AREA[1]), 0)
        score = np.clip(tracks[SCORE][n], 0.005, 0.995)
        yield {
            "bias": 1,
            "score": np.log(score / (1 - score)),
            "mean_score": tracks[SCORE][n],
            "unseen": time - tracks[SEEN][n],
            "hit_rate": 1,
            "surprise": 0.05,
            "spread": 0.05 * (bottom - top) / (right - left),
            "hidden": hidden,
            "hiding": hiding,
            "outside": 1 - inside / area,
        }


@given(st.integers(0, 15), st.integers(0, 10_000))
def test_evidence_equals_the_slow_twin(n, seed):
    boxes, tracks = draw(np.random.default_rng(seed), n)
    evidence = gather_evidence(tracks, boxes, 1.5, AREA)
    assert evidence.shape == (len(NAMES), n)
    for got, expected in zip(evidence.T, slow_evidence(boxes, tracks, 1.5), strict=True):
        assert dict(zip(NAMES, got, strict=True)) == pytest.approx(expected, abs=1e-9)


def test_seen_and_predicted_boxes_have_rules_of_their_own():
    generator = np.random.default_rng(0)
    evidence, weights = generator.normal(size=(10, 6)), generator.normal(size=(2, 10))
    missed = np.array([0.0, 1, 0, 3, 0, 0])
    seen, predicted = weights @ evidence
    np.testing.assert_allclose(
        log_odds(evidence, weights, missed), np.where(missed == 0, seen, predicted)
    )
    assert log_odds(evidence[:, :0].copy(), weights, missed[:0]).shape == (0,)
