"""Matching a network to a camera is batch norm with that camera's statistics."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from reid.camera_matching import statistics_match
from reid.embedder import OnnxEmbedder
from reid.images import Preprocessing, network_input
from reid.training.export import export_onnx

SIZE = Preprocessing(height=80, width=32)


@pytest.fixture(scope="module", params=["robust_reid", "hacnn"])
def network(request, random_model):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return random_model(network=request.param, bn_neck=True)


@pytest.fixture
def embedder(network, tmp_path):
    path = tmp_path / "network.onnx"
    export_onnx(network, path, {}, preprocessing=SIZE)
    return OnnxEmbedder(path, threads=1)


def crops(n, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (80, 32, 3), np.uint8) for _ in range(n)]


def norms_by_place(network, activations):
    """The batch norms in the order of the file's activations, each with its channels there."""
    start = 0
    for level in network.levels:
        last = level.stage[-1]
        streams = (
            (last.left, last.right)
            if hasattr(last, "left")
            else (last.short, last.long, last.pooled)
        )
        for stream in streams:
            norm = stream[-1].norm
            yield norm, slice(start, start + norm.num_features)
            start += norm.num_features
    for head in (network.head_global, network.head_local):
        yield head[1], slice(start, start + head[1].num_features)
        start += head[1].num_features
    assert start == activations


def test_no_images_change_nothing():
    match = statistics_match(np.zeros((0, 5)), np.zeros((0, 5)))
    assert np.array_equal(match.scale, np.ones(5))
    assert np.array_equal(match.shift, np.zeros(5))


def test_many_images_give_zero_mean_and_unit_deviation():
    values = np.random.default_rng(0).normal(3, 2, (100_000, 1))
    match = statistics_match(values, values**2)
    changed = values * match.scale + match.shift
    assert changed.mean() == pytest.approx(0, abs=0.01)
    assert changed.std() == pytest.approx(1, abs=0.01)


def test_few_images_are_believed_little():
    one, ten = (statistics_match(np.full((n, 1), 2.0), np.full((n, 1), 4.5)) for n in (1, 10))
    assert -0.2 < one.shift[0] < 0
    assert -2 < ten.shift[0] < one.shift[0]


def test_matched_is_batch_norm_with_other_statistics(network, embedder):
    embedder.match("one", crops(40, seed=1))
    match = embedder.matches["one"]
    images = crops(3)
    found = embedder.embed(images, ["one"] * 3)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    try:
        for norm, place in norms_by_place(network, match.scale.size):
            deviation = (norm.running_var + norm.eps).sqrt() / torch.from_numpy(match.scale[place])
            norm.running_mean -= torch.from_numpy(match.shift[place]) * deviation
            norm.running_var.copy_(deviation**2 - norm.eps)
        with torch.no_grad():
            expected = network.embed(torch.from_numpy(network_input(images, SIZE))).numpy()
    finally:
        network.load_state_dict(state)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.allclose(found, expected, atol=2e-5)
    assert not np.allclose(found, embedder.embed(images), atol=1e-3)


def test_each_crop_has_its_own_camera(embedder):
    images = crops(11)  # more than a batch
    embedder.match("one", crops(40, seed=1))
    mixed = embedder.embed(images, ["one" if i % 2 else "unknown" for i in range(11)])
    assert np.allclose(mixed[1::2], embedder.embed(images, ["one"] * 11)[1::2], atol=1e-5)
    assert np.allclose(mixed[::2], embedder.embed(images)[::2], atol=1e-5)


def test_people_are_found_more_often_in_another_light(embedder):
    images = crops(60)
    dark = [image // 3 for image in images]

    def found():
        here = embedder.embed(images, ["bright"] * 60)
        there = embedder.embed(dark, ["dark"] * 60)
        return ((here @ there.T).argmax(axis=1) == np.arange(60)).mean()

    before = found()
    embedder.match("bright", images)
    embedder.match("dark", dark)
    assert found() > before


def test_other_files_cannot_be_matched(tmp_path):
    node = helper.make_node("GlobalAveragePool", ["images"], ["pooled"])
    flat = helper.make_node("Flatten", ["pooled"], ["embeddings"])
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [node, flat],
        "plain",
        [value("images", TensorProto.FLOAT, ["n", 3, 80, 32])],
        [value("embeddings", TensorProto.FLOAT, ["n", 3])],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), tmp_path / "p.onnx")
    plain = OnnxEmbedder(tmp_path / "p.onnx", threads=1)
    assert not plain.matchable
    with pytest.raises(ValueError, match="can't be matched"):
        plain.match("one", crops(2))
