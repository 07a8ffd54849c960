"""The networks: size, cost, shapes, switches and what gradients reach."""

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from reid.models import Classifiers, ModelSettings, create_model
from reid.models.network import crop_sizes


@pytest.fixture(autouse=True)
def seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def count_parameters(settings):
    return sum(parameter.numel() for parameter in create_model(settings).parameters())


def count_multiply_adds(model, height, width):
    """Of convolutions and linear layers, for one image."""
    total = 0

    def add(module, _, output):
        nonlocal total
        per_output = module.weight[0].numel()
        total += output.numel() * per_output

    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(add)
    with torch.no_grad():
        model.eval().embed(torch.zeros(1, 3, height, width))
    return total


@pytest.mark.parametrize(
    ("settings", "parameters", "mega_multiply_adds"),
    [
        # Table 1 read literally.
        ({}, 2_910_596, 682.7),
        ({"width": "2x"}, 5_759_834, 1621.8),
        # torchreid's HA-CNN has 2,929,112 with the biases before batch norm.
        ({"network": "hacnn"}, 2_923_458, 544.0),
        # Ablation column d.
        ({"width": "2x", "blocks": "inception"}, 5_618_482, 1238.0),
        ({"pooling": "average"}, 2_910_594, 682.7),
        ({"stem_norm": "instance"}, 2_910_596, 682.7),
        ({"bn_neck": True}, 2_910_596 + 2 * 2 * 512, 682.7),
        ({"pooling": "average_max"}, 2_910_594 + 5 * 384 * 512, 683.6),
    ],
)
def test_size_and_cost_are_those_of_the_table(settings, parameters, mega_multiply_adds):
    settings = ModelSettings(**settings)
    assert count_parameters(settings) == parameters
    cost = count_multiply_adds(create_model(settings), 160, 64)
    assert cost / 1e6 == pytest.approx(mega_multiply_adds, abs=0.1)


def test_hacnn_with_every_switch_set_is_robust_reid():
    switches = {"blocks": "shuffle", "pooling": "gem", "l2_mode": "both"}
    hacnn = create_model(ModelSettings(network="hacnn", **switches))
    robust = create_model(ModelSettings())
    robust.load_state_dict(hacnn.state_dict())
    images = torch.randn(2, 3, 80, 32)
    assert torch.equal(hacnn.eval().embed(images), robust.eval().embed(images))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((160, 64), [(24, 28), (12, 14), (6, 7)]),
        ((80, 32), [(12, 14), (6, 7), (3, 4)]),
        ((16, 16), [(2, 7), (1, 4), (1, 2)]),
        ((256, 128), [(38, 56), (19, 28), (10, 14)]),
    ],
)
def test_crops_follow_the_input(size, expected):
    assert crop_sizes(*size) == expected


@pytest.mark.parametrize("network", ["robust_reid", "hacnn"])
@pytest.mark.parametrize("size", [(160, 64), (80, 32), (48, 16), (256, 128)])
def test_descriptor_is_two_unit_vectors(network, size):
    model = create_model(ModelSettings(network=network)).eval()
    with torch.no_grad():
        descriptors = model.embed(torch.randn(2, 3, *size))
    assert descriptors.shape == (2, 2 * model.feature_size)
    assert torch.allclose(descriptors.unflatten(1, (2, -1)).norm(dim=2), torch.ones(2, 2))


def test_no_image_gives_no_descriptor():
    model = create_model(ModelSettings()).eval()
    assert model.embed(torch.zeros(0, 3, 80, 32)).shape == (0, 1024)


def test_a_size_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="150x64 doesn't divide by 16"):
        create_model(ModelSettings()).embed(torch.zeros(1, 3, 150, 64))


@pytest.mark.parametrize("wrong", [{"network": "resnet"}, {"logit_scale": 0}, {"widht": "2x"}])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValidationError):
        ModelSettings(**wrong)


def lengths(vectors):
    return vectors.norm(dim=1)


