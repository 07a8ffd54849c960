"""Averaging weights by hand."""

import numpy as np
import torch
from torch import nn

from reid.training.averaging import average_descriptors
from reid.training.swag import WeightMoments, renew_batch_norm, weights_replaced


def model(value):
    linear = nn.Linear(1, 1, bias=False)
    nn.init.constant_(linear.weight, value)
    return linear


def test_moments_are_those_of_the_collected_weights():
    moments = WeightMoments()
    assert moments.mean() == {}
    for value in (1.0, 2.0, 6.0):
        moments.collect(model(value))
    assert moments.count == 3
    assert float(moments.mean()["weight"]) == 3.0
    generator = torch.Generator().manual_seed(0)
    drawn = torch.stack([moments.sample(generator)["weight"] for _ in range(4000)])
    assert abs(float(drawn.mean()) - 3) < 0.15
    assert abs(float(drawn.var()) - 14 / 3) < 0.4  # (1 + 4 + 36) / 3 - 9
    assert float(moments.sample(generator, 0)["weight"]) == 3.0


def test_moments_go_through_a_checkpoint():
    moments, copy = WeightMoments(), WeightMoments()
    moments.collect(model(2.0))
    copy.load_state_dict(moments.state_dict())
    moments.collect(model(4.0))
    copy.collect(model(4.0))
    assert float(copy.mean()["weight"]) == float(moments.mean()["weight"]) == 3.0
    copy.load_state_dict({})
    assert copy.count == 0


def test_replaced_weights_come_back():
    linear = model(1.0)
    with weights_replaced(linear, {"weight": torch.full((1, 1), 5.0)}):
        assert float(linear.weight.detach()) == 5.0
    assert float(linear.weight.detach()) == 1.0


def test_renewed_statistics_are_those_of_all_images():
    norm = nn.BatchNorm2d(2)
    norm.running_mean.fill_(99)
    images = torch.randn(12, 2, 3, 3, generator=torch.Generator().manual_seed(1)) * 3 + 1
    renew_batch_norm(norm.eval(), images.split([5, 5, 2]))
    torch.testing.assert_close(norm.running_mean, images.mean((0, 2, 3)))
    assert norm.momentum == 0.1
    assert not norm.training
    renew_batch_norm(norm, [])
    assert torch.equal(norm.running_mean, torch.zeros(2))


def test_averaged_descriptors_are_unit_in_both_halves():
    rng = np.random.default_rng(0)
    average = average_descriptors([rng.normal(size=(3, 8)).astype(np.float32) for _ in range(4)])
    np.testing.assert_allclose(np.linalg.norm(average[:, :4], axis=1), np.sqrt(0.5), rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(average, axis=1), 1, rtol=1e-5)
