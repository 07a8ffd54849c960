"""Properties of the PK sampler."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import InputError
from reid.training.sampler import BatchSettings, epoch_batches

SMALL = BatchSettings(identities=3, images=2)


@given(
    st.lists(st.integers(1, 9), min_size=3, max_size=12),
    st.integers(0, 99),
    st.integers(0, 5),
)
def test_every_batch_has_p_identities_with_k_images(counts, seed, epoch):
    identities = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    batches = epoch_batches(identities, SMALL, seed, epoch)
    assert batches
    for rows in batches:
        assert sorted(np.unique(identities[rows], return_counts=True)[1]) == [2, 2, 2]
    shown = np.bincount(np.concatenate(batches), minlength=len(identities))
    many = np.array(counts)[identities] >= 2
    assert shown[many].max(initial=0) <= 1  # at most once an epoch, if there are enough images


def test_the_epoch_follows_from_the_seed_and_changes():
    identities = np.repeat(np.arange(10), 6)

    def epoch(seed, number):
        return np.concatenate(epoch_batches(identities, SMALL, seed, number)).tolist()

    assert epoch(1, 1) == epoch(1, 1)
    assert epoch(1, 1) != epoch(1, 2)
    assert epoch(1, 1) != epoch(2, 1)


@pytest.mark.parametrize("steps", [1, 4, 50])
def test_an_epoch_can_be_a_number_of_steps(steps):
    settings = SMALL.model_copy(update={"steps": steps})
    assert len(epoch_batches(np.repeat(np.arange(5), 4), settings, 0, 0)) == steps


def test_processes_get_disjoint_batches_of_the_same_epoch():
    identities = np.repeat(np.arange(9), 8)
    alone = epoch_batches(identities, SMALL, 0, 0)
    shares = [epoch_batches(identities, SMALL, 0, 0, rank, 2) for rank in range(2)]
    assert len(shares[0]) == len(shares[1]) == len(alone) // 2
    dealt = [b.tolist() for pair in zip(*shares, strict=True) for b in pair]
    assert dealt == [b.tolist() for b in alone[: len(dealt)]]


def test_too_few_identities_or_batches_are_named():
    with pytest.raises(InputError, match="takes 3 identities, the training set has 2"):
        epoch_batches(np.array([0, 0, 1, 1]), SMALL, 0, 0)
    with pytest.raises(InputError, match="too few for 4 processes"):
        epoch_batches(np.repeat(np.arange(3), 2), SMALL, 0, 0, 0, 4)
    with pytest.raises(InputError, match="the training set has 0"):
        epoch_batches(np.zeros(0, int), SMALL, 0, 0)
