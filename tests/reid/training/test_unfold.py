"""An exported network becomes the network again that it was, ready to learn."""

import pytest
import torch

from configs.errors import InputError
from reid.images import Preprocessing
from reid.models import ModelSettings
from reid.training.export import export_onnx
from reid.training.unfold import spread_batch_norm, unfold

SIZE = (48, 16)
ROBUST = ModelSettings(l2_mode="off", bn_neck=True, stem_norm="instance", smoothing=2.0)


@pytest.fixture(autouse=True)
def seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def write(model, path, **kind):
    height, width = SIZE
    export_onnx(model, path, {}, preprocessing=Preprocessing(height=height, width=width), **kind)
    return path


@torch.no_grad()
def embed(model, images):
    return model.embed(images)


@pytest.mark.parametrize("settings", [ROBUST, ModelSettings(network="hacnn")])
def test_the_network_comes_back(random_model, tmp_path, settings):
    model = random_model(**settings.model_dump())
    found = unfold(write(model, tmp_path / "net.onnx"), settings)
    images = torch.randn(4, 3, *SIZE)
    expected = embed(model, images)
    assert torch.allclose(embed(found, images), expected, atol=1e-4)
    assert not any(p.isnan().any() for p in found.parameters())
    # With statistics of images it computes the same, and learns as a network does that has them
    # (but for a neck, whose mean must stay).
    many = torch.randn(32, 3, *SIZE)
    spread_batch_norm(found, [many[:20], many[20:]])
    assert torch.allclose(embed(found, images), expected, atol=1e-4)
    at_rest = embed(found, many)
    found.train()
    learning = embed(found, many)
    cosines = (at_rest * learning).sum(dim=1) / 2
    assert settings.bn_neck or cosines.min() > 0.9


def test_float16_is_enough_and_another_network_is_refused(random_model, tmp_path):
    model = random_model(**ROBUST.model_dump())
    path = write(model, tmp_path / "net.onnx", storage="float16")
    images = torch.randn(4, 3, *SIZE)
    cosines = (embed(unfold(path, ROBUST), images) * embed(model, images)).sum(dim=1) / 2
    assert cosines.min() > 0.999
    with pytest.raises(InputError, match="not an export of robust_reid 1x as set"):
        unfold(path, ROBUST.model_copy(update={"bn_neck": False}))
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"broken\.onnx: not a readable ONNX file"):
        unfold(tmp_path / "broken.onnx", ROBUST)
