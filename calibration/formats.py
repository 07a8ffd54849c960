"""Readers of other people's calibration files.

Each returns a `Camera` in metres. The files are taken as hostile: bounded in size, XML without
document types or entities, YAML by the safe loader.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.camera import Camera
from calibration.files import read_storage, read_text, read_xml
from calibration.lens import TsaiLens
from configs.errors import InputError

__all__ = [
    "multiviewx_positions",
    "read_matrix",
    "read_multiviewx",
    "read_opencv",
    "read_tsai",
    "read_wildtrack",
    "wildtrack_positions",
]

Floats = NDArray[np.floating]

NAMES = {
    "K": ("camera_matrix", "cameraMatrix", "K", "intrinsic_matrix", "M"),
    "distortion": ("distortion_coefficients", "distCoeffs", "dist_coeffs", "D", "distortion"),
    "rotation": ("rvec", "R", "rotation", "rotation_matrix"),
    "translation": ("tvec", "t", "T", "translation"),
    "width": ("image_width", "imageWidth", "width"),
    "height": ("image_height", "imageHeight", "height"),
}
TSAI_ATTRIBUTES = {
    "Geometry": ("width", "height", "dpx", "dpy"),
    "Intrinsic": ("focal", "kappa1", "cx", "cy", "sx"),
    "Extrinsic": ("tx", "ty", "tz", "rx", "ry", "rz"),
}


def read_opencv(
    path: Path,
    extrinsic_path: Path | None = None,
    *,
    image_size: Sequence[int] | None = None,
    metres_per_unit: float = 1.0,
) -> Camera:
    """An OpenCV file (.yml, .yaml, .xml, .json), or one of intrinsics and one of the pose.

    Read are camera_matrix, distortion_coefficients, rvec or R, tvec or t, image_width and
    image_height, under OpenCV's and some other common names. image_size: for files without one.
    metres_per_unit: 0.01 where the pose is in centimetres.
    Raises InputError.
    """
    values = read_storage(path)
    if extrinsic_path is not None:
        values |= read_storage(extrinsic_path)
    where = path if extrinsic_path is None else f"{path} and {extrinsic_path.name}"
    found = _known_values(values, str(where))
    if image_size is None:
        if "width" not in found or "height" not in found:
            raise InputError(f"{where}: no image_width and image_height; give the image's size")
        image_size = (int(found["width"][0]), int(found["height"][0]))
    for key in ("K", "rotation", "translation"):
        if key not in found:
            raise InputError(f"{where}: found none of {', '.join(NAMES[key])}")
    try:
        return Camera.from_intrinsics(
            found["K"].reshape(3, 3),
            found.get("distortion", np.zeros(0)),
            _rotation(found["rotation"]),
            found["translation"] * metres_per_unit,
            image_size,
        )
    except ValueError as error:
        raise InputError(f"{where}: {error}") from None


def read_wildtrack(folder: Path, *, intrinsics: str = "intrinsic_zero") -> dict[str, Camera]:
    """All cameras of WILDTRACK (Chavdarova et al. 2018), 1920x1080, centimetres.

    folder: the data set's `calibrations`, with `extrinsic/extr_NAME.xml` and
    `<intrinsics>/intr_NAME.xml`. `intrinsic_zero` fits the published pictures, whose distortion is
    removed; `intrinsic_original` the videos. Raises InputError.
    """
    return {
        name: read_opencv(intrinsic, extrinsic, image_size=(1920, 1080), metres_per_unit=0.01)
        for name, intrinsic, extrinsic in _wildtrack_paths(folder, intrinsics)
    }


def read_multiviewx(folder: Path) -> dict[str, Camera]:
    """All cameras of MultiviewX (Hou et al. 2020), 1920x1080, metres, laid out as WILDTRACK's.

    Its world is left-handed, so that by its files everything lies behind the cameras. Here y is
    negated: people are at x 0..25, y -16..0 (`multiviewx_positions` does the same).
    Raises InputError.
    """
    cameras = {}
    for name, intrinsic, extrinsic in _wildtrack_paths(folder, "intrinsic"):
        camera = read_opencv(intrinsic, extrinsic, image_size=(1920, 1080))
        if camera.lens is None or camera.z_column is None:
            raise InputError(f"{extrinsic}: no lens or pose in it")
        H, z_column = camera.H_ground2view, camera.z_column
        R, t = -np.column_stack([H[:, 0], -H[:, 1], z_column]), -H[:, 2]
        cameras[name] = Camera.from_lens(camera.lens, R, t, camera.image_size)
    return cameras


def wildtrack_positions(position_ids: ArrayLike) -> Floats:
    """(N, 2) metres of WILDTRACK's annotated positionID: a 480x1440 grid of 2.5 cm at (-3, -9)."""
    ids = np.asarray(position_ids, int).reshape(-1)
    return np.column_stack([ids % 480, ids // 480]) * 0.025 + [-3.0, -9.0]


def multiviewx_positions(position_ids: ArrayLike) -> Floats:
    """(N, 2) metres of MultiviewX's annotated positionID: a 1000x640 grid of 2.5 cm, y negated."""
    ids = np.asarray(position_ids, int).reshape(-1)
    return np.column_stack([ids % 1000, -(ids // 1000)]) * 0.025


def read_tsai(path: Path, *, metres_per_unit: float = 0.001) -> Camera:
    """A Tsai calibration in XML, as published with PETS 2009 (millimetres).

    Full model (Tsai 1987): focal length, kappa1, centre, sx, and the sensor's dpx, dpy.
    Raises InputError.
    """
    values = _tsai_values(path)
    focal, kappa1 = values["focal"], values["kappa1"]
    try:
        fx, fy = focal * values["sx"] / values["dpx"], focal / values["dpy"]
        K = np.array([[fx, 0, values["cx"]], [0, fy, values["cy"]], [0, 0, 1]])
        R = _rotation_from_euler(values["rx"], values["ry"], values["rz"])
        t = np.array([values["tx"], values["ty"], values["tz"]]) * metres_per_unit
        size = (int(values["width"]), int(values["height"]))
        return Camera.from_lens(TsaiLens(K, kappa1 * focal**2), R, t, size)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise InputError(f"{path}: {error}") from None


def read_matrix(path: Path, *, image_size: Sequence[int], metres_per_unit: float = 1.0) -> Camera:
    """A bare matrix as text: 3x4 world -> image, or 3x3 ground -> image.

    Numbers are separated by blanks or commas, in three rows; lines after # are comments.
    Raises InputError.
    """
    try:
        rows = [
            [float(value) for value in line.split("#")[0].replace(",", " ").split()]
            for line in read_text(path).splitlines()
        ]
        matrix = np.array([row for row in rows if row])
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    scale = np.array([1 / metres_per_unit] * 3 + [1])
    try:
        if matrix.shape == (3, 4):
            return Camera.from_projection(matrix * scale, image_size)
        if matrix.shape == (3, 3):
            return Camera.from_homography(matrix * scale[1:], image_size)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    raise InputError(f"{path}: a matrix of the shape {matrix.shape}; expected 3x4 or 3x3")


def _wildtrack_paths(folder: Path, intrinsics: str) -> list[tuple[str, Path, Path]]:
    """Name, intrinsic file and extrinsic file of each camera."""
    paths = sorted((folder / "extrinsic").glob("extr_*.xml"))
    if not paths:
        raise InputError(f"{folder}: no extrinsic/extr_*.xml in it")
    names = [path.stem.removeprefix("extr_") for path in paths]
    return [
        (name, folder / intrinsics / f"intr_{name}.xml", path)
        for name, path in zip(names, paths, strict=True)
    ]


def _tsai_values(path: Path) -> dict[str, float]:
    root = read_xml(path)
    texts: dict[str, str] = {}
    for tag in TSAI_ATTRIBUTES:
        element = root.find(tag)
        if element is None:
            raise InputError(f"{path}: no element {tag}; this is no Tsai calibration")
        texts |= element.attrib
    try:
        names = [name for group in TSAI_ATTRIBUTES.values() for name in group]
        return {name: float(texts[name]) for name in names}
    except KeyError as error:
        raise InputError(f"{path}: attribute {error.args[0]} is missing") from None
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None


def _known_values(values: Mapping[str, object], where: str) -> dict[str, Floats]:
    """What of `NAMES` is there, flat."""
    found = {}
    for key, names in NAMES.items():
        name = next((name for name in names if name in values), None)
        if name is not None:
            try:
                found[key] = np.array(values[name], float).ravel()
            except (ValueError, TypeError):
                raise InputError(f"{where}: {name} doesn't hold numbers") from None
    return found


def _rotation(values: Floats) -> Floats:
    return np.asarray(cv2.Rodrigues(values)[0]) if values.size == 3 else values.reshape(3, 3)


def _rotation_from_euler(x: float, y: float, z: float) -> Floats:
    """Tsai's angles: about x, then y, then z."""
    (Rx, _), (Ry, _), (Rz, _) = (cv2.Rodrigues(v) for v in np.diag([x, y, z]))
    return np.asarray(Rz @ Ry @ Rx)
