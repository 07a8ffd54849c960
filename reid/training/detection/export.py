"""The detector as an ONNX file in YOLOX's layout, for pictures of any size."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from torch import nn

from configs.errors import InputError
from reid.models.pedestrian import Neck, PedestrianDetector, PredictionHead
from reid.training.graph import Attributes, OnnxGraph, Storage, folded_weights
from reid.training.onnx_blocks import (
    Channels,
    layers,
    take_columns,
    write_chain,
    write_conv,
    write_depthwise,
)

__all__ = ["SCORE_SHIFT", "export_detector", "shift_scores", "write_detector"]

SCORE_SHIFT = "score_shift"


def export_detector(
    model: PedestrianDetector,
    path: Path,
    metadata: Mapping[str, str],
    *,
    storage: Storage = "float32",
) -> None:
    """Write the detector for images of any size that divides by 32.

    Input "images" (1, 3, H, W): BGR, 0..255, letterboxed to the top left with grey 114. Output
    "output" (1, A, 6), a row per cell of strides 8, 16 and 32, as YOLOX has them before decoding:
    centre x and y from the cell's corner in cells, logarithms of width and height in cells,
    score, 1 (the one class). The file appears whole or not at all.
    """
    part = path.with_suffix(path.suffix + ".part")
    onnx.save(write_detector(model, metadata, storage=storage), part)
    part.replace(path)


def write_detector(
    model: PedestrianDetector,
    metadata: Mapping[str, str],
    *,
    storage: Storage = "float32",
    block_size: int = 8,
) -> onnx.ModelProto:
    """The ONNX model that `export_detector` saves; block_size: see `plan_chain`."""
    graph = OnnxGraph(storage)
    x, maps = _write_stem(graph, model.stem), []
    for stage in layers(model.stages):
        opening, *chain = layers(stage)
        x = write_chain(graph, x, opening, chain, block_size)
        maps.append(x)
    levels = zip(_write_neck(graph, maps, model.neck), layers(model.heads), strict=True)
    rows = [_write_head(graph, level, head) for level, head in levels]
    inputs: dict[str, Sequence[int | str]] = {"images": (1, 3, "height", "width")}
    outputs: dict[str, Sequence[int | str]] = {"output": (1, "cells", 6)}
    return graph.model(inputs, outputs, {next(iter(outputs)): graph.concat(rows)}, metadata)


def shift_scores(model: onnx.ModelProto, log_odds: float) -> None:
    """Add to the log-odds of every score of an exported detector; a second shift adds up.

    Raises InputError: no such scores, since another project's network.
    """
    ends = [node for node in model.graph.node if node.op_type == "Sigmoid"]
    if len(ends) != len(PedestrianDetector.strides):
        raise InputError("only scores of a detector that this project exported can be shifted")
    weights = {weight.name: weight for weight in model.graph.initializer}
    if SCORE_SHIFT in weights:
        sum_ = onnx.numpy_helper.to_array(weights[SCORE_SHIFT]) + np.float32(log_odds)
        weights[SCORE_SHIFT].CopyFrom(onnx.numpy_helper.from_array(sum_, SCORE_SHIFT))
        return
    shift = np.array([log_odds], np.float32)
    model.graph.initializer.append(onnx.numpy_helper.from_array(shift, SCORE_SHIFT))
    for node in ends:
        shifted = f"{node.input[0]}_shifted"
        add = onnx.helper.make_node("Add", [node.input[0], SCORE_SHIFT], [shifted])
        model.graph.node.insert(list(model.graph.node).index(node), add)
        node.input[0] = shifted


def _write_stem(graph: OnnxGraph, stem: nn.Sequential) -> Channels:
    conv, _ = layers(stem)
    weight, bias = folded_weights(conv.conv, conv.norm)
    x = graph.conv("images", weight / 255, bias, stride=2)
    attributes: Attributes = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [2, 2]}
    return Channels(graph.node("MaxPool", [x], attributes), np.arange(len(bias)))


def _write_neck(graph: OnnxGraph, maps: list[Channels], neck: Neck) -> list[Channels]:
    fine, middle, coarse = (
        write_conv(graph, x, conv) for x, conv in zip(maps, layers(neck.lateral), strict=True)
    )
    mix, shrink = layers(neck.down_mix), layers(neck.shrink)
    middle = _write_separable(graph, _sum(graph, middle, _doubled(graph, coarse)), mix[1])
    fine = _write_separable(graph, _sum(graph, fine, _doubled(graph, middle)), mix[0])
    middle = _sum(graph, middle, _write_separable(graph, fine, shrink[0]))
    coarse = _sum(graph, coarse, _write_separable(graph, middle, shrink[1]))
    return [fine, middle, coarse]


def _write_head(graph: OnnxGraph, x: Channels, head: PredictionHead) -> str:
    """One level's cells (1, A, 6)."""
    branches = ((head.box_branch, head.box), (head.score_branch, head.score))
    boxes, scores = (
        _write_cells(graph, _write_separable(graph, x, branch), conv) for branch, conv in branches
    )
    middles, sizes = (_columns(graph, boxes, start, start + 2) for start in (0, 2))
    limit = graph.constant(np.array([PedestrianDetector.max_log_size]))
    score = graph.node("Sigmoid", [scores])
    one = onnx.numpy_helper.from_array(np.ones(1, np.float32))
    certain = graph.node("ConstantOfShape", [graph.node("Shape", [score])], {"value": one})
    return graph.concat([middles, graph.node("Min", [sizes, limit]), score, certain], axis=2)


def _write_cells(graph: OnnxGraph, x: Channels, conv: nn.Conv2d) -> str:
    """A 1x1 convolution's map (1, D, H, W) as cells (1, A, D)."""
    weight, bias = take_columns(folded_weights(conv), x.order)
    y = graph.conv(x.tensor, weight, bias, relu=False)
    return graph.node("Transpose", [graph.reshape(y, [1, len(bias), -1])], {"perm": [0, 2, 1]})


def _columns(graph: OnnxGraph, cells: str, start: int, stop: int) -> str:
    limits = [graph.constant(np.array([value], np.int64)) for value in (start, stop, 2)]
    return graph.node("Slice", [cells, *limits])


def _write_separable(graph: OnnxGraph, x: Channels, separable: nn.Module) -> Channels:
    depthwise, pointwise = layers(separable)
    return write_conv(graph, write_depthwise(graph, x, depthwise), pointwise)


def _sum(graph: OnnxGraph, a: Channels, b: Channels) -> Channels:
    return Channels(graph.node("Add", [a.tensor, b.tensor]), a.order)


def _doubled(graph: OnnxGraph, x: Channels) -> Channels:
    """Twice the height and width, nearest neighbour."""
    attributes: Attributes = {
        "mode": "nearest",
        "coordinate_transformation_mode": "asymmetric",
        "nearest_mode": "floor",
    }
    scales = graph.constant(np.array([1.0, 1.0, 2.0, 2.0]))
    return Channels(graph.node("Resize", [x.tensor, "", scales], attributes), x.order)
