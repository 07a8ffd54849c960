"""A trainable network from an exported file, to go on where its training ended.

An exported file holds every weight, but folded, cut into pieces and in another order. Where each
one went is found by exporting a network whose weights are their own numbers: what stands in a
place of that file is the number of the weight that stands in the same place of the real one.

Batch norm's statistics are folded into the weights for good, which leaves a network that computes
the same but would learn differently: `spread_batch_norm` gives it statistics of images again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from configs.errors import InputError
from reid.images import Preprocessing
from reid.models import ModelSettings, ReidModel, create_model
from reid.training.export import onnx_model
from reid.training.graph import Norm

__all__ = ["read_onnx", "read_weights", "spread_batch_norm", "unfold"]

Constants = dict[str, NDArray[np.float64]]
Named = Mapping[str, Tensor]
Export = Callable[[], onnx.ModelProto]

_FIRST = 1 << 16  # number of the first weight: larger than any constant that is no weight
_PRECISION = 2e-3  # of a constant's largest element: float16's


def unfold(path: Path, settings: ModelSettings) -> ReidModel:
    """The network of a file that `export_onnx` wrote, in evaluation mode, computing the same.

    settings: of the network that was exported. Raises InputError: no ONNX file, or one that isn't
    what this version exports of such a network.
    """
    content = read_onnx(path)
    metadata = {entry.key: entry.value for entry in content.metadata_props}
    preprocessing = Preprocessing.from_metadata(metadata) or Preprocessing()
    size = preprocessing.height, preprocessing.width
    model = create_model(settings).eval()
    try:
        read_weights(model, content, lambda: onnx_model(model, size, {}))
    except ValueError as error:
        what = f"{settings.network} {settings.width}"
        raise InputError(f"{path}: not an export of {what} as set ({error})") from None
    return model


def read_onnx(path: Path) -> onnx.ModelProto:
    """Raises InputError: no ONNX file."""
    try:
        return onnx.load(path)
    except Exception as error:  # protobuf raises many kinds
        raise InputError(f"{path}: not a readable ONNX file ({error})") from None


@torch.no_grad()
def read_weights(
    model: nn.Module,
    content: onnx.ModelProto,
    export: Export,
    divisors: Mapping[str, float] | None = None,
) -> None:
    """Give a model in evaluation mode the weights with which it exports such a file.

    export: writes the model as it is. divisors: by name of a weight, the number that it is
    divided by on the way. Raises ValueError, with what differs: the file is another model's.
    """
    try:
        real = _constants(content)
    except Exception as error:  # of a damaged tensor; there are many kinds
        raise ValueError(f"a constant can't be read: {error}") from None
    code = _Code(model, export, divisors or {})
    shapes, wanted = ({k: v.shape for k, v in each.items()} for each in (real, code.nothing))
    if shapes != wanted:
        raise ValueError(f"{len(wanted)} constants wanted, of other shapes than its {len(shapes)}")
    _read(model, code, real)
    for name, written in _constants(export()).items():
        tolerance = _PRECISION * np.abs(real[name]).max(initial=1e-3)
        if not np.allclose(written, real[name], rtol=0, atol=tolerance):
            raise ValueError(name)


@torch.no_grad()
def spread_batch_norm(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Give batch norm the statistics of these images and make up for them in scale and shift.

    In evaluation mode, in which it is left, the model computes the same as before.
    """
    norms = [m for m in model.eval().modules() if isinstance(m, Norm)]
    sums: dict[nn.Module, Tensor] = {
        norm: torch.zeros(3, norm.num_features, dtype=torch.float64) for norm in norms
    }

    def note(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0].double().transpose(0, 1).flatten(1)
        count = torch.full((len(x),), float(x.shape[1]), dtype=torch.float64)
        sums[norm] += torch.stack([count, x.sum(1), (x * x).sum(1)]).cpu()

    with ExitStack() as hooks:
        for norm in norms:
            hooks.callback(norm.register_forward_pre_hook(note).remove)
        for images in batches:
            model(images)
    for norm in norms:
        count, total, squares = sums[norm].to(norm.weight.device)
        mean = total / count
        scale, shift = _affine(norm)
        _settle(norm, mean, (squares / count - mean**2).clamp(min=1e-12), scale, shift)


def _affine(norm: Norm) -> tuple[Tensor, Tensor]:
    """What it multiplies by and adds in evaluation mode."""
    mean, variance = _statistics(norm)
    scale = norm.weight.double() / (variance.double() + norm.eps).sqrt()
    return scale, norm.bias.double() - mean.double() * scale


def _settle(norm: Norm, mean: Tensor, variance: Tensor, scale: Tensor, shift: Tensor) -> None:
    """Set its statistics, and the rest so that it is still scale and shift (double)."""
    if not norm.bias.requires_grad:  # it stays zero, so the mean takes the shift
        mean, shift = -shift / scale, torch.zeros_like(shift)
        norm.bias.zero_()
    else:
        norm.bias.copy_(shift + mean * scale)
    norm.weight.copy_(scale * (variance + norm.eps).sqrt())
    for statistic, value in zip(_statistics(norm), (mean, variance), strict=True):
        statistic.copy_(value)


