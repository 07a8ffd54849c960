"""Blocks, attention and pooling against slow twins and torch's own sampling."""

import math

import pytest
import torch
from torch.nn.functional import grid_sample

from reid.models.attention import HardAttention, SoftAttention, crop_regions, sampling_matrix
from reid.models.blocks import InceptionA, InceptionB, ShuffleA, ShuffleB, interleave
from reid.models.pooling import GeneralizedMean, create_pooling


@pytest.fixture(autouse=True)
def seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_interleave_is_the_shuffle_of_two_groups():
    left, right = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)
    shuffled = torch.nn.functional.channel_shuffle(torch.cat([left, right], dim=1), 2)
    assert torch.equal(interleave(left, right), shuffled)


def test_shuffle_a_passes_half_of_its_channels():
    x = torch.randn(2, 8, 6, 4)
    y = ShuffleA(8)(x)
    assert y.shape == x.shape
    assert torch.equal(y[:, 0::2], x[:, :4])


@pytest.mark.parametrize(
    ("block", "shape"),
    [
        (ShuffleB(8, 12, stride=1), (2, 12, 6, 7)),
        (ShuffleB(8, 12, stride=2), (2, 12, 3, 4)),
        (InceptionA(8, 12), (2, 12, 6, 7)),
        (InceptionB(8, 12), (2, 12, 3, 4)),
    ],
)
def test_blocks_change_channels_and_halve_upwards(block, shape):
    assert block(torch.randn(2, 8, 6, 7)).shape == shape


def test_shuffle_blocks_have_no_activation_after_the_depthwise_convolution():
    block = ShuffleB(4, 8, stride=1)
    assert (block.left[0](torch.randn(2, 4, 8, 8)) < 0).any()
    assert (block(torch.randn(2, 4, 8, 8)) >= 0).all()


def sample_with_grid(x, centre, size):
    """One region per image through torch's affine sampling: x (N, C, H, W), centre (N, 2)."""
    ys, xs = torch.meshgrid(
        torch.linspace(-1, 1, size[0], dtype=x.dtype),
        torch.linspace(-1, 1, size[1], dtype=x.dtype),
        indexing="ij",
    )
    grid = torch.stack(
        [xs + centre[:, 0, None, None], 0.25 * ys + centre[:, 1, None, None]], dim=-1
    )
    return grid_sample(x, grid, align_corners=True, padding_mode="zeros")


def test_crops_and_their_gradients_equal_grid_sampling():
    x = torch.randn(3, 2, 20, 8, dtype=torch.float64)
    ours = torch.empty(3, 4, 2, dtype=torch.float64).uniform_(-1, 1).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    crops = crop_regions(x, ours, (6, 7))
    expected = torch.stack([sample_with_grid(x, theirs[:, r], (6, 7)) for r in range(4)], dim=1)
    assert torch.allclose(crops, expected, atol=1e-12)
    weights = torch.randn_like(crops)
    (crops * weights).sum().backward()
    (expected * weights).sum().backward()
    assert torch.allclose(ours.grad, theirs.grad, atol=1e-10)


def test_a_region_outside_the_map_is_zero():
    assert torch.equal(sampling_matrix(torch.tensor(3.0), 0.25, 4, 10), torch.zeros(4, 10))


def test_regions_start_as_four_stripes():
    centres = HardAttention(16)(torch.randn(2, 16, 5, 2))
    expected = torch.tensor([math.tanh(y) for y in (-0.75, -0.25, 0.25, 0.75)])
    assert torch.allclose(centres[..., 1], expected.expand(2, 4))
    assert torch.equal(centres[..., 0], torch.zeros(2, 4))


@pytest.mark.parametrize("size", [(40, 16), (5, 2), (1, 1)])
def test_soft_attention_weighs_between_a_half_and_one(size):
    weights = SoftAttention(32)(torch.randn(2, 32, *size))
    assert weights.shape == (2, 32, *size)
    assert (weights >= 0.5).all()
    assert (weights <= 1).all()


def test_generalized_mean_by_hand():
    x = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, 1, 2, 2)
    pool = GeneralizedMean()
    assert pool(x).item() == pytest.approx(((1 + 8 + 27 + 64) / 4) ** (1 / 3))
    pool.p.data.fill_(1.0)
    assert pool(x).item() == pytest.approx(2.5)


def test_generalized_mean_and_its_gradients_are_those_of_the_formula():
    x = torch.rand(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    pool = GeneralizedMean().double()
    weights = torch.randn(2, 3, dtype=torch.float64)
    plain = x.clamp(min=1e-6).pow(pool.p).mean(dim=(2, 3)).pow(1 / pool.p)
    expected = torch.autograd.grad((plain * weights).sum(), [x, pool.p])
    ours = pool(x)
    gradients = torch.autograd.grad((ours * weights).sum(), [x, pool.p])
    assert torch.allclose(ours, plain)
    for gradient, wanted in zip(gradients, expected, strict=True):
        assert torch.allclose(gradient, wanted)


@pytest.mark.parametrize("p", [1.0, 3.0, 20.0])
def test_generalized_mean_of_zeros_has_a_finite_gradient(p):
    pool = GeneralizedMean(p)
    x = torch.zeros(2, 3, 4, 4, requires_grad=True)
    pool(x).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert torch.isfinite(pool.p.grad)


@pytest.mark.parametrize(
    ("kind", "expected"), [("average", [2.5]), ("max", [4.0]), ("average_max", [2.5, 4.0])]
)
def test_other_poolings_by_hand(kind, expected):
    x = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, 1, 2, 2)
    pool = create_pooling(kind)
    assert pool(x).tolist() == [expected]
    assert pool.expansion == len(expected)
