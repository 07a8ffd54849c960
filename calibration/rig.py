"""All cameras of one space in one file: `cameras.yaml`, made for people to write.

    # metres, pixels, seconds; x, y on the ground, z up
    cameras:
      hall: videos/hall.mp4                  # a video alone: this camera isn't calibrated
      door:
        source: rtsp://192.168.1.20/stream   # file, folder of pictures, stream, webcam's number
        frame_rate: 12.5                     # only where the source doesn't tell
        time_offset: -0.4                    # added to the camera's own time
        image_size: [1920, 1080]             # of the picture that was calibrated
        intrinsics:                          # either a camera matrix and a pose,
          matrix: [[1400, 0, 960], [0, 1400, 540], [0, 0, 1]]
          distortion: [-0.1, 0.02, 0, 0]     # OpenCV's k1 k2 p1 p2 k3 ...; or `tsai_kappa: 0.1`
        pose:                                # camera = rotation * world + translation
          rotation: [1.9, 0.1, -0.1]         # OpenCV's rotation vector, or a 3x3 matrix
          translation: [0.5, 1.2, 6.0]
      desk:
        image_size: [1280, 720]
        homography: [[...], [...], [...]]    # or ground -> pixels, 3x3,
      yard:
        image_size: [1280, 720]
        projection: [[...], [...], [...]]    # or world -> pixels, 3x4
    area: [[0, 0], [8, 0], [8, 5], [0, 5]]   # where people are followed; leave out for everywhere
    doors:
      main: [[0, 1], [0, 2.2]]               # a point, a line or a polygon

Paths of sources are relative to the file. `calibrate-cameras` writes this file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.lens import Lens, TsaiLens
from calibration.rig_schema import CameraEntry, parse_rig
from calibration.sanity import camera_fault
from configs.errors import InputError

__all__ = ["Rig", "read_rig", "write_rig"]

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Rig:
    """Named cameras of one space. A camera may have a calibration, a source, both, or neither.

    names: all cameras, in the file's order. cameras: the calibrated ones. sources: where their
    pictures come from. frame_rates: frames a second, where given. time_offsets: seconds to add to a
    camera's own time to get the scene's, for every name. area: (K, 2) polygon in metres that people
    are followed in, or None for everywhere. doors: (K, 2) metres each: a point (K = 1), a line
    or a polygon.
    """

    names: tuple[str, ...]
    cameras: Mapping[str, Camera] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    frame_rates: Mapping[str, float] = field(default_factory=dict)
    time_offsets: Mapping[str, float] = field(default_factory=dict)
    area: Floats | None = None
    doors: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names):
            raise ValueError("two cameras have the same name")
        for mapping in (self.cameras, self.sources, self.frame_rates, self.time_offsets):
            unknown = set(mapping) - set(self.names)
            if unknown:
                raise ValueError(f"no camera is called {sorted(unknown)[0]!r}")
        offsets = {name: float(self.time_offsets.get(name, 0.0)) for name in self.names}
        object.__setattr__(self, "time_offsets", MappingProxyType(offsets))


def read_rig(path: str | Path) -> Rig:
    """Read `cameras.yaml`.

    Raises InputError, one line with the camera and the key: no such file, not YAML, an unknown key,
    a matrix of the wrong shape, a calibration that can't be right (`sanity.camera_fault`).
    """
    path = Path(path)
    entry = parse_rig(path)
    cameras = {}
    for name, camera_entry in entry.cameras.items():
        try:
            camera = _camera(camera_entry)
            fault = None if camera is None else camera_fault(camera)
        except ValueError as error:
            raise InputError(f"{path}: camera {name}: {error}") from None
        if fault is not None:
            raise InputError(f"{path}: camera {name}: {fault}")
        if camera is not None:
            cameras[name] = camera
    entries = entry.cameras.items()
    return Rig(
        names=tuple(entry.cameras),
        cameras=cameras,
        sources={n: _resolve(e.source, path.parent) for n, e in entries if e.source is not None},
        frame_rates={n: e.frame_rate for n, e in entries if e.frame_rate is not None},
        time_offsets={n: e.time_offset for n, e in entries},
        area=None if entry.area is None else np.array(entry.area, float),
        doors={name: np.array(points, float) for name, points in entry.doors.items()},
    )


def write_rig(rig: Rig, path: str | Path) -> None:
    """Write `cameras.yaml`, so that `read_rig` gives the same rig to the last bit."""
    path = Path(path)
    cameras: dict[str, Any] = {name: _describe(rig, name, path.parent) for name in rig.names}
    document: dict[str, Any] = {"cameras": cameras}
    if rig.area is not None:
        document["area"] = rig.area.tolist()
    if rig.doors:
        document["doors"] = {name: points.tolist() for name, points in rig.doors.items()}
    text = yaml.safe_dump(
        document, sort_keys=False, default_flow_style=None, width=100, allow_unicode=True
    )
    header = "# metres, pixels, seconds; x, y on the ground, z up\n"
    path.write_text(header + text, encoding="utf-8")


def _camera(entry: CameraEntry) -> Camera | None:
    if entry.homography is not None and entry.image_size is not None:
        return Camera.from_homography(entry.homography, entry.image_size)
    if entry.projection is not None and entry.image_size is not None:
        return Camera.from_projection(entry.projection, entry.image_size)
    if entry.intrinsics is None or entry.pose is None or entry.image_size is None:
        return None
    lens = entry.intrinsics
    R, t = entry.pose.matrix(), entry.pose.translation
    if lens.tsai_kappa is None:
        return Camera.from_intrinsics(lens.matrix, lens.distortion, R, t, entry.image_size)
    return Camera.from_lens(
        TsaiLens(np.array(lens.matrix, float), lens.tsai_kappa), R, t, entry.image_size
    )


def _describe(rig: Rig, name: str, folder: Path) -> dict[str, Any]:
    camera = rig.cameras.get(name)
    entry: dict[str, Any] = {}
    if name in rig.sources:
        entry["source"] = _relative(rig.sources[name], folder)
    if name in rig.frame_rates:
        entry["frame_rate"] = rig.frame_rates[name]
    if rig.time_offsets[name]:
        entry["time_offset"] = rig.time_offsets[name]
    if camera is not None:
        entry |= _calibration(camera)
    return CameraEntry.model_validate(entry).model_dump(mode="json", exclude_unset=True)


def _calibration(camera: Camera) -> dict[str, Any]:
    H, z_column = camera.H_ground2view, camera.z_column
    size = {"image_size": camera.image_size}
    if z_column is None:
        return size | {"homography": H.tolist()}
    if camera.lens is None:
        P = np.column_stack([H[:, :2], z_column, H[:, 2]])
        return size | {"projection": P.tolist()}
    rotation = np.column_stack([H[:, :2], z_column]).tolist()
    return size | {
        "intrinsics": _describe_lens(camera.lens),
        "pose": {"rotation": rotation, "translation": H[:, 2].tolist()},
    }


def _describe_lens(lens: Lens) -> dict[str, Any]:
    matrix = {"matrix": lens.K.tolist()}
    if isinstance(lens, TsaiLens):
        return matrix | {"tsai_kappa": lens.kappa}
    length = next(n for n in (0, 4, 5, 8) if not lens.coefficients[n:].any())
    return matrix | {"distortion": lens.coefficients[:length].tolist()}


def _resolve(source: str, folder: Path) -> str:
    """A path relative to the YAML file, from here; addresses and webcam numbers as they are."""
    return source if _is_address(source) else str(folder / source)


def _relative(source: str, folder: Path) -> str:
    if _is_address(source):
        return source
    absolute, folder = Path(source).absolute(), folder.absolute()
    inside = absolute.is_relative_to(folder)
    return str(absolute.relative_to(folder)) if inside else str(absolute)


def _is_address(source: str) -> bool:
    return "://" in source or source.isdigit()
