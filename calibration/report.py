"""What a calibration is worth: residuals in pixels and centimetres, and pictures of the grid."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.drawing import draw_ground_grid, draw_points
from calibration.pose import Residuals, residuals
from calibration.rig import Rig

__all__ = [
    "CameraReport",
    "describe",
    "first_picture",
    "picture_of",
    "report_camera",
    "reports_of_rig",
]

Image = NDArray[np.uint8]
Floats = NDArray[np.floating]

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
FOOT_NOISE = 0.005  # of the image's height: how well feet can be pointed at


@dataclass(frozen=True)
class CameraReport:
    """One camera. points: None where no marked points were given. picture: with the grid."""

    camera: Camera
    points: Residuals | None
    picture: Image


def reports_of_rig(
    rig: Rig,
    points: Mapping[str, tuple[Floats, Floats]],
    pictures: Path | None = None,
) -> dict[str, CameraReport]:
    """A report of every calibrated camera, by name.

    points: ground and pixels by camera. pictures: a folder with `<camera>.png` or .jpg; without
    one the first frame of each camera's source is taken, or a grey canvas.
    """
    return {
        name: report_camera(camera, points.get(name), picture_of(rig, name, pictures))
        for name, camera in rig.cameras.items()
    }


def report_camera(
    camera: Camera, points: tuple[Floats, Floats] | None, picture: Image | None
) -> CameraReport:
    """Residuals at the marked points, and the picture with grid and points drawn in."""
    if picture is None:
        picture = np.full((camera.image_size[1], camera.image_size[0], 3), 96, np.uint8)
    drawn = draw_ground_grid(picture, camera)
    if points is None:
        return CameraReport(camera, None, drawn)
    errors = residuals(camera, *points)
    scale = np.array(drawn.shape[1::-1]) / camera.image_size
    drawn = draw_points(drawn, points[1] * scale, errors.predicted * scale)
    return CameraReport(camera, errors, drawn)


def describe(name: str, report: CameraReport) -> list[str]:
    """Lines for people: where the camera hangs, what a pixel means, every point's residual."""
    camera = report.camera
    width, height = camera.image_size
    lines = [f"{name}: {width}x{height}, " + _where(camera)]
    feet = [[width / 2, height * part] for part in (1.0, 0.75, 0.5)]
    spread = camera.ground_covariance(feet, height * FOOT_NOISE)
    metres = [f"{np.sqrt(np.trace(s)):.2f}" if np.isfinite(s).all() else "-" for s in spread]
    lines.append(
        f"  {height * FOOT_NOISE:.1f} px are {metres[0]} m at the lower edge, {metres[1]} m at "
        f"three quarters, {metres[2]} m at half of the image's height"
    )
    if report.points is None:
        return lines
    pixels, centimetres = report.points.pixels, report.points.metres * 100
    for number, (px, cm) in enumerate(zip(pixels, centimetres, strict=True), 1):
        lines.append(f"  point {number}: {px:.1f} px, {cm:.1f} cm")
    lines.append(
        f"  {len(pixels)} points: rms {np.sqrt(np.mean(pixels**2)):.2f} px, "
        f"{np.sqrt(np.mean(centimetres**2)):.2f} cm; worst {pixels.max():.1f} px, "
        f"{centimetres.max():.1f} cm"
    )
    if len(pixels) == 4:
        lines.append("  (4 points fit a homography exactly: mark more to learn the error)")
    return lines


def first_picture(source: str) -> Image | None:
    """The first picture of a video, a picture file or a folder of pictures; None if unreadable."""
    path = Path(source)
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES)
        path = inside[0] if inside else path
    if path.suffix.lower() in PICTURE_SUFFIXES:
        picture = cv2.imread(str(path))
        return None if picture is None else np.asarray(picture, np.uint8)
    if not path.is_file():
        return None
    try:
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
            return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    except (av.FFmpegError, StopIteration, IndexError):
        return None


def picture_of(rig: Rig, name: str, pictures: Path | None) -> Image | None:
    """A camera's picture in a folder, or its source's first; None where there is none."""
    if pictures is None:
        return first_picture(rig.sources[name]) if name in rig.sources else None
    candidates = (pictures / f"{name}{suffix}" for suffix in PICTURE_SUFFIXES)
    return next((first_picture(str(path)) for path in candidates if path.is_file()), None)


def _where(camera: Camera) -> str:
    position = camera.position
    if position is None:
        return "a bare homography: heights above the ground are unknown"
    x, y, z = position
    return f"at x {x:.2f}, y {y:.2f} m, {z:.2f} m above the ground"
