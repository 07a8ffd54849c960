"""Matching a network to a camera: inputs and outputs of the exported file.

Batch norm makes an activation z zero on the mean and one in deviation over the training images.
Over the images of one camera it is neither: light, colour and viewpoint move it, which is much of
what makes two cameras' embeddings differ. With a camera's own statistics in their place (Li et al.
2016, AdaBN; Zhuang et al. 2020 for people) that goes away, and no label is needed.

The exported network does so at the end of each stage of the global branch and in both heads: it
tells mean and mean square of z over each image, and takes a factor and an offset for z.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from reid.training.graph import Norm, OnnxGraph, normalising_weights
from reid.training.onnx_blocks import Channels, Closing, closing_order, take_columns

__all__ = ["CameraPlaces"]

Array = NDArray[np.float64]


class CameraPlaces:
    """Writes the layers whose activations can be matched, in the order of their calls.

    `finish` names what the file then has: inputs "camera_scale" and "camera_shift" (1 or batch, K),
    which change nothing unless they are given, and outputs "camera_mean" and "camera_square"
    (batch, K), of z before it is changed. K counts the channels of all places.
    """

    def __init__(self, graph: OnnxGraph) -> None:
        self._graph = graph
        self._size = 0
        self._means: list[str] = []
        self._squares: list[str] = []

    def write_map(self, closings: Sequence[Closing]) -> Channels:
        """A block's last convolutions, batch norms and ReLUs: maps (N, C, H, W)."""
        graph = self._graph
        parts = []
        for closing in closings:
            source, conv = closing.source, closing.layer.conv
            weights = normalising_weights(conv, _norm(closing.layer))
            weights = take_columns(weights, source.order)
            stride = conv.stride[0]
            parts.append(graph.conv(source.tensor, *weights, stride=stride, relu=False))
        z = graph.concat(parts)
        for values, kept in ((z, self._means), (graph.node("Mul", [z, z]), self._squares)):
            kept.append(graph.node("Flatten", [graph.node("GlobalAveragePool", [values])]))
        factor, offset = self._matched([_norm(closing.layer) for closing in closings])
        shape = [-1, sum(len(closing.order) for closing in closings), 1, 1]
        y = graph.node("Mul", [z, graph.reshape(factor, shape)])
        y = graph.node("Add", [y, graph.reshape(offset, shape)])
        return Channels(graph.node("Relu", [y]), closing_order(closings))

    def write_vector(self, x: Channels, linear: nn.Linear, norm: nn.BatchNorm1d) -> str:
        """A linear layer, batch norm and ReLU: vectors (N, C)."""
        graph = self._graph
        z = graph.linear(x.tensor, *take_columns(normalising_weights(linear, norm), x.order))
        self._means.append(z)
        self._squares.append(graph.node("Mul", [z, z]))
        factor, offset = self._matched([norm])
        y = graph.node("Add", [graph.node("Mul", [z, factor]), offset])
        return graph.node("Relu", [y])

    def finish(self) -> tuple[dict[str, int], dict[str, str]]:
        """The inputs' names with K, and the outputs' names with the nodes that give them."""
        ones = np.ones((1, self._size), np.float32)
        self._graph.default("camera_scale", ones)
        self._graph.default("camera_shift", 0 * ones)
        inputs = dict.fromkeys(("camera_scale", "camera_shift"), self._size)
        mean, square = self._graph.concat(self._means), self._graph.concat(self._squares)
        return inputs, {"camera_mean": mean, "camera_square": square}

    def _matched(self, norms: Sequence[Norm]) -> tuple[str, str]:
        """Factor and offset (1 or N, C) from z to what goes into the ReLU, for the next place."""
        graph = self._graph
        weight, bias = (
            graph.constant(np.concatenate([getattr(norm, kind).detach().numpy() for norm in norms]))
            for kind in ("weight", "bias")
        )
        start = self._size
        self._size += sum(norm.num_features for norm in norms)
        bounds = [np.array([value]) for value in (start, self._size, 1)]
        scale, shift = (
            graph.node("Slice", [name, *map(graph.constant, bounds)])
            for name in ("camera_scale", "camera_shift")
        )
        moved = graph.node("Mul", [weight, shift])
        return graph.node("Mul", [weight, scale]), graph.node("Add", [moved, bias])


def _norm(layer: nn.Module) -> nn.BatchNorm2d:
    norm = layer.norm
    assert isinstance(norm, nn.BatchNorm2d)
    return norm
