"""Thresholds that a command measures and writes into a network's file."""

import json
import runpy
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from configs.errors import InputError
from reid.embedder import OnnxEmbedder
from reid.training.samples import Samples
from tracker.evaluation.detection import AnnotatedFrame
from tracker.types import Detections

TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "fit_thresholds.py"))


def samples(*rows):
    return Samples.of([(Path(), identity, camera) for identity, camera in rows])


def turned(*degrees):
    """(N, 2) unit vectors at these angles."""
    angles = np.radians(degrees)
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def test_cosines_are_of_mean_embeddings_between_cameras():
    rows = turned(-10, 10, 60, 90, 150)
    who = samples((1, 1), (1, 1), (1, 2), (2, 1), (2, 2))
    prior = TOOL["cosine_prior"](rows, who, Path())
    # One person: 0 and 60 degrees, 90 and 150. Two, on two cameras: 0 and 150, 60 and 90.
    different = np.cos(np.radians([150, 30]))
    assert prior["same_mean"] == pytest.approx(0.5, abs=1e-4)
    assert prior["same_std"] == pytest.approx(0, abs=1e-4)
    assert prior["different_mean"] == pytest.approx(different.mean(), abs=1e-4)
    assert prior["different_std"] == pytest.approx(different.std(), abs=1e-4)


@pytest.mark.parametrize(
    ("who", "kind"), [(((1, 1), (1, 2), (1, 3)), "different"), (((1, 1), (2, 2), (3, 3)), "same")]
)
def test_pairs_of_both_kinds_are_needed(who, kind):
    with pytest.raises(InputError, match=f"fewer than two pairs of {kind} people"):
        TOOL["cosine_prior"](turned(0, 1, 2), samples(*who), Path("set"))


@pytest.fixture
def averager(tmp_path):
    """A network whose embedding is the mean colour; it knows something of itself already."""
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)],
        "averager",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 16, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {"licence": "Apache-2.0"})
    onnx.save(model, tmp_path / "averager.onnx")
    return tmp_path / "averager.onnx"


@pytest.fixture
def people(tmp_path):
    for person, colour in enumerate(((200, 40, 40), (40, 200, 40), (40, 40, 200))):
        for camera in (1, 2):
            for number in range(3):
                path = tmp_path / "people" / f"{person}" / f"{camera}_{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                shade = np.array(colour) + 15 * camera + number
                cv2.imwrite(str(path), np.full((32, 16, 3), shade, np.uint8))
    return tmp_path / "people"


def test_the_command_writes_into_the_file_and_keeps_what_is_there(averager, people):
    before = averager.read_bytes()
    TOOL["reid"](averager, people, dataset="folder", threads=1, dry=True)
    assert averager.read_bytes() == before
    TOOL["reid"](averager, people, dataset="folder", threads=1)
    stored = {entry.key: entry.value for entry in onnx.load(averager).metadata_props}
    assert stored["licence"] == "Apache-2.0"
    raw, centred = (json.loads(stored[k]) for k in ("cosine_prior", "cosine_prior_centred"))
    assert raw["same_mean"] > raw["different_mean"] > centred["different_mean"]
    assert list(raw) == ["weight", "same_mean", "same_std", "different_mean", "different_std"]
    assert len(OnnxEmbedder(averager, threads=1).embed([np.zeros((9, 9, 3), np.uint8)])) == 1


def test_nonsense_is_one_line(averager, people, tmp_path):
    with pytest.raises(InputError, match="--pictures is 0"):
        TOOL["reid"](averager, people, pictures=0)
    with pytest.raises(InputError, match="of no detector known here"):
        TOOL["detector"](averager, tmp_path)


def test_a_detectors_best_score_is_written_into_its_file(tmp_path, capsys):
    """It finds the person with 0.9, and somebody who isn't there with 0.4."""
    output = np.zeros((1, 84, 6), np.float32)  # 64 + 16 + 4 cells of a 64x64 YOLOX, decoded
    output[0, :, :4] = np.linspace(0, 64, 84)[:, None]
    output[0, 0] = [20, 24, 16, 32, 0.9, 1]
    output[0, 1] = [50, 24, 16, 32, 0.4, 1]
    node = helper.make_node("Constant", [], ["y"], value=onnx.numpy_helper.from_array(output))
    graph = helper.make_graph(
        [node],
        "constant",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, output.shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, tmp_path / "detector.onnx")
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((64, 64, 3), np.uint8))
    person = {"image_id": 1, "category_id": 1, "bbox": [12, 8, 16, 32]}
    content = {"images": [{"id": 1, "file_name": "a.png"}], "annotations": [person]}
    content["categories"] = [{"id": 1, "name": "person"}]
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    TOOL["detector"](tmp_path / "detector.onnx", tmp_path, threads=1)
    stored = onnx.load(tmp_path / "detector.onnx").metadata_props
    assert {entry.key: entry.value for entry in stored} == {"best_f1_score": "0.9"}
    assert "1 boxes are too few to tell how far off" in (printed := capsys.readouterr().out)
    assert "F1 1.000, precision 1.000, recall 1.000" in printed
    with pytest.raises(InputError, match="only scores of a detector that this project"):
        TOOL["detector"](tmp_path / "detector.onnx", tmp_path, land_on=0.5, threads=1)
    with pytest.raises(InputError, match=r"--land-on is 1\.0"):
        TOOL["detector"](tmp_path / "detector.onnx", tmp_path, land_on=1.0)


def test_edges_are_compared_with_those_of_whom_a_box_shows():
    people = np.array([[0, 0, 40, 100], [60, 0, 100, 100], [0, 100, 40, 199.5], [9, 0, 40, 40.0]])
    truth = AnnotatedFrame(people, np.array([True, True, True, False]))
    boxes = np.array([[0, 0, 40, 110], [2, 0, 40, 90], [60, 0, 100, 80], [0, 100, 40, 180.0]])
    found = Detections(boxes, np.array([0.9, 0.8, 0.7, 0.6]))
    scores, below = TOOL["edge_errors"](found, truth, 200)
    assert scores.tolist() == [0.9, 0.7]  # one box a person; the lowest person is cut off
    assert below == pytest.approx([10 / 110, -20 / 80])
    assert len(TOOL["edge_errors"](Detections.empty(), truth, 200)[0]) == 0
