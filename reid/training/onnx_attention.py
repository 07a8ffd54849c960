"""Harmonious attention as ONNX nodes.

Two identities save work: a 1x1 convolution of spatial(p) * channel(c) is the convolved channel
vector times the spatial map; and a mean over channels before a convolution is a convolution with
the same filter for every channel.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from reid.models.attention import (
    HardAttention,
    SoftAttention,
    SpatialAttention,
    sampling_matrix,
)
from reid.training.graph import OnnxGraph, folded_weights
from reid.training.onnx_blocks import Channels, take_columns, take_rows, write_conv

__all__ = ["Size", "write_attended", "write_centres", "write_crops"]

Size = tuple[int, int]  # height, width


def write_attended(
    graph: OnnxGraph, y: Channels, pooled: str, attention: SoftAttention, size: Size
) -> Channels:
    """y times its soft attention. pooled: y's global average (N, C, 1, 1); size: y's."""
    channel = write_conv(graph, Channels(pooled, y.order), attention.channel.squeeze)
    channel = write_conv(graph, channel, attention.channel.excite)
    weight, bias = folded_weights(attention.mix.conv, attention.mix.norm)
    rows = take_rows((weight, bias), y.order)
    mixed = graph.conv(channel.tensor, rows[0], np.zeros(len(y.order)), relu=False)
    logits = graph.node("Mul", [_write_spatial(graph, y, attention.spatial, size), mixed])
    shifted = graph.node("Add", [logits, graph.constant(rows[1].reshape(1, -1, 1, 1))])
    weights = graph.node("Sigmoid", [graph.node("Relu", [shifted])])
    return Channels(graph.node("Mul", [y.tensor, weights]), y.order)


def _write_spatial(graph: OnnxGraph, y: Channels, spatial: SpatialAttention, size: Size) -> str:
    weight, bias = folded_weights(spatial.shrink.conv, spatial.shrink.norm)
    n_used = np.count_nonzero(y.order >= 0)
    used = (y.order >= 0).astype(np.float64).reshape(1, -1, 1, 1)
    small = graph.conv(y.tensor, weight * used / n_used, bias, stride=2)
    scale, shift = folded_weights(spatial.scale.conv, spatial.scale.norm)
    rows, columns = (_resize_matrix((side + 1) // 2, side) for side in size)
    tall = graph.node("MatMul", [graph.constant(rows * scale.item()), small])
    resized = graph.node("MatMul", [tall, graph.constant(columns.T)])
    return graph.node("Relu", [graph.node("Add", [resized, graph.constant(shift)])])


def _resize_matrix(n_pixels: int, n_samples: int) -> NDArray[np.float64]:
    """Bilinear weights (n_samples, n_pixels) with aligned corners."""
    matrix = sampling_matrix(torch.zeros((), dtype=torch.float64), 1.0, n_samples, n_pixels)
    return matrix.numpy()


def write_crops(
    graph: OnnxGraph,
    x: Channels,
    sizes: tuple[Size, Size],
    centres: tuple[str, str],
) -> Channels:
    """The four regions (N * 4, C, h, w) of x (N, C, H, W).

    sizes: x's, and the crops'. centres: x and y of the regions from `write_centres`.
    """
    n_channels = len(x.order)
    (height, width), size = sizes
    x_extent, y_extent = HardAttention.extent
    n_regions = HardAttention.n_regions
    rows = _write_sampling(graph, centres[1], _sample_offsets(y_extent, size[0], height), height)
    columns = _write_sampling(graph, centres[0], _sample_offsets(x_extent, size[1], width), width)
    # Channels are innermost here: ONNX Runtime leaves its blocks of channels anyhow, and takes the
    # transpositions along. The rows of all regions are one matrix product an image.
    pixels = graph.node("Transpose", [x.tensor], {"perm": [0, 2, 3, 1]})
    pixels = graph.reshape(pixels, [-1, height, width * n_channels])
    rows = graph.reshape(rows, [-1, n_regions * size[0], height])
    cropped = graph.node("MatMul", [rows, pixels])
    cropped = graph.reshape(cropped, [-1, n_regions, size[0], width, n_channels])
    columns = graph.reshape(columns, [-1, n_regions, 1, size[1], width])
    cropped = graph.node("MatMul", [columns, cropped])
    cropped = graph.reshape(cropped, [-1, size[0], size[1], n_channels])
    return Channels(graph.node("Transpose", [cropped], {"perm": [0, 3, 1, 2]}), x.order)


def write_centres(
    graph: OnnxGraph, y: Channels, pooled: str, attention: HardAttention
) -> tuple[str, str]:
    """The regions' centres, x and y, each (N, 4, 1, 1). pooled: y's average (N, C, 1, 1)."""
    flat = graph.node("Flatten", [pooled])
    weight, bias = take_columns(folded_weights(attention.centres), y.order)
    logits = [graph.linear(flat, weight[axis::2], bias[axis::2]) for axis in (0, 1)]
    shape = [-1, HardAttention.n_regions, 1, 1]
    x_centres, y_centres = (graph.reshape(graph.node("Tanh", [logit]), shape) for logit in logits)
    return x_centres, y_centres


def _sample_offsets(extent: float, n_samples: int, n_pixels: int) -> NDArray[np.float64]:
    """Where each sample of a centred region lies from each pixel: (n_samples, n_pixels)."""
    positions = (extent * np.linspace(-1, 1, n_samples) + 1) * (n_pixels - 1) / 2
    return positions[:, None] - np.arange(n_pixels)


def _write_sampling(
    graph: OnnxGraph, centres: str, offsets: NDArray[np.float64], n_pixels: int
) -> str:
    """`sampling_matrix` (N, 4, *offsets.shape) of centres (N, 4, 1, 1) in -1..1."""
    moved = graph.node("Mul", [centres, graph.constant(np.array([(n_pixels - 1) / 2]))])
    distances = graph.node("Abs", [graph.node("Add", [moved, graph.constant(offsets)])])
    return graph.node("Relu", [graph.node("Sub", [graph.constant(np.ones(1)), distances])])
