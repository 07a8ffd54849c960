"""What may stand in `cameras.yaml`, and the one line that says what doesn't fit."""

import difflib
import re
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, FiniteFloat, ValidationError, model_validator

from configs import Settings
from configs.errors import InputError

__all__ = ["CameraEntry", "IntrinsicsEntry", "PoseEntry", "RigEntry", "check_name", "parse_rig"]

LARGEST_FILE = 4_000_000  # bytes
MOST_CAMERAS = 1000
CALIBRATIONS = ("intrinsics", "projection", "homography")

Row3 = tuple[FiniteFloat, FiniteFloat, FiniteFloat]
Row4 = tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat]
Point = tuple[FiniteFloat, FiniteFloat]
Pixels = Annotated[int, Field(ge=1, le=100_000)]


class IntrinsicsEntry(Settings):
    """The lens and the sensor."""

    matrix: tuple[Row3, Row3, Row3]
    """Camera matrix [[fx, skew, cx], [0, fy, cy], [0, 0, 1]], pixels."""
    distortion: tuple[FiniteFloat, ...] = ()
    """OpenCV's k1 k2 p1 p2 [k3 [k4 k5 k6]]."""
    tsai_kappa: FiniteFloat | None = None
    """Tsai's kappa of the view at unit distance, instead of `distortion`."""

    @model_validator(mode="after")
    def _one_model(self) -> "IntrinsicsEntry":
        if self.distortion and self.tsai_kappa is not None:
            raise ValueError("distortion and tsai_kappa exclude each other")
        return self


class PoseEntry(Settings):
    """Where the camera hangs: camera = rotation * world + translation."""

    rotation: Row3 | tuple[Row3, Row3, Row3]
    """Rotation vector (radians) or 3x3 matrix."""
    translation: Row3
    """Metres, in the camera's frame."""

    def matrix(self) -> NDArray[np.floating]:
        """(3, 3) the rotation."""
        rotation = np.array(self.rotation, float)
        return rotation if rotation.ndim == 2 else np.asarray(cv2.Rodrigues(rotation)[0], float)


class CameraEntry(Settings):
    """One camera: a source, a calibration, or both."""

    source: str | None = None
    """File, folder of pictures, stream or webcam number; relative to the YAML file."""
    frame_rate: Annotated[FiniteFloat, Field(gt=0, le=1000)] | None = None
    """Frames a second, where the source doesn't tell."""
    time_offset: FiniteFloat = 0.0
    """Seconds to add to the camera's own time to get the scene's."""
    image_size: tuple[Pixels, Pixels] | None = None
    """Width and height in pixels of the picture that was calibrated."""
    intrinsics: IntrinsicsEntry | None = None
    """Camera matrix and distortion; needs `pose`."""
    pose: PoseEntry | None = None
    """Position and direction of the camera; needs `intrinsics`."""
    projection: tuple[Row4, Row4, Row4] | None = None
    """World metres -> homogeneous pixels."""
    homography: tuple[Row3, Row3, Row3] | None = None
    """Ground metres -> homogeneous pixels."""

    @model_validator(mode="before")
    @classmethod
    def _source_alone(cls, value: object) -> object:
        if value is None:
            return {}
        if isinstance(value, str | int) and not isinstance(value, bool):
            return {"source": str(value)}
        if isinstance(value, dict) and type(value.get("source")) is int:
            return value | {"source": str(value["source"])}
        return value

    @model_validator(mode="after")
    def _one_calibration(self) -> "CameraEntry":
        given = [key for key in CALIBRATIONS if getattr(self, key) is not None]
        if len(given) > 1:
            raise ValueError(f"{given[0]} and {given[1]} exclude each other")
        if self.pose is not None and self.intrinsics is None:
            raise ValueError("pose needs intrinsics")
        calibrated = bool(given) and (self.intrinsics is None or self.pose is not None)
        if calibrated and self.image_size is None:
            raise ValueError(f"{given[0]} needs image_size: [width, height]")
        return self


def _points(value: object) -> object:
    """A single point may stand without its outer brackets."""
    if isinstance(value, list) and value and all(isinstance(v, int | float) for v in value):
        return [value]
    return value


class RigEntry(Settings):
    """The whole file."""

    cameras: Annotated[dict[str, CameraEntry], Field(min_length=1, max_length=MOST_CAMERAS)]
    """Cameras by name."""
    area: Annotated[tuple[Point, ...], Field(min_length=3, max_length=1000)] | None = None
    """Polygon in metres that people are followed in."""
    doors: dict[
        str,
        Annotated[
            tuple[Point, ...], BeforeValidator(_points), Field(min_length=1, max_length=1000)
        ],
    ] = Field(default_factory=dict)
    """Doors by name: a point, a line or a polygon, metres."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, but a key given twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(
                problem=f"{twice!r} stands twice", problem_mark=node.start_mark
            )
        return super().construct_mapping(node, deep)


def parse_rig(path: Path) -> RigEntry:
    """Read and check the file's form. Raises InputError, one line."""
    if not path.is_file():
        raise InputError(f"{path}: no such camera file")
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"{path}: larger than {LARGEST_FILE} bytes; this is no camera file")
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict) or not isinstance(document.get("cameras"), dict):
        raise InputError(f"{path}: expected `cameras:` with cameras by name")
    document["cameras"] = {str(name): entry for name, entry in document["cameras"].items()}
    try:
        for name in document["cameras"]:
            check_name(name)
        return RigEntry.model_validate(document)
    except ValidationError as error:
        raise InputError(f"{path}: {_explain(error)}") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def check_name(name: str) -> None:
    """Refuse a camera's name that can't be a file's: results are called after it (InputError)."""
    if not re.fullmatch(r"\w[\w .+-]{0,99}", name):
        raise InputError(
            f"camera {name[:100]!r}: a name may have letters, digits, spaces and ._+- "
            "(result files are called after it)"
        )


def _explain(error: ValidationError) -> str:
    """The first thing wrong: `camera hall: unknown key homografy; expected one of homography`."""
    errors = error.errors()
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    location = [str(part) for part in first["loc"]]
    place = ""
    if location[:1] == ["cameras"] and len(location) > 1:
        place, location = f"camera {location[1]}: ", location[2:]
    key = ".".join(part for part in location if "[" not in part)
    if first["type"] == "extra_forbidden":
        known = _keys_at(bool(place), location[:-1])
        near = difflib.get_close_matches(location[-1], known, n=3, cutoff=0.5) or known
        return f"{place}unknown key {key}; expected one of {', '.join(near)}"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        return place + (f"{key}: " if key else "") + message
    found = repr(first["input"])
    return f"{place}{key}: {message.lower()} (found {found[:60]})"


def _keys_at(in_camera: bool, location: list[str]) -> list[str]:
    if location[-1:] == ["intrinsics"]:
        return list(IntrinsicsEntry.model_fields)
    if location[-1:] == ["pose"]:
        return list(PoseEntry.model_fields)
    return list((CameraEntry if in_camera else RigEntry).model_fields)
