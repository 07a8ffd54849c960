"""ONNX exports of every layout, as tiny graphs that put out constants."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from configs.errors import InputError
from tracker.detection import DetectionSettings, open_detector
from tracker.detection.outputs import yolox_grid
from tracker.types import Frame

SIDE = 64  # of the network's input


@pytest.fixture
def save_graph(tmp_path):
    """save_graph(outputs, inputs) -> path of a network that puts out constants."""

    def save(outputs, inputs=None, name="detector.onnx"):
        inputs = inputs or {"images": ([1, 3, SIDE, SIDE], TensorProto.FLOAT)}
        nodes = [
            helper.make_node("Constant", [], [key], value=numpy_helper.from_array(value, key))
            for key, value in outputs.items()
        ]
        graph = helper.make_graph(
            nodes,
            "constants",
            [helper.make_tensor_value_info(k, kind, shape) for k, (shape, kind) in inputs.items()],
            [
                helper.make_tensor_value_info(
                    key, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
                )
                for key, value in outputs.items()
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 9
        path = tmp_path / name
        onnx.save(model, path)
        return path

    return save


def yolox_output(*, decoded, n_classes=80):
    """A head that sees one person, of 16x32 input pixels around (20, 24), twice."""
    corners, strides = yolox_grid(SIDE, SIDE)
    output = np.zeros((1, len(corners), 5 + n_classes), np.float32)
    output[0, :, :2] = (corners + 0.5) * strides if decoded else 0.5
    output[0, :, 2:4] = strides if decoded else 0.0
    for cell, score in ((3 * 8 + 2, 0.9), (3 * 8 + 1, 0.6)):  # neighbours at stride 8
        wanted = np.array([20.0, 24.0])
        output[0, cell, :2] = wanted if decoded else wanted / 8 - corners[cell]
        output[0, cell, 2:4] = [16, 32] if decoded else np.log([2, 4])
        output[0, cell, 4:6] = [score, 1.0]
    return output


def frame(width, height):
    return Frame("cam", 0, 0.0, np.zeros((height, width, 3), np.uint8))


def detect(path, width=128, height=96, **settings):
    detector = open_detector(str(path), ["cam"], DetectionSettings(**settings))
    return detector.detect([frame(width, height)])[0]


@pytest.mark.parametrize("decoded", [False, True])
@pytest.mark.parametrize("n_classes", [1, 80])
def test_yolox(save_graph, decoded, n_classes):
    found = detect(save_graph({"output": yolox_output(decoded=decoded, n_classes=n_classes)}))
    # The image is scaled by a half into the input, so boxes double; the weaker twin is dropped.
    assert found.boxes == pytest.approx(np.array([[24.0, 16.0, 56.0, 80.0]]), abs=1e-4)
    assert found.scores == pytest.approx([0.9])


def detr_output():
    """A head without post-processing that sees one person in the middle of the picture."""
    logits = np.full((1, 2, 80), -9, np.float32)
    logits[0, 0, 0] = 3
    return {"logits": logits, "pred_boxes": np.full((1, 2, 4), 0.5, np.float32)}


@pytest.mark.parametrize("kind", ["yolox", "detr"])
def test_a_file_that_tells_how_far_off_its_boxes_are_gives_them_their_noise(save_graph, kind):
    output = {"output": yolox_output(decoded=True)} if kind == "yolox" else detr_output()
    path = save_graph(output)
    assert detect(path).edge_noise is None
    model = onnx.load(path)
    helper.set_model_props(model, {"edge_noise": '{"faint": 0.2, "certain": 0.02}'})
    onnx.save(model, path)
    found = detect(path, nms_iou=1.0)
    assert found.edge_noise == pytest.approx(0.2 * 0.1**found.scores)
    assert len(detect(path, score=0.96).edge_noise) == 0


def test_settings_drop_weak_and_low_boxes_and_tell_twins(save_graph):
    path = save_graph({"output": yolox_output(decoded=True)})
    assert len(detect(path, score=0.95)) == 0
    assert len(detect(path, min_height=65)) == 0
    assert len(detect(path, nms_iou=1.0)) == 2


def test_of_too_many_boxes_the_best_stay(save_graph):
    path = save_graph({"output": yolox_output(decoded=True)})
    both = detect(path, nms_iou=1.0)
    assert both.scores == pytest.approx([0.9, 0.6])
    assert detect(path, nms_iou=1.0, max_candidates=2).scores.tolist() == both.scores.tolist()
    assert detect(path, nms_iou=1.0, max_candidates=1).scores == pytest.approx([0.9])
    # With a limit of 0 nearly every cell is a candidate, each with a score of 0.
    everywhere = detect(path, score=0.0, nms_iou=1.0, max_candidates=5)
    assert everywhere.scores == pytest.approx([0.9, 0.6, 0, 0, 0])


def test_boxes_are_clipped_to_the_image(save_graph):
    found = detect(save_graph({"output": yolox_output(decoded=True)}), width=30, height=60)
    assert (found.boxes[:, [0, 1]] >= 0).all()
    assert (found.boxes[:, 2] <= 30).all()
    assert (found.boxes[:, 3] <= 60).all()


def test_detr_with_its_post_processing_inside(save_graph):
    path = save_graph(
        {
            "labels": np.array([[0, 2, 0]]),
            "boxes": np.array([[[1, 2, 30, 60], [0, 0, 9, 9], [50, 2, 70, 60]]], np.float32),
            "scores": np.array([[0.4, 0.9, 0.8]], np.float32),
        },
        {
            "images": ([1, 3, SIDE, SIDE], TensorProto.FLOAT),
            "orig_target_sizes": ([1, 2], TensorProto.INT64),
        },
    )
    found = detect(path)
    assert found.scores == pytest.approx([0.8, 0.4])  # best first, and no car
    assert found.boxes[1] == pytest.approx([1, 2, 30, 60])


def test_detr_without(save_graph):
    path = save_graph(
        detr_output(),
        {"pixel_values": ([1, 3, SIDE, SIDE], TensorProto.FLOAT)},
    )
    found = detect(path)
    assert found.boxes == pytest.approx(np.array([[32.0, 24.0, 96.0, 72.0]]))


def test_several_frames_of_several_sizes_in_one_call(save_graph):
    path = save_graph({"output": yolox_output(decoded=True)})
    detector = open_detector(str(path), ["a", "b"], DetectionSettings())
    assert [len(d) for d in detector.detect([frame(64, 64), frame(300, 200)])] == [1, 1]
    assert detector.detect([]) == []


def test_frames_that_are_looked_at_together_keep_their_order(save_graph):
    path = save_graph({"output": yolox_output(decoded=True)})
    frames = [frame(64 * k, 64 * k) for k in (1, 3, 2, 5, 4)]
    alone, together = (
        open_detector(str(path), cameras, DetectionSettings(threads=3)).detect(frames)
        for cameras in (["a"], ["a", "b", "c"])
    )
    assert [float(found.boxes[0, 2]) for found in together] == [28, 84, 56, 140, 112]
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.boxes, other.boxes)


@pytest.mark.parametrize(
    ("outputs", "inputs", "message"),
    [
        ({"output": np.zeros((1, 1000), np.float32)}, None, "of no detector known here"),
        ({"output": np.zeros((1, 77, 85), np.float32)}, None, "don't fit a 64x64 YOLOX grid"),
        (
            {"output": np.zeros((1, 10, 85), np.float32)},
            {"x": ([1, 3], TensorProto.FLOAT)},
            "expected images",
        ),
    ],
)
def test_a_network_of_another_kind_is_refused(save_graph, outputs, inputs, message):
    with pytest.raises(InputError, match=message) as caught:
        detect(save_graph(outputs, inputs))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.onnx", None, "no such file"),
        ("broken.onnx", b"\x00\x01not protobuf", "not a readable ONNX model"),
        ("yolo-nano", None, "no detector 'yolo-nano'; expected an .onnx file"),
    ],
)
def test_what_is_no_network_is_refused(tmp_path, monkeypatch, name, content, message):
    monkeypatch.chdir(tmp_path)
    if content:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        open_detector(name, ["cam"], DetectionSettings())
    assert "\n" not in str(caught.value)
