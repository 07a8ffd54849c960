"""The networks' blocks as ONNX nodes, with channels in whatever order they happen to lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from reid.models.blocks import ConvBlock, DepthwiseConv, InceptionA, InceptionB, ShuffleA, ShuffleB
from reid.training.fold import Piece, plan_chain
from reid.training.graph import Attributes, OnnxGraph, folded_weights

__all__ = [
    "Channels",
    "Closing",
    "closing_order",
    "layers",
    "take_columns",
    "take_rows",
    "write_chain",
    "write_conv",
    "write_depthwise",
    "write_local",
    "write_stage",
]

IntArray = NDArray[np.int64]
Weights = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Channels:
    """A tensor (N, C, ...) and what lies where.

    order: (C,) the network's own channel at each place, -1 where nobody needs what is there.
    """

    tensor: str
    order: IntArray


@dataclass(frozen=True)
class Closing:
    """One of a block's last convolutions, still to be written.

    order: the block's own channel of each of its outputs.
    """

    source: Channels
    layer: ConvBlock
    order: IntArray


def layers(container: nn.Module) -> list[Any]:
    """What a container holds, in order, whose kinds only the caller knows."""
    return list(container.children())


def take_rows(weights: Weights, rows: IntArray) -> Weights:
    """The output channels `rows` of a layer, in this order; -1 gives zeros."""
    used = (rows >= 0).astype(np.float64)
    weight, bias = weights
    shape = (-1, *[1] * (weight.ndim - 1))
    return weight[rows] * used.reshape(shape), bias[rows] * used


def take_columns(weights: Weights, columns: IntArray) -> Weights:
    """The input channels `columns` of a layer, in this order; -1 ignores what is there."""
    used = (columns >= 0).astype(np.float64)
    weight, bias = weights
    shape = (1, -1, *[1] * (weight.ndim - 2))
    return weight[:, columns] * used.reshape(shape), bias


def write_conv(
    graph: OnnxGraph, x: Channels, block: ConvBlock, rows: IntArray | None = None
) -> Channels:
    """Convolution, batch norm, ReLU; `rows` chooses and orders the output's channels."""
    weights = take_columns(folded_weights(block.conv, block.norm), x.order)
    rows = np.arange(len(weights[0])) if rows is None else rows
    y = graph.conv(x.tensor, *take_rows(weights, rows), stride=block.conv.stride[0])
    return Channels(y, rows)


def write_stage(
    graph: OnnxGraph, x: Channels, stage: nn.Sequential, block_size: int
) -> list[Closing]:
    """A stage of either kind but for its last layers: (N, C, H, W) -> (N, C', H/2, W/2)."""
    first, *chain, last = layers(stage)
    if isinstance(first, InceptionA):
        return _write_inner_block(graph, _write_inception_a(graph, x, first), last)
    return _write_inner_block(graph, write_chain(graph, x, first, chain, block_size), last)


def write_local(graph: OnnxGraph, x: Channels, block: nn.Module) -> Channels:
    """The local branch's block of either kind."""
    closings = _write_inner_block(graph, x, block)
    parts = [write_conv(graph, closing.source, closing.layer).tensor for closing in closings]
    return Channels(graph.concat(parts), closing_order(closings))


def closing_order(closings: Sequence[Closing]) -> IntArray:
    """(C,) the block's own channel at each place of the closings' outputs, one after the other."""
    return np.concatenate([closing.order for closing in closings])


def write_chain(
    graph: OnnxGraph, x: Channels, opening: ShuffleB, chain: Sequence[ShuffleA], block_size: int
) -> Channels:
    """A Shuffle-B and a chain of Shuffle-A after `plan_chain`."""
    depthwise, last = layers(opening.left)
    plan = plan_chain(last.conv.out_channels, len(chain), block_size)
    # What each source writes its pieces from: the map before its last convolution, and that.
    sources: list[tuple[Channels, ConvBlock]] = [
        (write_depthwise(graph, x, depthwise), last),
        _write_inner(graph, x, opening.right),
    ]
    written: dict[int, str] = {}
    for index, step in enumerate(plan.steps):
        for piece in step.new:
            written[piece] = _write_piece(graph, plan.pieces, piece, sources, written)
        x = Channels(graph.concat([written[piece] for piece in step.reads]), step.columns)
        if index < len(chain):
            sources.append(_write_inner(graph, x, chain[index].branch))
    return x


