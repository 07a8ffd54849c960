"""Geometry that can't be right, with the reason: what people get wrong when they calibrate."""

import numpy as np
from numpy.typing import ArrayLike

from calibration.camera import Camera

__all__ = ["camera_fault", "points_fault"]

HIGHEST = 150.0  # metres a camera may hang above the ground
LOWEST = 0.1
WIDEST_LOWER_EDGE = 300.0  # metres of ground along the image's lower edge
NARROWEST_LOWER_EDGE = 0.05
THIN = 0.02  # ratio of a point cloud's extents below which it counts as a line


def camera_fault(camera: Camera) -> str | None:
    """Why this camera can't be one that looks down on the ground, or None.

    Found are: mirrored axes, a camera under the floor, an image whose lower edge is sky, and units
    other than metres (by the camera's height, or by the width of ground that the image's lower
    edge shows where only a homography is known).
    """
    position = camera.position
    if position is not None:
        fault = _height_fault(float(position[2]))
        if fault is not None:
            return fault
    width, height = camera.image_size
    edge, valid = camera.image2ground(
        [[width / 2, height], [width * 0.45, height], [width * 0.55, height]]
    )
    if not valid.all():
        return (
            "the lower edge of the image shows no ground: it is upside down, looks at the sky, "
            "or an axis of the world is mirrored"
        )
    if np.linalg.det(camera.H_ground2view) > 0:
        return (
            "the ground's axes are mirrored: seen from above, y must lie to the left of x; "
            "swap them or negate one"
        )
    return _width_fault(float(np.linalg.norm(edge[2] - edge[1]) * 10)) if position is None else None


def points_fault(ground: ArrayLike, pixels: ArrayLike, image_size: tuple[int, int]) -> str | None:
    """Why these marked points (N, 2 metres and N, 2 pixels) can't give a homography, or None.

    Found are: fewer than four, numbers that aren't finite, points outside the image, points marked
    twice, all (or all but one) on a line.
    """
    ground = np.asarray(ground, float).reshape(-1, 2)
    pixels = np.asarray(pixels, float).reshape(-1, 2)
    if len(ground) != len(pixels):
        return f"{len(ground)} ground points for {len(pixels)} pixels"
    if len(ground) < 4:
        return f"{len(ground)} marked points; at least 4 are needed"
    if not (np.isfinite(ground).all() and np.isfinite(pixels).all()):
        return "a marked point isn't a finite number"
    outside = np.flatnonzero(((pixels < 0) | (pixels > image_size)).any(axis=1))
    if len(outside):
        (x, y), (width, height) = pixels[outside[0]], image_size
        place = f"point {outside[0] + 1} at pixel ({x:g}, {y:g})"
        return f"{place} lies outside the {width}x{height} image"
    for points, place in ((ground, "on the ground"), (pixels, "in the image")):
        fault = _spread_fault(points, place)
        if fault is not None:
            return fault
    return None


def _height_fault(height: float) -> str | None:
    if height <= 0:
        return (
            f"the camera is {-height:.3g} m under the floor: z must point up from the ground, "
            "and x, y, z must be right-handed"
        )
    if height > HIGHEST:
        unit = "millimetres" if height > 1000 else "centimetres"
        return f"the camera is {height:.4g} m above the ground: this looks like {unit}, not metres"
    if height < LOWEST:
        return (
            f"the camera is {height:.3g} m above the ground: this looks like metres taken for "
            "centimetres or millimetres"
        )
    return None


def _width_fault(width: float) -> str | None:
    if width > WIDEST_LOWER_EDGE:
        return (
            f"the image's lower edge would be {width:.4g} m of ground: this looks like centimetres "
            "or millimetres, not metres"
        )
    if width < NARROWEST_LOWER_EDGE:
        return (
            f"the image's lower edge would be {width:.3g} m of ground: this looks like metres "
            "taken for centimetres or millimetres"
        )
    return None


def _spread_fault(points: np.ndarray, place: str) -> str | None:
    size = float(np.ptp(points, axis=0).max())
    distances = np.linalg.norm(points[:, None] - points, axis=2) + np.diag(
        np.full(len(points), np.inf)
    )
    first, second = sorted(np.unravel_index(distances.argmin(), distances.shape))
    if distances[first, second] <= 1e-6 * size:
        return f"points {first + 1} and {second + 1} are the same {place}"
    for left_out in (None, *range(len(points))):
        rest = points if left_out is None else np.delete(points, left_out, axis=0)
        extents = np.linalg.svd(rest - rest.mean(axis=0), compute_uv=False)
        if extents[1] < THIN * extents[0]:
            but = "" if left_out is None else f" but point {left_out + 1}"
            return f"all marked points{but} lie on a line {place}: mark some beside it"
    return None
