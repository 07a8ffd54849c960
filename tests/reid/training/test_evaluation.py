"""Evaluation of any embedder: files, centring, the page of ranked lists, the command."""

import json
import sys

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from configs.errors import InputError
from reid.images import Preprocessing, read_image
from reid.models import ModelSettings, create_model
from reid.training import cli
from reid.training.datasets import Source, read_source
from reid.training.evaluation import (
    ModelEmbedder,
    centre_by_camera,
    embed_files,
    embed_images,
    require_matches,
    score,
)
from reid.training.ranked_page import draw_ranked_page


class MeanColour:
    """An embedder that a test can follow: the mean of every column of a small picture."""

    def embed(self, crops):
        rows = [cv2.resize(c, (4, 8)).reshape(-1).astype(np.float32) + 1 for c in crops]
        rows = np.array(rows, np.float32).reshape(-1, 96)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def test_files_are_embedded_in_order_and_bad_ones_marked(people):
    data = read_source(Source(name="folder", root=people(6, 30)))  # more than one chunk
    bad = data.test.paths[70]
    bad.write_text("broken")
    embeddings, decoded = embed_files(MeanColour(), data.test.paths)
    assert np.flatnonzero(~decoded).tolist() == [70]
    good = [path for path in data.test.paths if path != bad]
    expected = MeanColour().embed([read_image(path) for path in good])
    np.testing.assert_array_equal(embeddings, expected)


def test_no_files_give_no_embeddings():
    embeddings, decoded = embed_files(MeanColour(), [])
    assert embeddings.shape == (0, 96)
    assert len(decoded) == 0
    assert embed_images(MeanColour(), np.zeros((0, 8, 4, 3), np.uint8)).shape == (0, 96)


def test_a_network_embeds_any_size_to_unit_rows():
    torch.manual_seed(0)
    embedder = ModelEmbedder(
        create_model(ModelSettings()), Preprocessing(height=32, width=16), torch.device("cpu")
    )
    rng = np.random.default_rng(0)
    crops = [rng.integers(0, 256, (h, 20, 3), dtype=np.uint8) for h in range(40, 50)]
    rows = embedder.embed(crops)
    assert rows.shape == (10, 1024)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(rows[9:], embedder.embed(crops[9:]), atol=1e-5)
    assert embedder.embed([]).shape == (0, 1024)


def test_a_network_embeds_a_mirrored_crop_like_its_mirror_image():
    torch.manual_seed(0)
    size = Preprocessing(height=32, width=16)
    model = create_model(ModelSettings())
    crop = np.random.default_rng(0).integers(0, 256, (32, 16, 3), dtype=np.uint8)
    sides = [crop, np.ascontiguousarray(crop[:, ::-1])]
    alone = ModelEmbedder(model, size, torch.device("cpu")).embed(sides)
    assert not np.allclose(alone[0], alone[1], atol=1e-5)
    both = size.model_copy(update={"mirrored": True})
    rows = ModelEmbedder(model, both, torch.device("cpu")).embed(sides)
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-5)
    mean = alone.sum(axis=0)
    np.testing.assert_allclose(rows[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_centring_takes_a_cameras_own_colour_away():
    rng = np.random.default_rng(0)
    people = rng.normal(size=(20, 8))
    cameras = np.repeat([0, 1], 20)
    shift = np.where(cameras[:, None] == 0, 3.0, -3.0)
    rows = np.concatenate([people, people]) + shift
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    likeness = [r[:20] @ r[20:].T for r in (rows, centre_by_camera(rows, cameras))]
    right = [(m.argmax(1) == np.arange(20)).mean() for m in likeness]
    assert right[1] > right[0]
    alone = centre_by_camera(rows[:1], cameras[:1])
    np.testing.assert_allclose(alone, rows[:1], rtol=1e-6)
    assert centre_by_camera(rows[:0], cameras[:0]).shape == (0, 8)


def test_the_page_frames_right_and_wrong(people):
    data = read_source(Source(name="folder", root=people(3, 4)))
    embeddings = MeanColour().embed([read_image(path) for path in data.test.paths])
    page = draw_ranked_page(embeddings, data, queries=5, top=4)
    assert page.shape == (5 * 136, 5 * 72 + 6, 3)
    frames = {tuple(colour) for colour in page[0, 78::72].tolist()}
    assert (80, 180, 60) in frames
    assert (60, 60, 220) in frames
    nobody = data.decoded(np.ones(12, bool), np.zeros(12, bool))
    assert draw_ranked_page(embeddings[:0], nobody).shape[0] == 136


def test_one_camera_has_nothing_to_match(people):
    root = people()
    data = read_source(Source(name="folder", root=root))
    require_matches(data)
    for path in root.glob("*/1_*.png"):
        path.unlink()
    with pytest.raises(InputError, match="no query has a match on another camera"):
        require_matches(read_source(Source(name="folder", root=root)))


def write_onnx(path, **metadata):
    """The smallest embedder: the mean of each channel."""
    node = helper.make_node("ReduceMean", ["images"], ["rows"], axes=[2, 3], keepdims=0)
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, 16, 8])
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", 3])
    graph = helper.make_graph([node], "mean", [images], [rows])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, metadata)
    onnx.save(model, str(path))


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["reid-eval", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.eval_main()
    return ended.value.code


@pytest.mark.parametrize(
    "flags", [(), ("--height", 16, "--width", 8, "--bgr", "--mirrored"), ("--centre-cameras",)]
)
def test_the_command_scores_an_onnx_file(tmp_path, people, monkeypatch, capsys, flags):
    write_onnx(tmp_path / "mean.onnx")
    code = command(
        monkeypatch, "--dataset", "folder", "--root", people(), "--model", tmp_path / "mean.onnx",
        "--json", tmp_path / "out.json", "--ranked-lists", tmp_path / "page.png", *flags,
    )  # fmt: skip
    assert code == 0
    content = json.loads((tmp_path / "out.json").read_text())
    assert content["queries"] == 16
    assert 0 < content["mAP"] <= 100
    assert (tmp_path / "page.png").is_file()
    assert "rank-1" in capsys.readouterr().out


def test_the_command_scores_histograms_as_the_functions_do(tmp_path, people, monkeypatch):
    from reid.histogram import HistogramEmbedder

    root = people()
    code = command(
        monkeypatch, "--dataset", "folder", "--root", root, "--model", "histogram", "--json",
        tmp_path / "out.json",
    )  # fmt: skip
    assert code == 0
    data = read_source(Source(name="folder", root=root))
    expected = score(embed_files(HistogramEmbedder(), data.test.paths)[0], data).summary()
    content = json.loads((tmp_path / "out.json").read_text())
    assert {name: content[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--model", "none"), "embeds nothing"),
        (("--model", "missing.pt"), "no such checkpoint"),
        (("--model", "nonsense"), "no ReID model 'nonsense'"),
        (("--model", "x.onnx", "--bgr"), "give --height and --width"),
        (("--model", "histogram", "--holdout", "2"), "--holdout 2.0: expected a share"),
        (("--model", "histogram", "--ranked-lists", "no/such/page.png"), "can't write a picture"),
    ],
)
def test_mistakes_are_one_line(people, monkeypatch, capsys, flags, message):
    assert command(monkeypatch, "--dataset", "folder", "--root", people(), *flags) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert message in errors[0]