def write_depthwise(graph: OnnxGraph, x: Channels, block: DepthwiseConv) -> Channels:
    """One filter per channel and batch norm; the channels stay where they are."""
    weights = take_rows(folded_weights(block.conv, block.norm), x.order)
    groups = len(x.order)
    y = graph.conv(x.tensor, *weights, stride=block.conv.stride[0], groups=groups, relu=False)
    return Channels(y, x.order)


def _write_inner_block(graph: OnnxGraph, x: Channels, block: nn.Module) -> list[Closing]:
    """A block that changes the size, but for its last convolutions."""
    if isinstance(block, InceptionB):
        return _write_inception_b(graph, x, block)
    assert isinstance(block, ShuffleB)
    depthwise, pointwise = layers(block.left)
    ends = [
        (write_depthwise(graph, x, depthwise), pointwise),
        _write_inner(graph, x, block.right),
    ]
    # Without the shuffle: left and right lie one after the other, and the order says so.
    return [
        Closing(source, layer, 2 * np.arange(layer.conv.out_channels) + side)
        for side, (source, layer) in enumerate(ends)
    ]


def _write_inner(
    graph: OnnxGraph, x: Channels, branch: nn.Sequential
) -> tuple[Channels, ConvBlock]:
    """A branch's first two layers; and the last one, which is still to be written."""
    first, depthwise, last = layers(branch)
    return write_depthwise(graph, write_conv(graph, x, first), depthwise), last


def _write_piece(
    graph: OnnxGraph,
    pieces: tuple[Piece, ...],
    index: int,
    sources: list[tuple[Channels, ConvBlock]],
    written: dict[int, str],
) -> str:
    piece = pieces[index]
    if not piece.packed_from:
        (source,) = {label[0] for label in piece.channels} - {-1}
        rows = np.array([channel for _, channel in piece.channels])
        return write_conv(graph, *sources[source], rows).tensor
    places = [label for p in piece.packed_from for label in pieces[p].channels]
    selection = np.zeros((len(piece.channels), len(places), 1, 1))
    for row, label in enumerate(piece.channels):
        if label[0] >= 0:
            selection[row, places.index(label)] = 1.0
    worn = graph.concat([written[p] for p in piece.packed_from])
    return graph.conv(worn, selection, np.zeros(len(selection)), relu=False)


def _write_inception_a(graph: OnnxGraph, x: Channels, block: InceptionA) -> Channels:
    streams = [_write_convs(graph, x, layers(stream)) for stream in block.convolved]
    attributes: Attributes = {"kernel_shape": [3, 3], "pads": [1] * 4, "count_include_pad": 1}
    pooled = Channels(graph.node("AveragePool", [x.tensor], attributes), x.order)
    return _in_turn(graph, [*streams, write_conv(graph, pooled, layers(block.pooled)[1])])


def _write_inception_b(graph: OnnxGraph, x: Channels, block: InceptionB) -> list[Closing]:
    attributes: Attributes = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [2, 2]}
    pooled = Channels(graph.node("MaxPool", [x.tensor], attributes), x.order)
    ends = [
        *(
            (_write_convs(graph, x, inner), last)
            for *inner, last in map(layers, (block.short, block.long))
        ),
        (pooled, layers(block.pooled)[1]),
    ]
    firsts = np.cumsum([0, *(layer.conv.out_channels for _, layer in ends)])
    return [
        Closing(source, layer, first + np.arange(layer.conv.out_channels))
        for first, (source, layer) in zip(firsts, ends, strict=False)
    ]


def _write_convs(graph: OnnxGraph, x: Channels, convs: Sequence[ConvBlock]) -> Channels:
    for conv in convs:
        x = write_conv(graph, x, conv)
    return x


def _in_turn(graph: OnnxGraph, parts: list[Channels]) -> Channels:
    tensor = graph.concat([part.tensor for part in parts])
    return Channels(tensor, np.arange(sum(len(part.order) for part in parts)))
