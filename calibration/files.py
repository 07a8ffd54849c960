"""Text, XML and OpenCV's storage files, read as hostile input.

Files are bounded in size; XML has no document type and no entities; YAML goes through the safe
loader.
"""

from collections.abc import Mapping
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


def read_storage(path: Path) -> dict[str, object]:
    """The named values of an OpenCV file (.xml, else YAML or JSON); matrices as arrays of rows.

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
    return _shaped(path, values, element.findtext("rows"), element.findtext("cols"))


def _yaml_value(path: Path, value: object) -> object:
    if isinstance(value, Mapping) and "data" in value:
        try:
            data = np.array(value["data"], float).ravel()
        except (ValueError, TypeError):
            raise InputError(f"{path}: data of a matrix aren't numbers") from None
        return _shaped(path, data, value.get("rows"), value.get("cols"))
    return value


def _shaped(path: Path, values: Floats, rows: object, cols: object) -> Floats:
    try:
        return values.reshape(int(str(rows)), int(str(cols)))
    except (ValueError, TypeError):
        raise InputError(
            f"{path}: a matrix of {rows} rows and {cols} columns holds {values.size} numbers"
        ) from None
