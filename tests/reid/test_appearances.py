"""What is learned from pairs that are certainly of one person, or of two; by hand."""

import numpy as np
import pytest

from configs.errors import InputError
from reid.appearances import Appearances, AppearanceSettings, look_of
from reid.centring import CentringSettings
from reid.likeness import CosinePrior

PLAIN = CentringSettings(enabled=False)


def look(degrees, camera=0):
    angle = np.radians(degrees)
    return look_of(np.array([[np.cos(angle), np.sin(angle)]]), np.array([camera]))


def appearances(**settings):
    prior = CosinePrior(same_mean=0.8, different_mean=0.4, weight=1)
    return Appearances(AppearanceSettings(centring=PLAIN, prior=prior, **settings))


def middle(learned):
    """The distance at which one person is as likely as two."""
    return learned.model().threshold(0.0)


def test_before_any_pair_the_threshold_is_the_priors():
    assert middle(appearances()) == pytest.approx((0.2 + 0.6) / 2)


def test_pairs_move_the_two_means_by_their_number():
    learned = appearances()
    learned.learn_same("a", look(0), look(60), visits=True)  # distance 0.5
    learned.learn_different("b", look(0), look(90))  # distance 1
    assert middle(learned) == pytest.approx(((0.2 + 0.5) / 2 + (0.6 + 1) / 2) / 2)


def test_a_pair_of_one_track_is_stretched():
    learned = appearances(stretch=1.4)
    learned.learn_same("a", look(0), look(60), visits=False)
    assert middle(learned) == pytest.approx(((0.2 + 0.7) / 2 + 0.6) / 2)


def test_the_last_pair_of_a_key_counts_and_the_oldest_keys_are_forgotten():
    learned = appearances(pairs=2)
    learned.learn_different("old", look(0), look(180))
    learned.learn_different("a", look(0), look(180))
    learned.learn_different("b", look(0), look(90))
    learned.learn_different("a", look(0), look(90))
    assert middle(learned) == pytest.approx((0.2 + (0.6 + 2 * 1) / 3) / 2)


def test_pairs_are_told_apart_under_the_present_means():
    """Both cameras turn looks their way; once that is known, the same pair lies differently."""
    prior = CosinePrior(same_mean=0.8, different_mean=0.4, weight=1)
    learned = Appearances(AppearanceSettings(prior=prior))
    learned.learn_same("a", look(0), look(60, camera=1), visits=True)
    before = middle(learned)
    for person in range(1, 20):
        for camera, turn in ((0, -30), (1, 30)):
            angle = np.radians(30 + turn + 2 * person)
            rows = np.array([[np.cos(angle), np.sin(angle)]])
            learned.add(person, rows, np.ones(1), np.array([camera]), 0.0)
    assert middle(learned) != pytest.approx(before)


def test_a_prior_at_no_strength_is_what_the_model_says():
    settings = CosinePrior(same_mean=0.7, different_mean=0.5, weight=7).at(0.0)
    assert settings.same == pytest.approx(0.3)
    assert settings.different == pytest.approx(0.5)
    assert settings.spread == pytest.approx(0.1)
    assert settings.weight == 7


def test_a_prior_without_the_common_mean():
    full = CosinePrior(same_mean=0.7, different_mean=0.5).at(1.0)
    assert full.different == pytest.approx(1.0)  # strangers have nothing in common any more
    assert full.same == pytest.approx(1 - 0.2 / 0.5)
    assert full.spread == pytest.approx(0.1 / 0.5)
    half = CosinePrior(same_mean=0.7, different_mean=0.5).at(0.5)  # h = 0.75, removed 0.375
    assert half.same == pytest.approx(1 - 0.325 / 0.625)
    assert half.different == pytest.approx(1 - 0.125 / 0.625)


def test_subtracting_means_does_to_cosines_what_the_prior_says():
    """Looks made of a common part of length m and parts of their own at right angles."""
    common, own = np.sqrt(0.5), np.sqrt(0.5)
    rows = np.column_stack([np.full(2, common), own * np.eye(2)])
    rows[:, 0] -= 0.5 * common
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    prior = CosinePrior(same_mean=0.7, different_mean=0.5).at(0.5)
    assert 1 - rows[0] @ rows[1] == pytest.approx(prior.different)


def test_the_prior_that_a_model_brings():
    text = '{"same_mean": 0.6, "same_std": 0.1, "different_mean": 0.1, "different_std": 0.2}'
    prior = CosinePrior.from_metadata({"cosine_prior": text})
    assert prior is not None
    assert (prior.same_mean, prior.different_std, prior.weight) == (0.6, 0.2, 30.0)
    assert CosinePrior.from_metadata({"other": "1"}) is None
    for bad in ("{", '{"same_mean": 2}', '{"mean": 0.1}'):
        with pytest.raises(InputError, match="cosine_prior"):
            CosinePrior.from_metadata({"cosine_prior": bad})