def _statistics(norm: Norm) -> tuple[Tensor, Tensor]:
    """Its running mean and variance."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    return norm.running_mean, norm.running_var


class _Place(NamedTuple):
    """Where a weight is written, maybe several times: which of all constants' elements, counted
    one after the other, are which of its own elements, each (M,)."""

    rows: NDArray[np.int64]
    elements: NDArray[np.int64]


class _Code:
    """Where a network's weights stand in its exported file."""

    def __init__(self, model: nn.Module, export: Export, divisors: Mapping[str, float]) -> None:
        self._export, self._divisors = export, divisors
        norms = [m for m in model.modules() if isinstance(m, Norm)]
        for norm in norms:
            mean, variance = _statistics(norm)
            mean.zero_()
            variance.fill_(1 - norm.eps)
        parameters = dict(model.named_parameters())
        self.scales = {
            f"{name}.weight": m.weight
            for name, m in model.named_modules()
            if isinstance(m, Norm | nn.InstanceNorm2d)
        }
        self.mixed = {
            name: p
            for name, p in parameters.items()
            if ".spatial." in name and name.endswith("conv.weight")
        }
        """Filters that are multiplied by something else before they are written."""
        self.plain = {k: p for k, p in parameters.items() if k not in self.scales | self.mixed}
        self.means = {k: b for k, b in model.named_buffers() if k.endswith("running_mean")}
        everything = self.plain | self.scales | self.mixed | self.means
        _fill(everything, 0.0)
        self.scale_places = self._places(self.scales, 1)
        _fill(self.scales, 1.0)
        self.mean_places = self._places(self.means, -1)
        self.plain_places = self._places(self.plain, 1)
        self.nothing = self.written()

    def written(self) -> Constants:
        """What the model's weights, as they are now, become in a file."""
        return _constants(self._export())

    def divisor(self, name: str) -> float:
        """What this weight is divided by on the way."""
        return self._divisors.get(name, 1.0)

    def _places(self, named: Named, sign: int) -> dict[str, _Place]:
        """By name where the elements of these weights are written; sign: exported with it."""
        number, firsts = _FIRST, {}
        for name, weight in named.items():
            firsts[name] = number
            numbers = torch.arange(number, number + weight.numel(), dtype=torch.float64)
            weight.copy_(sign * self.divisor(name) * numbers.reshape(weight.shape))
            number += weight.numel()
        found = np.rint(_flat(self.written())).astype(np.int64)
        _fill(named, 0.0)
        order = np.argsort(found, kind="stable")
        limits = np.searchsorted(found[order], [*firsts.values(), number])
        rows = {
            name: order[begin:end]
            for name, (begin, end) in zip(firsts, pairwise(limits.tolist()), strict=True)
        }
        return {name: _Place(here, found[here] - firsts[name]) for name, here in rows.items()}

    def mixtures(self) -> Iterator[tuple[str, Constants]]:
        """By mixed filter, what one of ones adds to the constants."""
        for name, weight in self.mixed.items():
            weight.fill_(1.0)
            written = self.written()
            weight.zero_()
            yield name, {key: written[key] - self.nothing[key] for key in written}


def _read(model: nn.Module, code: _Code, real: Constants) -> None:
    """Set the model's weights from the real file's constants."""
    values = _flat(real)
    mixed = {
        name: _least_squares(added, real, code.mixed[name].shape) for name, added in code.mixtures()
    }
    for name, place in code.plain_places.items():
        _copy(code.plain[name], place, values * code.divisor(name))
    for name, place in code.scale_places.items():
        code.scales[name].fill_(1.0)
        if len(place.rows):  # else it is folded into the filters before it
            _copy(code.scales[name], place, values)
    for name, value in mixed.items():
        code.mixed[name].copy_(torch.from_numpy(value))
    taken = np.concatenate([place.rows for place in code.plain_places.values()])
    for name, place in code.mean_places.items():
        if not np.isin(place.rows, taken).any():  # else a shift or a bias has taken the mean in
            _copy(code.means[name], place, -values)
    for norm in model.modules():
        if isinstance(norm, Norm) and not norm.bias.requires_grad:
            _settle(norm, *_statistics(norm), *_affine(norm))


def _copy(weight: Tensor, place: _Place, values: NDArray[np.float64]) -> None:
    flat = np.zeros(weight.numel())
    flat[place.elements] = values[place.rows]
    weight.copy_(torch.from_numpy(flat).reshape(weight.shape))


def _least_squares(added: Constants, real: Constants, shape: torch.Size) -> NDArray[np.float64]:
    """The filter (1, 1, k, k) of which the real constants are `added` times it, tap by tap."""
    (name,) = (name for name, value in added.items() if value.any())
    ones, value = added[name], real[name]
    axes = (0, 1) if ones.ndim == 4 else None
    return ((ones * value).sum(axes) / (ones * ones).sum(axes)).reshape(shape)


def _fill(named: Named, value: float) -> None:
    for weight in named.values():
        weight.fill_(value if weight.ndim else 1.0)  # a pooling's power of 0 has no root


def _constants(model: onnx.ModelProto) -> Constants:
    """The file's floats by name."""
    arrays = {entry.name: numpy_helper.to_array(entry) for entry in model.graph.initializer}
    return {
        name: array.astype(np.float64)
        for name, array in arrays.items()
        if np.issubdtype(array.dtype, np.floating)
    }


def _flat(constants: Constants) -> NDArray[np.float64]:
    """All elements one after the other, (E,)."""
    return np.concatenate([constants[name].ravel() for name in constants])
