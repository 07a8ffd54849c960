"""Text, XML and OpenCV's storage files, read as hostile input.

Files are bounded in size; XML has no document type and no entities; YAML goes through the safe
loader.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import yaml
from numpy.typing import NDArray

from configs.errors import InputError

__all__ = ["read_storage", "read_text", "read_xml"]

Floats = NDArray[np.floating]

LARGEST_FILE = 16_000_000  # bytes


def read_xml(path: Path) -> ElementTree.Element:
    """The root of an XML file that has no document type and no entities. Raises InputError."""
    text = read_text(path)
    if "<!" in text.replace("<!--", ""):
        raise InputError(f"{path}: XML with a DOCTYPE or entities is refused")
    try:
        return ElementTree.fromstring(text.encode())
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(f"{path}: not valid XML: {error}") from None


def read_text(path: Path) -> str:
    """A text file of bounded size. Raises InputError: missing, too large, not UTF-8."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"{path}: larger than {LARGEST_FILE} bytes; this is no calibration")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file") from None


class _OpenCVLoader(yaml.SafeLoader):
    """PyYAML's safe loader, which takes OpenCV's matrices for the mappings that they are."""


def _matrix_as_mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


_OpenCVLoader.add_constructor("tag:yaml.org,2002:opencv-matrix", _matrix_as_mapping)
_OpenCVLoader.add_constructor("tag:yaml.org,2002:opencv-nd-matrix", _matrix_as_mapping)


def read_storage(path: Path) -> dict[str, object]:
    """The named values of an OpenCV file (.xml, else YAML or JSON); matrices as flat arrays.

    Raises InputError.
    """
    if path.suffix.lower() == ".xml":
        return {element.tag: _xml_value(path, element) for element in read_xml(path)}
    text = read_text(path)
    if text.startswith("%YAML"):  # OpenCV writes %YAML:1.0, which isn't YAML
        text = text.split("\n", 1)[-1]
    try:
        document = yaml.load(text, Loader=_OpenCVLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, Mapping):
        raise InputError(f"{path}: expected named values, found {type(document).__name__}")
    return {str(key): _yaml_value(path, value) for key, value in document.items()}


def _xml_value(path: Path, element: ElementTree.Element) -> object:
    data = element.find("data")
    text = (element if data is None else data).text or ""
    try:
        values = np.array([float(value) for value in text.split()])
    except ValueError:
        return text
    if data is None:
        return values
    shape = [element.findtext(tag) for tag in ("rows", "cols")]
    return _checked(path, values, (element.findtext("sizes") or "").split() or shape)


def _yaml_value(path: Path, value: object) -> object:
    if not isinstance(value, Mapping) or "data" not in value:
        return value
    try:
        data = np.array(value["data"], float).ravel()
    except (ValueError, TypeError):
        raise InputError(f"{path}: data of a matrix aren't numbers") from None
    return _checked(path, data, value.get("sizes", [value.get("rows"), value.get("cols")]))


def _checked(path: Path, values: Floats, shape: Sequence[object] | int) -> Floats:
    """The flat values of a matrix, if they are as many as its shape tells."""
    sizes = [shape] if isinstance(shape, int) else shape
    try:
        fits = math.prod(int(str(size)) for size in sizes) == values.size
    except (ValueError, TypeError):
        fits = False
    if not fits:
        written = "x".join(map(str, sizes))
        raise InputError(f"{path}: a matrix of {written} holds {values.size} numbers")
    return values
