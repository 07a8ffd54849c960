"""Weights of logistic models that are known."""

import numpy as np
import pytest
from regression import Examples, fit_weights

from configs.errors import InputError


def of_table(*counts):
    """Evidence 0 or 1: (value, right, wrong) -> that many examples."""
    values = [value for value, right, wrong in counts for _ in range(right + wrong)]
    right = [k < good for _, good, bad in counts for k in range(good + bad)]
    return Examples(("there",), np.array(values, float)[:, None], np.array(right))


def drawn(weights, count=40_000, seed=0):
    """Examples of a model, of evidence in very different units."""
    random = np.random.default_rng(seed)
    evidence = {
        "near": random.normal(0, 1, count),
        "far": random.normal(300, 100, count),
        "vain": random.normal(0, 1, count),
    }
    odds = weights["bias"] + sum(weights[name] * facts for name, facts in evidence.items())
    right = random.random(count) < 1 / (1 + np.exp(-odds))
    return Examples.of(weights, evidence, right, np.ones(count, bool))


def test_of_two_by_two_counts_the_weights_are_the_logarithms_of_the_odds():
    fitted = fit_weights([of_table((0, 100, 300), (1, 300, 100))])
    # The penalty takes about a hundredth of the weight.
    assert fitted["bias"] == pytest.approx(np.log(1 / 3), abs=0.02)
    assert fitted["there"] == pytest.approx(2 * np.log(3), abs=0.04)
    assert fitted["there"] < 2 * np.log(3)


def test_known_weights_are_found_again():
    weights = {"bias": -3.5, "near": 1.2, "far": 0.01, "vain": 0.0}
    fitted = fit_weights([drawn(weights)])
    assert list(fitted) == ["bias", "near", "far", "vain"]
    assert fitted["bias"] == pytest.approx(-3.5, abs=0.15)
    assert fitted["near"] == pytest.approx(1.2, abs=0.05)
    assert fitted["far"] == pytest.approx(0.01, abs=0.005)  # it is told in hundredths
    assert fitted["vain"] == pytest.approx(0, abs=0.04)


def test_parts_count_as_one():
    whole = drawn({"bias": 0.5, "near": 2.0, "far": 0.0, "vain": -1.0}, 3000)
    cuts = np.split(np.arange(3000), [0, 7, 2000])
    parts = [Examples(whole.names, whole.evidence[rows], whole.right[rows]) for rows in cuts]
    assert fit_weights(parts) == fit_weights([whole])


def test_evidence_that_never_changes_gets_no_weight():
    fitted = fit_weights([of_table((1, 30, 10))])
    assert fitted == {"bias": round(np.log(3), 2), "there": 0.0}


def test_only_the_chosen_claims_become_examples():
    evidence = {"a": np.arange(4.0), "b": np.arange(4.0) * 10, "unused": np.zeros(4)}
    right, rows = np.array([1, 0, 1, 0], bool), np.array([0, 1, 1, 0], bool)
    examples = Examples.of(("bias", "b", "a"), evidence, right, rows)
    assert examples.names == ("b", "a")
    assert examples.evidence.tolist() == [[10, 1], [20, 2]]
    assert examples.right.tolist() == [False, True]


def test_nothing_to_learn_from_is_said():
    none = Examples(("there",), np.zeros((0, 1)), np.zeros(0, bool))
    with pytest.raises(InputError, match="no example to fit the weights of there"):
        fit_weights([none, none])
    with pytest.raises(InputError, match="no example"):
        fit_weights([])
