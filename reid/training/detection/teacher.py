"""A trained YOLOX that shows the detector, cell by cell, what it sees in a picture."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor

from configs.errors import InputError
from reid.models.pedestrian import cell_corners

__all__ = ["Lesson", "Teacher"]

_STRIDES = (8, 16, 32)
_MAX_LOG_SIZE = 6.0


class Lesson(NamedTuple):
    """What a teacher sees in N images at the A cells of strides 8, 16 and 32, level by level.

    boxes (N, A, 4) xyxy pixels; scores (N, A), a person's, 0..1; features: per level three maps
    (N, C, H, W), its backbone's and the two from which it judges what and where.
    """

    boxes: Tensor
    scores: Tensor
    features: list[tuple[Tensor, ...]]


class Teacher:
    """YOLOX as an ONNX file (Ge et al. 2021), for images of any size that divides by 32.

    The file is cut before its last concatenations, where a fixed input size is built in. Raises
    InputError: not an ONNX file, or not YOLOX's three levels of two branches.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        try:
            model = onnx.load(path)
        except Exception as error:  # protobuf raises many kinds
            raise InputError(f"{path}: not an ONNX file ({error})") from None
        self._outputs = [name for level in _levels(model, path) for name in level]
        self._input = model.graph.input[0].name
        _cut(model, self._outputs)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        seen = self(np.zeros((1, 32, 32, 3), np.uint8)).features
        self.widths = tuple(tuple(x.shape[1] for x in level) for level in seen)
        """Channels of the features, per level."""

    def __call__(self, images: NDArray[np.uint8]) -> Lesson:
        """images: (N, H, W, 3) BGR 0..255."""
        feeds = {self._input: np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32)}
        maps = [torch.from_numpy(value) for value in self._session.run(self._outputs, feeds)]
        boxes, scores, features = [], [], []
        for level, stride in enumerate(_STRIDES):
            *described, person, sides, thing = maps[6 * level : 6 * level + 6]
            features.append(tuple(described))
            scores.append((person[:, :1].sigmoid() * thing.sigmoid()).flatten(1))
            boxes.append(_decoded(sides, stride))
        return Lesson(torch.cat(boxes, dim=1), torch.cat(scores, dim=1), features)


def _decoded(sides: Tensor, stride: int) -> Tensor:
    corners = cell_corners(sides.shape[2] * stride, sides.shape[3] * stride, stride)
    offsets = sides.flatten(2).transpose(1, 2)
    middle = (offsets[..., :2] + corners) * stride
    half = offsets[..., 2:].clamp(max=_MAX_LOG_SIZE).exp() * (stride / 2)
    return torch.cat([middle - half, middle + half], dim=-1)


def _levels(model: onnx.ModelProto, path: Path) -> list[tuple[str, ...]]:
    """Per level the names of: the backbone's map, features of what and where, logits of classes,
    sides, objectness."""
    shapes = {weight.name: tuple(weight.dims) for weight in model.graph.initializer}
    convs = [node for node in model.graph.node if node.op_type == "Conv"]
    ends = {
        kind: [node for node in convs if _is_end(shapes.get(node.input[1], ()), kind)]
        for kind in ("sides", "thing", "classes")
    }
    backbone = _backbone(model)
    if {len(backbone), *map(len, ends.values())} != {len(_STRIDES)}:
        raise InputError(f"{path}: not a YOLOX of three levels with separate branches")
    return [
        (x, what.input[0], sides.input[0], what.output[0], sides.output[0], thing.output[0])
        for x, what, sides, thing in zip(
            backbone, ends["classes"], ends["sides"], ends["thing"], strict=True
        )
    ]


def _backbone(model: onnx.ModelProto) -> list[str]:
    """The maps that the top-down way begins with (coarse) and takes in (middle and fine)."""
    doubled = [node for node in model.graph.node if node.op_type in ("Resize", "Upsample")]
    taken = [
        next((name for name in node.input if name != way.output[0]), "")
        for way in doubled
        for node in model.graph.node
        if node.op_type == "Concat" and way.output[0] in node.input
    ]
    return [*reversed(taken), *(way.input[0] for way in doubled[:1])]


def _is_end(shape: tuple[int, ...], kind: str) -> bool:
    """Whether a filter of that shape is the last one of a branch: 1x1, and few channels come out
    (4 sides, 1 objectness, the classes of COCO)."""
    wanted = {"sides": 4, "thing": 1, "classes": 80}[kind]
    return len(shape) == 4 and shape[0] == wanted and shape[1] > 1 and shape[2:] == (1, 1)


def _cut(model: onnx.ModelProto, outputs: list[str]) -> None:
    """Leave what leads to `outputs`, for any number and size of images."""
    needed, nodes = set(outputs), []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            nodes.append(node)
    nodes.reverse()
    del model.graph.node[:], model.graph.output[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    kind = onnx.TensorProto.FLOAT
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, kind, None) for name in outputs
    )
    for axis, side in zip((0, 2, 3), ("n", "h", "w"), strict=True):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = side
