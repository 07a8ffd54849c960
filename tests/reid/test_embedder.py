"""Any ONNX embedder: here a tiny graph that averages each colour channel."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from configs.errors import InputError
from reid.embedder import OnnxEmbedder
from reid.images import Preprocessing


@pytest.fixture
def save_averager(tmp_path):
    def save(batch="n", metadata=None, size=(16, 8)):
        graph = helper.make_graph(
            [helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)],
            "averager",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, *size])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 3])],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 9
        if metadata:
            helper.set_model_props(model, metadata)
        onnx.save(model, tmp_path / "averager.onnx")
        return tmp_path / "averager.onnx"

    return save


def plain(bgr, size=(20, 10)):
    return np.full((*size, 3), bgr, np.uint8)


@pytest.mark.parametrize("batch", ["n", 1, 4])
@pytest.mark.parametrize("n", [0, 1, 3, 16])
def test_every_number_of_crops(save_averager, batch, n):
    embedder = OnnxEmbedder(save_averager(batch))
    crops = [plain((k, 2 * k, 255 - k), (9 + k, 5)) for k in range(n)]
    rows = embedder.embed(crops)
    assert rows.shape == (n, embedder.dimension)
    assert rows.dtype == np.float32
    alone = [embedder.embed([crop])[0] for crop in crops]
    assert rows == pytest.approx(np.array(alone).reshape(n, 3), abs=1e-6)


def test_the_file_tells_how_to_prepare_a_crop(save_averager):
    bgr = Preprocessing(height=16, width=8, rgb=False, mean=(0, 0, 0), std=(1, 1, 1))
    rows = OnnxEmbedder(save_averager(metadata=bgr.to_metadata())).embed([plain((255, 0, 0))])
    assert rows == pytest.approx(np.array([[1.0, 0.0, 0.0]]))
    rgb = bgr.model_copy(update={"rgb": True})
    rows = OnnxEmbedder(save_averager(metadata=bgr.to_metadata()), rgb).embed([plain((255, 0, 0))])
    assert rows == pytest.approx(np.array([[0.0, 0.0, 1.0]]))


def test_what_does_not_fit_is_refused(save_averager, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        OnnxEmbedder(tmp_path / "none.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"\x08broken")
    with pytest.raises(InputError, match="not a readable ONNX model"):
        OnnxEmbedder(tmp_path / "broken.onnx")
    with pytest.raises(InputError, match="doesn't run"):
        OnnxEmbedder(save_averager(), Preprocessing(height=32, width=32))


def test_no_crops_never_reach_the_network(tmp_path):
    # Some networks can't take an empty batch.
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
        helper.make_node("Reshape", ["pooled", "shape"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "reshaper",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 16, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor("shape", TensorProto.INT64, [2], [0, -1])],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), tmp_path / "r.onnx")
    assert OnnxEmbedder(tmp_path / "r.onnx").embed([]).shape == (0, 3)


@pytest.mark.parametrize("batch", ["n", 1, 4])
def test_mirrored_is_the_mean_of_both_sides(tmp_path, batch):
    # The network sees the left edge only, which is red; the right one is blue.
    nodes = [
        helper.make_node("Slice", ["x", "start", "end", "axis"], ["edge"]),
        helper.make_node("ReduceMean", ["edge"], ["y"], axes=[2, 3], keepdims=0),
    ]
    ends = [helper.make_tensor(n, TensorProto.INT64, [1], [v]) for n, v in
            (("start", 0), ("end", 1), ("axis", 3))]  # fmt: skip
    graph = helper.make_graph(
        nodes,
        "left edge",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, 16, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 3])],
        ends,
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), tmp_path / "e.onnx")
    crop = plain((0, 0, 0), (16, 8))
    crop[:, :4], crop[:, 4:] = (0, 0, 255), (255, 0, 0)
    plainly = Preprocessing(height=16, width=8, mean=(0, 0, 0), std=(1, 1, 1))
    both = plainly.model_copy(update={"mirrored": True})
    rows = OnnxEmbedder(tmp_path / "e.onnx", plainly).embed([crop])
    assert rows == pytest.approx(np.array([[1.0, 0, 0]]))
    rows = OnnxEmbedder(tmp_path / "e.onnx", both).embed([crop] * 9 + [crop[:, ::-1]])
    assert rows == pytest.approx(np.tile([0.5**0.5, 0, 0.5**0.5], (10, 1)))
