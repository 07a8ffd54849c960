"""Cameras from the files of other programs, by the name of their layout."""

from pathlib import Path
from typing import Literal

from calibration.camera import Camera
from calibration.formats import (
    read_matrix,
    read_multiviewx,
    read_opencv,
    read_tsai,
    read_wildtrack,
)
from configs.errors import InputError

__all__ = ["Format", "Unit", "read_cameras"]

Unit = Literal["m", "cm", "mm"]
Format = Literal["opencv", "tsai", "matrix", "wildtrack", "multiviewx"]
METRES: dict[Unit, float] = {"m": 1.0, "cm": 0.01, "mm": 0.001}


def read_cameras(
    path: Path, layout: Format, image_size: tuple[int, int] | None, unit: Unit | None
) -> dict[str, Camera]:
    """The cameras of a file, or of a data set's folder; the file's stem names its camera.

    image_size: for files that don't tell. unit: of the file's world; None for what the layout
    usually has. Raises InputError.
    """
    if layout == "wildtrack":
        return read_wildtrack(path)
    if layout == "multiviewx":
        return read_multiviewx(path)
    if layout == "tsai":
        return {path.stem: read_tsai(path, metres_per_unit=METRES[unit or "mm"])}
    scale = METRES[unit or "m"]
    if layout == "opencv":
        return {path.stem: read_opencv(path, image_size=image_size, metres_per_unit=scale)}
    if image_size is None:
        raise InputError(f"{path}: a bare matrix doesn't tell the image's size; give --image-size")
    return {path.stem: read_matrix(path, image_size=image_size, metres_per_unit=scale)}
