"""A trained ReID network as an ONNX file that runs quickly on CPUs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from torch import nn

from reid.images import Preprocessing
from reid.models.attention import HardAttention
from reid.models.blocks import ConvBlock
from reid.models.network import Level, ReidModel, crop_sizes
from reid.models.pooling import AverageMaxPooling, AveragePooling, GeneralizedMean, MaxPooling
from reid.models.smoothing import Smoothing
from reid.training.graph import OnnxGraph, Storage, folded_weights, norm_as_affine
from reid.training.onnx_attention import Size, write_attended, write_centres, write_crops
from reid.training.onnx_blocks import (
    Channels,
    layers,
    write_conv,
    write_local,
    write_stage,
)
from reid.training.onnx_camera import CameraPlaces

__all__ = ["export_onnx", "onnx_model"]

_EPS = 1e-12  # as torch.nn.functional.normalize


def export_onnx(
    model: ReidModel,
    path: Path,
    metadata: Mapping[str, str],
    *,
    preprocessing: Preprocessing | None = None,
    storage: Storage = "float32",
) -> None:
    """Write `model.embed` as an ONNX file with a dynamic batch.

    Input "images" (batch, 3, H, W), output "embeddings" (batch, 2F). H and W come from
    `preprocessing` (default: the paper's), which is stored in the file's metadata so that
    `reid.embedder.OnnxEmbedder` needs no flags. metadata: further entries, by convention `model`,
    `training_data` and `licence`. storage: see `OnnxGraph`.

    The file appears whole or not at all. Raises ValueError for a size that doesn't divide by 16.
    """
    preprocessing = preprocessing or Preprocessing()
    entries = {**metadata, **preprocessing.to_metadata()}
    size = preprocessing.height, preprocessing.width
    part = path.with_suffix(path.suffix + ".part")
    onnx.save(onnx_model(model, size, entries, storage=storage), part)
    part.replace(path)


def onnx_model(
    model: ReidModel,
    size: Size,
    metadata: Mapping[str, str],
    *,
    storage: Storage = "float32",
    block_size: int = 16,
) -> onnx.ModelProto:
    """`model.embed` for images of `size` (height, width) as an ONNX model.

    Batch norm is folded into the weights, and so are the channel shuffles; block_size: see
    `reid.training.fold.plan_chain`.
    """
    if size[0] % 16 or size[1] % 16:
        raise ValueError(f"input size {size[0]}x{size[1]} doesn't divide by 16")
    graph = OnnxGraph(storage)
    images = _write_smoothing(graph, "images", model.smoothing, size)
    camera = CameraPlaces(graph)
    x = _write_stem(graph, Channels(images, np.arange(3)), model.stem)
    local = None
    shape = size[0] // 2, size[1] // 2
    for level, crop in zip(layers(model.levels), crop_sizes(*size), strict=True):
        x, local = _write_level(graph, camera, x, local, level, (shape, crop), block_size)
        shape = shape[0] // 2, shape[1] // 2
    assert local is not None
    vector = _write_pooling(graph, x, model.pool_global)
    stripes = _write_stripes(graph, local, model.pool_local)
    vectors = [
        _write_unit_vector(graph, camera, vector, model.head_global, model.neck_global),
        _write_unit_vector(graph, camera, stripes, model.head_local, model.neck_local),
    ]
    matching, statistics = camera.finish()
    inputs: dict[str, Sequence[int | str]] = {"images": ("batch", 3, *size)}
    inputs |= {name: ("cameras", n) for name, n in matching.items()}
    outputs: dict[str, Sequence[int | str]] = {"embeddings": ("batch", 2 * model.feature_size)}
    outputs |= {name: ("batch", *set(matching.values())) for name in statistics}
    results = {"embeddings": graph.concat(vectors), **statistics}
    return graph.model(inputs, outputs, results, metadata)


def _write_smoothing(graph: OnnxGraph, images: str, smoothing: nn.Module, size: Size) -> str:
    if not isinstance(smoothing, Smoothing):
        return images
    rows, columns = smoothing.matrices(*size)
    across = graph.node("MatMul", [images, graph.constant(columns.T.numpy())])
    return graph.node("MatMul", [graph.constant(rows.numpy()), across])


def _write_stem(graph: OnnxGraph, x: Channels, stem: ConvBlock) -> Channels:
    if not isinstance(stem.norm, nn.InstanceNorm2d):
        return write_conv(graph, x, stem)
    weight, bias = folded_weights(stem.conv)
    y = graph.conv(x.tensor, weight, bias, stride=2, relu=False)
    scale, shift = (p.detach().cpu().numpy() for p in (stem.norm.weight, stem.norm.bias))
    inputs = [y, graph.constant(scale), graph.constant(shift)]
    y = graph.node("InstanceNormalization", inputs, {"epsilon": stem.norm.eps})
    return Channels(graph.node("Relu", [y]), np.arange(len(bias)))


def _write_level(
    graph: OnnxGraph,
    camera: CameraPlaces,
    x: Channels,
    local: Channels | None,
    level: Level,
    sizes: tuple[Size, Size],
    block_size: int,
) -> tuple[Channels, Channels]:
    """One level of both branches; sizes: of x and of the crops."""
    y = camera.write_map(write_stage(graph, x, level.stage, block_size))
    pooled = graph.node("GlobalAveragePool", [y.tensor])
    centres = write_centres(graph, y, pooled, level.hard)
    regions = write_crops(graph, x, sizes, centres)
    if local is not None:
        # Both end in the same kind of block, so their channels lie in the same order.
        assert np.array_equal(regions.order, local.order)
        regions = Channels(graph.node("Add", [regions.tensor, local.tensor]), regions.order)
    half = sizes[0][0] // 2, sizes[0][1] // 2
    attended = write_attended(graph, y, pooled, level.soft, half)
    return attended, write_local(graph, regions, level.local)


def _write_pooling(graph: OnnxGraph, x: Channels, pooling: nn.Module) -> Channels:
    """A vector (N, C) per map; average and maximum give (N, 2C)."""
    flat = [graph.node("Flatten", [pooled]) for pooled in _pooled(graph, x.tensor, pooling)]
    orders = [np.where(x.order < 0, -1, x.order + i * len(x.order)) for i in range(len(flat))]
    return Channels(graph.concat(flat), np.concatenate(orders))


def _pooled(graph: OnnxGraph, x: str, pooling: nn.Module) -> list[str]:
    """The pooled maps (N, C, 1, 1)."""
    match pooling:
        case GeneralizedMean():
            p = pooling.p.item()
            clamped = graph.node("Max", [x, graph.constant(np.array([pooling.eps]))])
            # Divided by the maximum as in torch, where small values' powers would vanish.
            largest = graph.node("GlobalMaxPool", [clamped])
            shares = graph.node("Div", [clamped, largest])
            powers = graph.node("Pow", [shares, graph.constant(np.array([p]))])
            mean = graph.node("GlobalAveragePool", [powers])
            root = graph.node("Pow", [mean, graph.constant(np.array([1 / p]))])
            return [graph.node("Mul", [root, largest])]
        case AveragePooling():
            return [graph.node("GlobalAveragePool", [x])]
        case MaxPooling():
            return [graph.node("GlobalMaxPool", [x])]
        case AverageMaxPooling():
            return [graph.node(kind, [x]) for kind in ("GlobalAveragePool", "GlobalMaxPool")]
    raise TypeError(f"no export of {type(pooling).__name__}")


def _write_stripes(graph: OnnxGraph, local: Channels, pooling: nn.Module) -> Channels:
    """The pooled vectors of an image's four regions, (N * 4, C, h, w), one after the other."""
    pooled = _write_pooling(graph, local, pooling)
    n_regions, length = HardAttention.n_regions, len(pooled.order)
    order = np.concatenate([pooled.order + region * length for region in range(n_regions)])
    return Channels(graph.reshape(pooled.tensor, [-1, n_regions * length]), order)


def _write_unit_vector(
    graph: OnnxGraph,
    camera: CameraPlaces,
    vector: Channels,
    head: nn.Sequential,
    neck: nn.Module,
) -> str:
    linear, norm, _ = layers(head)
    y = camera.write_vector(vector, linear, norm)
    if isinstance(neck, nn.BatchNorm1d):
        scale, shift = norm_as_affine(neck)
        y = graph.node("Mul", [y, graph.constant(scale)])
        y = graph.node("Add", [y, graph.constant(shift)])
    length = graph.node("ReduceL2", [y], {"axes": [1], "keepdims": 1})
    return graph.node("Div", [y, graph.node("Max", [length, graph.constant(np.array([_EPS]))])])