@pytest.mark.parametrize("bn_neck", [False, True])
@pytest.mark.parametrize(
    ("l2_mode", "triplet_unit", "classified_unit"),
    [("off", False, False), ("triplet_only", True, False), ("both", True, True)],
)
def test_l2_mode_says_who_sees_unit_vectors(bn_neck, l2_mode, triplet_unit, classified_unit):
    model = create_model(ModelSettings(l2_mode=l2_mode, bn_neck=bn_neck)).eval()
    features = model(torch.randn(2, 3, 80, 32))
    ones = torch.ones(2)
    for vectors in (features.global_features, features.local_features):
        assert torch.allclose(lengths(vectors), ones) == triplet_unit
    for vectors in (features.global_classified, features.local_classified):
        assert torch.allclose(lengths(vectors), ones) == classified_unit


def test_bn_neck_parts_what_the_losses_see():
    images = torch.randn(4, 3, 80, 32)
    plain = create_model(ModelSettings(l2_mode="off"))(images)
    necked = create_model(ModelSettings(l2_mode="off", bn_neck=True))(images)
    assert torch.equal(plain.global_features, plain.global_classified)
    assert not torch.allclose(necked.global_features, necked.global_classified)
    assert torch.allclose(necked.global_classified.mean(dim=0), torch.zeros(512), atol=1e-5)


def test_logit_scale_multiplies_logits_without_bias():
    model = create_model(ModelSettings()).eval()
    features = model(torch.randn(2, 3, 80, 32))
    one = Classifiers(model.feature_size, 5)
    sixteen = Classifiers(model.feature_size, 5, logit_scale=16)
    sixteen.load_state_dict(one.state_dict())
    assert list(one.state_dict()) == ["global_classifier.weight", "local_classifier.weight"]
    for a, b in zip(one(features), sixteen(features), strict=True):
        assert a.shape == (2, 5)
        assert torch.allclose(16 * a, b)


@pytest.mark.parametrize("stem_norm", ["batch", "instance"])
@pytest.mark.parametrize("network", ["robust_reid", "hacnn"])
def test_gradients_reach_every_parameter(network, stem_norm):
    model = create_model(ModelSettings(network=network, stem_norm=stem_norm))
    classifiers = Classifiers(model.feature_size, 4)
    logits = classifiers(model(torch.randn(4, 3, 80, 32)))
    labels = torch.arange(4)
    sum(nn.functional.cross_entropy(scores, labels) for scores in logits).backward()
    for name, parameter in [*model.named_parameters(), *classifiers.named_parameters()]:
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    # The weights of the region's centres start at zero, and must not stay there.
    assert model.levels[0].hard.centres.weight.grad.abs().sum() > 0


def test_instance_norm_in_the_stem_ignores_contrast_and_cast():
    model = create_model(ModelSettings(stem_norm="instance")).eval()
    images = torch.randn(2, 3, 80, 32)
    brighter = 1.5 * images + 0.3
    interior = (slice(None), slice(None), slice(1, -1), slice(1, -1))
    difference = (model.stem(images) - model.stem(brighter))[interior].abs().mean()
    assert difference < 0.1 * model.stem(images).abs().mean()


def test_the_depth_of_shuffle_stages_does_not_blow_gradients_up():
    """With torch's random filters, the stem's gradient is some 1,600 times the median."""
    network = create_model(ModelSettings(stem_norm="instance", bn_neck=True, l2_mode="off")).train()
    classifiers = Classifiers(network.feature_size, 100)
    logits = classifiers(network(torch.randn(16, 3, 80, 32)))
    targets = torch.arange(16)
    loss = sum(nn.functional.cross_entropy(part, targets) for part in logits)
    loss.backward()
    norms = {
        name: float(p.grad.norm()) for name, p in network.named_parameters() if p.grad is not None
    }
    median = sorted(norms.values())[len(norms) // 2]
    assert norms["stem.conv.weight"] < 400 * median
