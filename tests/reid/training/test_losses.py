"""The losses against slow twins that follow the equations term by term."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.training.losses import LossSettings, pairwise_distances, reid_losses, triplet_loss

KINDS = ("original", "batch_hard", "batch_soft")


def slow_triplet(features, identities, kind, soft_margin, margin):
    """Equations (2) to (5) by loops over anchors, positives and negatives."""
    distance = [[math.dist(a, b) for b in features] for a in features]

    def cost(gap):
        return math.log1p(math.exp(gap)) if soft_margin else max(0.0, margin + gap)

    costs = []
    for a in range(len(features)):
        positives = [distance[a][p] for p in range(len(features)) if p != a
                     and identities[p] == identities[a]]  # fmt: skip
        negatives = [distance[a][n] for n in range(len(features)) if identities[n] != identities[a]]
        if not positives or not negatives:
            continue
        if kind == "original":
            for p in positives:
                for n in negatives:
                    costs.append(cost(p - n))
        elif kind == "batch_hard":
            costs.append(cost(max(positives) - min(negatives)))
        else:
            near = sum(math.exp(p) for p in positives)
            far = sum(math.exp(-n) for n in negatives)
            pull = sum(math.exp(p) / near * p for p in positives)
            push = sum(math.exp(-n) / far * n for n in negatives)
            costs.append(cost(pull - push))
    return sum(costs) / len(costs) if costs else 0.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("soft_margin", [True, False])
@pytest.mark.parametrize(
    "identities",
    [[], [1], [1, 1, 1], [1, 2, 3], [1, 1, 2], [1, 1, 2, 2, 3], [5, 1, 5, 1, 5, 2, 2, 1]],
)
def test_triplets_equal_their_slow_twin(kind, soft_margin, identities):
    features = torch.randn(len(identities), 6, dtype=torch.float64, generator=seeded(3))
    loss = triplet_loss(
        features,
        torch.tensor(identities, dtype=torch.int64),
        LossSettings(triplet=kind, soft_margin=soft_margin, margin=0.4),
    )
    expected = slow_triplet(features.tolist(), identities, kind, soft_margin, 0.4)
    assert float(loss) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=12),
    st.sampled_from(KINDS),
    st.booleans(),
    st.integers(0, 1000),
)
def test_triplets_equal_their_slow_twin_on_any_batch(identities, kind, soft_margin, seed):
    features = torch.randn(len(identities), 4, dtype=torch.float64, generator=seeded(seed))
    chosen = LossSettings(triplet=kind, soft_margin=soft_margin)
    loss = float(triplet_loss(features, torch.tensor(identities), chosen))
    expected = slow_triplet(features.tolist(), identities, kind, soft_margin, 0.3)
    assert loss == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("precision", [torch.float16, torch.float32])
def test_equal_features_give_finite_loss_and_gradient(kind, precision):
    features = torch.ones(6, 8, dtype=precision, requires_grad=True)
    loss = triplet_loss(features, torch.tensor([0, 0, 1, 1, 2, 2]), LossSettings(triplet=kind))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(math.log(2))
    assert torch.isfinite(features.grad).all()


def test_half_precision_is_computed_in_single():
    features = 200 * torch.randn(8, 512, generator=seeded(0))  # squares overflow float16
    labels = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])
    half = triplet_loss(features.half(), labels, LossSettings())
    assert torch.isfinite(half)
    torch.testing.assert_close(half, triplet_loss(features, labels, LossSettings()), rtol=1e-2,
                               atol=1e-2)  # fmt: skip


def test_near_features_keep_their_distance():
    pair = torch.tensor([[1.0, 0.0], [1.0, 1e-6]])
    assert float(pairwise_distances(pair)[0, 1]) == pytest.approx(1e-6)


def test_weights_can_be_kept_from_the_gradient():
    labels = torch.tensor([0, 0, 0, 1, 1])
    gradients = []
    for detach in (True, False):
        features = torch.randn(5, 3, generator=seeded(1)).requires_grad_()
        triplet_loss(features, labels, LossSettings(detach_weights=detach)).backward()
        gradients.append(features.grad)
    assert not torch.allclose(*gradients)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_smoothed_identity_loss_equals_its_slow_twin(smoothing):
    logits = torch.randn(4, 7, dtype=torch.float64, generator=seeded(2))
    labels = [0, 6, 3, 3]
    expected = 0.0
    for row, label in zip(logits.tolist(), labels, strict=True):
        log_sum = math.log(sum(math.exp(v) for v in row))
        for k, value in enumerate(row):
            target = smoothing / 7 + (1 - smoothing) * (k == label)
            expected -= target * (value - log_sum) / 4
    features = torch.randn(4, 3, generator=seeded(4))
    losses = reid_losses(
        (features, features),
        (logits, logits),
        torch.tensor(labels),
        LossSettings(label_smoothing=smoothing),
    )
    assert float(losses.identity_global) == pytest.approx(expected, rel=1e-5)


def test_the_total_is_the_weighted_sum_and_parts_can_be_off():
    features = (torch.randn(4, 3, generator=seeded(5)), torch.randn(4, 3, generator=seeded(6)))
    logits = (torch.randn(4, 5), torch.randn(4, 5))
    labels = torch.tensor([0, 0, 1, 1])
    losses = reid_losses(features, logits, labels, LossSettings(triplet_weight=2))
    parts = {name: float(value) for name, value in losses.parts().items()}
    assert parts["loss"] == pytest.approx(
        parts["identity_global"]
        + parts["identity_local"]
        + 2 * (parts["triplet_global"] + parts["triplet_local"]),
        rel=1e-6,
    )
    off = reid_losses(features, logits, labels, LossSettings(triplet="none", identity=False))
    assert float(off.total) == 0


def seeded(seed):
    return torch.Generator().manual_seed(seed)
