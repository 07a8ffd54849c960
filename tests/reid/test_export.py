"""The exported network gives what torch gives, and the folded shuffles what shuffles give."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from reid.embedder import OnnxEmbedder
from reid.images import Preprocessing, network_input
from reid.models import ModelSettings, create_model
from reid.training.checkpoint import Checkpoint, save_checkpoint
from reid.training.cli import export_main
from reid.training.export import export_onnx, onnx_model
from reid.training.fold import plan_chain
from reid.training.schedule import Stage
from reid.training.settings import TrainSettings


@pytest.fixture(autouse=True)
def seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def run(model, images):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return session.run(["embeddings"], {"images": images.numpy()})[0]


def embed(model, images):
    with torch.no_grad():
        return model.embed(images).numpy()


@pytest.mark.parametrize("size", [(160, 64), (80, 32)])
@pytest.mark.parametrize("network", ["robust_reid", "hacnn"])
def test_parity_at_any_batch(random_model, network, size):
    model = random_model(network=network)
    exported = onnx_model(model, size, {})
    for n in (0, 1, 3, 16):
        images = torch.randn(n, 3, *size)
        assert np.allclose(run(exported, images), embed(model, images), atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"width": "2x"},
        {"width": "2x", "blocks": "inception", "pooling": "average_max"},
        {"stem_norm": "instance", "bn_neck": True, "pooling": "max"},
        {"smoothing": 2.0},
        {"pooling": "average_max", "l2_mode": "off"},
        {"network": "hacnn", "blocks": "shuffle"},
    ],
)
def test_parity_of_every_switch(random_model, settings):
    model = random_model(**settings)
    images = torch.randn(2, 3, 80, 32)
    assert np.allclose(
        run(onnx_model(model, (80, 32), {}), images), embed(model, images), atol=1e-5
    )


def test_parity_where_powers_would_vanish(random_model):
    model = random_model()
    for pooling in (model.pool_global, model.pool_local):
        nn.init.constant_(pooling.p, 40.0)
    images = torch.randn(2, 3, 80, 32)
    assert np.allclose(
        run(onnx_model(model, (80, 32), {}), images), embed(model, images), atol=1e-5
    )


@pytest.mark.parametrize("block_size", [1, 8, 64])
def test_folding_gives_the_same_at_any_block_size(random_model, block_size):
    model = random_model()
    images = torch.randn(2, 3, 80, 32)
    exported = onnx_model(model, (80, 32), {}, block_size=block_size)
    assert np.allclose(run(exported, images), embed(model, images), atol=1e-5)


def test_no_node_splits_or_shuffles_channels(random_model):
    nodes = onnx_model(random_model(), (160, 64), {}).graph.node
    kinds = {node.op_type for node in nodes if not node.input[0].startswith("camera_")}
    assert not kinds & {"Split", "Slice", "Gather", "BatchNormalization"}


def test_float16_storage_halves_the_file_and_keeps_the_descriptors(random_model):
    model = random_model()
    images = torch.randn(4, 3, 160, 64)
    halved = onnx_model(model, (160, 64), {}, storage="float16")
    assert len(halved.SerializeToString()) < 8e6
    ours, theirs = run(halved, images), embed(model, images)
    assert np.allclose((ours * theirs).sum(axis=1) / 2, 1, atol=1e-4)


def test_a_size_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="150x64 doesn't divide by 16"):
        onnx_model(create_model(ModelSettings()), (150, 64), {})


def test_the_embedder_needs_no_flags(random_model, tmp_path):
    model = random_model()
    path = tmp_path / "reid.onnx"
    preprocessing = Preprocessing(height=80, width=32)
    metadata = {"model": "robust_reid 1x", "training_data": "none", "licence": "Apache-2.0"}
    export_onnx(model, path, metadata, preprocessing=preprocessing, storage="float16")
    stored = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert metadata.items() <= stored.items()
    assert [file.name for file in tmp_path.iterdir()] == ["reid.onnx"]
    crops = list(np.random.default_rng(0).integers(0, 255, (3, 100, 40, 3), np.uint8))
    rows = OnnxEmbedder(path, threads=1).embed(crops)
    expected = embed(model, torch.from_numpy(network_input(crops, preprocessing)))
    assert np.allclose(rows, expected / np.sqrt(2), atol=2e-3)


def shuffled_chain(half, n_blocks):
    """What each block and the end read, by really shuffling labels: the slow twin."""
    lists = [[(source, channel) for channel in range(half)] for source in range(n_blocks + 2)]
    state = [label for pair in zip(*lists[:2], strict=True) for label in pair]
    reads = []
    for outputs in lists[2:]:
        kept, changed = state[:half], state[half:]
        reads.append(changed)
        state = [label for pair in zip(kept, outputs, strict=True) for label in pair]
    return [*reads, state]


@pytest.mark.parametrize("block_size", [1, 4, 16])
@pytest.mark.parametrize(("half", "n_blocks"), [(1, 0), (8, 1), (12, 5), (64, 7), (120, 8)])
def test_the_plan_brings_every_channel_to_its_reader(half, n_blocks, block_size):
    plan = plan_chain(half, n_blocks, block_size)
    made = set()
    for step, expected in zip(plan.steps, shuffled_chain(half, n_blocks), strict=True):
        for index in step.new:
            piece = plan.pieces[index]
            assert len(piece.channels) % block_size == 0
            assert set(piece.packed_from) <= made
            held = {label for i in piece.packed_from for label in plan.pieces[i].channels}
            assert not piece.packed_from or set(piece.channels) <= held | {(-1, -1)}
            made.add(index)
        assert set(step.reads) <= made
        places = [label for index in step.reads for label in plan.pieces[index].channels]
        found = {column: label for label, column in zip(places, step.columns, strict=True)}
        assert [found[column] for column in range(len(expected))] == expected


@pytest.mark.parametrize(
    ("half", "n_blocks", "most"), [(64, 7, 1.08), (128, 10, 1.03), (192, 7, 1.02)]
)
def test_folding_takes_few_more_products_than_shuffling(half, n_blocks, most):
    plan = plan_chain(half, n_blocks)
    products = sum(len(step.columns) * half for step in plan.steps[:-1])
    for piece in plan.pieces:
        places = sum(len(plan.pieces[p].channels) for p in piece.packed_from) or half
        products += places * len(piece.channels)
    assert 1 < products / ((2 * n_blocks + 2) * half**2) < most


@pytest.fixture
def checkpoint(random_model, tmp_path):
    """A checkpoint as reid-train writes it, of a network that nobody trained."""
    model = random_model()
    empty = ("classifiers", "optimiser", "scaler", "moments", "random", "tally", "scores")
    states = {name: {} for name in empty}
    numbers = dict.fromkeys(("epoch", "step", "elapsed", "best"), 0)
    settings = TrainSettings(stages=(Stage(height=80, width=32),))
    saved = Checkpoint(settings, "made people", 3, model.state_dict(), **states, **numbers)
    save_checkpoint(saved, tmp_path / "last.pt")
    return tmp_path / "last.pt", model


def reid_export(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["reid-export", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        export_main()
    return ended.value.code


def test_the_command_exports_a_checkpoint(checkpoint, tmp_path, monkeypatch):
    path, model = checkpoint
    output = tmp_path / "out.onnx"
    arguments = ["--checkpoint", path, "--output", output, "--licence", "Apache-2.0", "--mirrored"]
    assert reid_export(monkeypatch, *arguments) == 0
    exported = onnx.load(output)
    stored = {entry.key: entry.value for entry in exported.metadata_props}
    assert stored["model"] == "robust_reid 1x"
    assert stored["training_data"] == "made people"
    assert stored["licence"] == "Apache-2.0"
    assert json.loads(stored["preprocessing"])["mirrored"] is True
    images = torch.randn(2, 3, 80, 32)
    assert np.allclose(run(exported, images), embed(model, images), atol=1e-5)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (["--height", 100], "both must divide by 16"),
        (["--checkpoint", "nowhere.pt"], "nowhere.pt: no such checkpoint"),
    ],
)
def test_the_command_says_what_is_wrong(
    checkpoint, tmp_path, monkeypatch, capsys, change, complaint
):
    path, _ = checkpoint
    arguments = ["--checkpoint", path, "--output", tmp_path / "out.onnx", *change]
    assert reid_export(monkeypatch, *arguments) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "out.onnx").exists()
