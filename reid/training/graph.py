"""Writing an ONNX graph node by node.

The networks are written by hand rather than traced: the writer knows which channels are needed
where (see `reid.training.fold`), takes a second where a tracing exporter takes a minute, and
folds batch norm and float16 storage in on the way.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

__all__ = [
    "Attributes",
    "Norm",
    "OnnxGraph",
    "Storage",
    "folded_weights",
    "norm_as_affine",
    "normalising_weights",
]

Storage = Literal["float32", "float16"]
Norm = nn.BatchNorm1d | nn.BatchNorm2d
Weights = NDArray[np.float64]
Attributes = dict[str, int | float | str | Sequence[int] | onnx.TensorProto]

_OPSET = 17
_IR_VERSION = 8
_MIN_HALVED = 64  # elements; smaller constants aren't worth the cast


class OnnxGraph:
    """A graph under construction. Every method that adds a node returns its output's name."""

    def __init__(self, storage: Storage = "float32") -> None:
        """storage: float16 halves the file. The weights are widened once, when it is loaded, and
        everything is computed in float32."""
        self._storage = storage
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: Sequence[str], attributes: Attributes | None = None) -> str:
        """Any operator with one output."""
        output = f"{kind.lower()}_{len(self._nodes)}"
        named: dict[str, Any] = dict(attributes or {})
        self._nodes.append(helper.make_node(kind, inputs, [output], output, **named))
        return output

    def constant(self, values: NDArray[np.generic]) -> str:
        """A constant tensor; floats become float32."""
        name = f"constant_{len(self._constants)}"
        is_float = np.issubdtype(values.dtype, np.floating)
        halved = is_float and self._storage == "float16" and values.size >= _MIN_HALVED
        if is_float:
            values = values.astype(np.float16 if halved else np.float32)
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return self.node("Cast", [name], {"to": TensorProto.FLOAT}) if halved else name

    def default(self, name: str, values: NDArray[np.float32]) -> str:
        """An input that need not be given: `values` then stand for it."""
        self._constants.append(numpy_helper.from_array(values, name))
        return name

    def reshape(self, x: str, shape: Sequence[int]) -> str:
        """The same values in another shape; one length may be -1."""
        return self.node("Reshape", [x, self.constant(np.asarray(shape, np.int64))])

    def concat(self, parts: Sequence[str], axis: int = 1) -> str:
        """One after the other; a single part is itself."""
        return parts[0] if len(parts) == 1 else self.node("Concat", parts, {"axis": axis})

    def conv(
        self,
        x: str,
        weight: NDArray[np.floating],
        bias: NDArray[np.floating],
        *,
        stride: int = 1,
        groups: int = 1,
        relu: bool = True,
    ) -> str:
        """Convolution with an odd square kernel and "same" padding, and perhaps ReLU."""
        kernel = weight.shape[-1]
        attributes: Attributes = {
            "kernel_shape": [kernel, kernel],
            "pads": [kernel // 2] * 4,
            "strides": [stride, stride],
            "group": groups,
        }
        y = self.node("Conv", [x, self.constant(weight), self.constant(bias)], attributes)
        return self.node("Relu", [y]) if relu else y

    def linear(self, x: str, weight: NDArray[np.floating], bias: NDArray[np.floating]) -> str:
        """x (N, C) times weight (D, C) transposed, plus bias (D,)."""
        inputs = [x, self.constant(weight), self.constant(bias)]
        return self.node("Gemm", inputs, {"transB": 1})

    def model(
        self,
        inputs: Mapping[str, Sequence[int | str]],
        outputs: Mapping[str, Sequence[int | str]],
        results: Mapping[str, str],
        metadata: Mapping[str, str],
    ) -> onnx.ModelProto:
        """The finished, checked model.

        inputs, outputs: name -> shape; a string stands for a length chosen at run time.
        results: output name -> the node that gives it.
        """
        ends = [helper.make_node("Identity", [results[name]], [name]) for name in outputs]
        graph = helper.make_graph(
            [*self._nodes, *ends],
            "network",
            [_value(name, shape) for name, shape in inputs.items()],
            [_value(name, shape) for name, shape in outputs.items()],
            self._constants,
        )
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        return model


def folded_weights(
    layer: nn.Conv2d | nn.Linear, norm: nn.Module | None = None
) -> tuple[Weights, Weights]:
    """Weight and bias of a layer with the batch norm after it, in inference, folded in."""
    weight = layer.weight.detach().double().cpu().numpy()
    bias = np.zeros(len(weight)) if layer.bias is None else layer.bias.detach().cpu().numpy()
    if not isinstance(norm, Norm):
        return weight, bias.astype(np.float64)
    scale, shift = norm_as_affine(norm)
    return weight * scale.reshape(-1, *[1] * (weight.ndim - 1)), bias * scale + shift


def normalising_weights(layer: nn.Conv2d | nn.Linear, norm: Norm) -> tuple[Weights, Weights]:
    """Weight and bias of a layer and the normalisation after it, without its scale and shift."""
    weight, bias = folded_weights(layer)
    mean, deviation = _statistics(norm)
    return weight / deviation.reshape(-1, *[1] * (weight.ndim - 1)), (bias - mean) / deviation


def norm_as_affine(norm: Norm) -> tuple[Weights, Weights]:
    """Scale and shift (C,) that batch norm applies in inference."""
    mean, deviation = _statistics(norm)
    scale = norm.weight.detach().double().cpu().numpy() / deviation
    return scale, norm.bias.detach().double().cpu().numpy() - mean * scale


def _statistics(norm: Norm) -> tuple[Weights, Weights]:
    """Running mean and deviation (C,)."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    mean = norm.running_mean.double().cpu().numpy()
    return mean, np.sqrt(norm.running_var.double().cpu().numpy() + norm.eps)


def _value(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
