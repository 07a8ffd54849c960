"""A camera from points on the ground that someone measured and marked in its image."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from calibration.camera import Camera
from calibration.files import read_text
from calibration.homography import (
    camera_of_homography,
    focal_of_homography,
    homography_from_points,
)
from calibration.sanity import camera_fault, points_fault
from configs.errors import InputError

__all__ = ["Residuals", "camera_from_points", "read_points", "residuals"]

Floats = NDArray[np.floating]

WORST_RESIDUAL = 0.05  # of the image's diagonal: a point farther off is mistaken
MIRRORED = (
    "the ground's axes are mirrored: seen from above, y must lie to the left of x; swap them or "
    "negate one"
)
FOCAL_FIT = 1.5  # a posed camera may miss the points by this much more than the bare homography


@dataclass(frozen=True)
class Residuals:
    """How far marked points lie from where the camera puts them.

    pixels: (N,) in the image. metres: (N,) on the ground; NaN above the horizon. predicted:
    (N, 2) where the image should show them.
    """

    pixels: Floats
    metres: Floats
    predicted: Floats


def camera_from_points(
    ground: ArrayLike,
    pixels: ArrayLike,
    image_size: tuple[int, int],
    *,
    K: ArrayLike | None = None,
    distortion: ArrayLike = (),
) -> Camera:
    """The camera that shows ground points (N >= 4, 2; metres) at pixels (N, 2).

    With a camera matrix the pose is solved, least squares in pixels. Without one, a focal length
    is told from the homography where that is possible (square pixels, centred), so that heights
    are known too; where it isn't, or fits much worse, the camera knows the bare homography.
    Raises InputError with the reason: points on a line, outside the image, mirrored axes, a wrong
    unit, a point that doesn't fit.
    """
    ground, pixels = (np.asarray(p, float).reshape(-1, 2) for p in (ground, pixels))
    fault = points_fault(ground, pixels, image_size)
    if fault is not None:
        raise InputError(fault)
    H = homography_from_points(ground, pixels)
    camera = Camera.from_homography(H, image_size)
    # Mistaken points first, then mirrored axes, before a pose is forced upon them.
    _refuse_misfit(camera, ground, pixels)
    fault = MIRRORED if np.linalg.det(H) > 0 else camera_fault(camera)
    if fault is not None:
        raise InputError(fault)
    if K is not None:
        camera = _posed(
            ground, pixels, image_size, np.asarray(K, float), np.asarray(distortion, float)
        )
    else:
        focal = focal_of_homography(H, image_size)
        if focal is not None:
            camera = _with_focal(ground, pixels, camera, H, focal)
    _refuse_misfit(camera, ground, pixels)
    return camera


def residuals(camera: Camera, ground: ArrayLike, pixels: ArrayLike) -> Residuals:
    """The errors of marked points, in the image and on the ground."""
    predicted, _ = camera.ground2image(ground)
    seen, _ = camera.image2ground(pixels)
    return Residuals(
        np.linalg.norm(predicted - np.asarray(pixels, float).reshape(-1, 2), axis=1),
        np.linalg.norm(seen - np.asarray(ground, float).reshape(-1, 2), axis=1),
        predicted,
    )


def read_points(path: Path) -> tuple[Floats, Floats]:
    """Marked points of a text file: rows `x y column row`, metres and pixels.

    Returns ground (N, 2) and pixels (N, 2). Blanks or commas separate; # begins a comment; a first
    row of names is allowed. Raises InputError.
    """
    rows: list[tuple[float, ...]] = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        cells = line.split("#")[0].replace(",", " ").replace(";", " ").split()
        if not cells or (not rows and all(cell[0].isalpha() for cell in cells)):
            continue
        try:
            x, y, column, row = map(float, cells)
        except ValueError:
            raise InputError(
                f"{path}:{number}: expected 4 numbers: x y on the ground in metres, column and "
                "row in pixels"
            ) from None
        rows.append((x, y, column, row))
    values = np.array(rows, float).reshape(-1, 4)
    return values[:, :2], values[:, 2:]


def _posed(
    ground: Floats, pixels: Floats, image_size: tuple[int, int], K: Floats, distortion: Floats
) -> Camera:
    """Pose by OpenCV's planar solver, refined by Levenberg-Marquardt; the one above the floor."""
    try:
        Camera.from_intrinsics(K, distortion, np.eye(3), [0, 0, 1], image_size)
    except ValueError as error:
        raise InputError(f"the intrinsics can't be used: {error}") from None
    world = np.column_stack([ground, np.zeros(len(ground))])
    found, rotations, translations, _ = cv2.solvePnPGeneric(
        world, pixels, K, distortion, flags=cv2.SOLVEPNP_IPPE
    )
    cameras = []
    for rvec, tvec in zip(rotations[:found], translations[:found], strict=True):
        rvec, tvec = cv2.solvePnPRefineLM(world, pixels, K, distortion, rvec, tvec)
        R = np.asarray(cv2.Rodrigues(rvec)[0])
        camera = Camera.from_intrinsics(K, distortion, R, tvec.ravel(), image_size)
        position = camera.position
        if position is not None and position[2] > 0:
            missed = np.nan_to_num(residuals(camera, ground, pixels).pixels, nan=1e9)
            cameras.append((float((missed**2).sum()), camera))
    if not cameras:
        raise InputError("no pose above the floor shows these points: the axes may be mirrored")
    best = min(cameras, key=lambda pair: pair[0])[1]
    fault = camera_fault(best)
    if fault is not None:
        raise InputError(fault)
    return best


def _with_focal(ground: Floats, pixels: Floats, bare: Camera, H: Floats, focal: float) -> Camera:
    """Focal length and pose refined together; the bare homography where they don't fit."""
    size = bare.image_size

    def camera_at(focal: float, rvec: Floats, t: Floats) -> Camera:
        K = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
        R = np.asarray(cv2.Rodrigues(np.asarray(rvec))[0])
        return Camera.from_intrinsics(K, (), R, t, size)

    def errors(parameters: Floats) -> Floats:
        camera = camera_at(np.exp(parameters[0]), parameters[1:4], parameters[4:])
        predicted, _ = camera.ground2image(ground)
        return np.nan_to_num(predicted - pixels, nan=1e4).ravel()

    K = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
    start = camera_of_homography(H, K, (), size).H_ground2view
    R = np.column_stack([start[:, :2], np.cross(start[:, 0], start[:, 1])])
    rvec = np.asarray(cv2.Rodrigues(R)[0]).ravel()
    solution = least_squares(errors, [np.log(focal), *rvec, *start[:, 2]], x_scale="jac").x
    posed = camera_at(float(np.exp(solution[0])), solution[1:4], solution[4:])
    of_pose, of_bare = (
        np.sqrt(np.mean(residuals(c, ground, pixels).pixels ** 2)) for c in (posed, bare)
    )
    fits = of_pose < FOCAL_FIT * of_bare + max(size) / 1000
    return posed if fits and camera_fault(posed) is None else bare


def _refuse_misfit(camera: Camera, ground: Floats, pixels: Floats) -> None:
    error = np.nan_to_num(residuals(camera, ground, pixels).pixels, nan=np.inf)
    worst = int(error.argmax())
    if error[worst] > WORST_RESIDUAL * np.hypot(*camera.image_size):
        raise InputError(
            f"the points don't fit one plane: point {worst + 1} is {error[worst]:.0f} pixels from "
            "where the others put it; was it swapped or mistyped?"
        )
