"""From boxes to the ground and back: where a person stands, and how one would be boxed."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from calibration.camera import Camera
from configs import Settings
from tracker.boxes import areas, feet
from tracker.types import BoolArray, FloatArray

__all__ = ["FootprintSettings", "Footprints", "expected_boxes", "locate", "visible_shares"]


class FootprintSettings(Settings):
    """How well a box tells where somebody stands."""

    box_noise: float = Field(default=0.06, gt=0)
    """Standard deviation of a box's edges, as a share of its height."""
    min_pixel_noise: float = Field(default=2.0, gt=0)
    """Pixels that the edges of small boxes are uncertain by at least."""
    ground_noise: float = Field(default=0.15, gt=0)
    """Metres that a footprint's middle is uncertain by even in a perfect box: feet move."""
    radius: float = Field(default=0.15, ge=0)
    """Metres from a person's middle to the point of the footprint that is nearest the camera,
    which is what the lower edge of a box touches."""
    person_height: float = Field(default=1.7, gt=0)
    """Metres; used for boxes cut off or hidden below, and for who hides whom."""
    min_height: float = Field(default=1.1, ge=0)
    """Metres: a box whose top would be lower than this over its feet has hidden feet."""


@dataclass(frozen=True)
class Footprints:
    """Where the people of one camera's N boxes stand.

    points: (N, 2) metres. covariances: (N, 2, 2) metres^2. valid: (N,) False where a box's feet
    lie above the horizon; points and covariances are then NaN.
    """

    points: FloatArray
    covariances: FloatArray
    valid: BoolArray


def locate(camera: Camera, boxes: FloatArray, settings: FootprintSettings) -> Footprints:
    """The footprints of boxes (N, 4): the middle of the lower edge, moved away from the camera.

    A box that reaches the image's lower border, or is too short for a person who stands where its
    feet seem to be, has its feet cut off or hidden: then the head at `person_height` tells, with
    the uncertainty of a height known to 10 cm.
    """
    heights = boxes[:, 3] - boxes[:, 1]
    sigma = np.maximum(settings.box_noise * heights, settings.min_pixel_noise)
    noise = np.repeat(sigma[:, None], 2, axis=1)
    lower = feet(boxes)
    points, valid = camera.image2ground(lower)
    covariances = camera.ground_covariance(lower, noise)
    position = camera.position
    if position is not None:
        away = points - position[:2]
        distance = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
        points = points + settings.radius * away / distance
        points, covariances, valid = _use_heads(
            camera, boxes, noise, (points, covariances, valid), settings
        )
    covariances = covariances + settings.ground_noise**2 * np.eye(2)
    return Footprints(points, covariances, valid & np.isfinite(covariances).all(axis=(1, 2)))


def _use_heads(
    camera: Camera,
    boxes: FloatArray,
    noise: FloatArray,
    by_feet: tuple[FloatArray, FloatArray, BoolArray],
    settings: FootprintSettings,
) -> tuple[FloatArray, FloatArray, BoolArray]:
    points, covariances, valid = by_feet
    shortest = camera.expected_height(feet(boxes), settings.min_height)
    cut = boxes[:, 3] >= camera.image_size[1] - 2
    hidden = cut | (boxes[:, 3] - boxes[:, 1] < np.nan_to_num(shortest, nan=0.0)) | ~valid
    if not hidden.any():
        return by_feet
    heads = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 1]])[hidden]
    tall, seen = camera.image2ground(heads, settings.person_height)
    taller, _ = camera.image2ground(heads, settings.person_height + 0.1)
    spread = (taller - tall)[:, :, None]
    by_head = camera.ground_covariance(heads, noise[hidden], settings.person_height)
    points, covariances, valid = points.copy(), covariances.copy(), valid.copy()
    points[hidden], valid[hidden] = tall, seen
    covariances[hidden] = by_head + spread * spread.swapaxes(1, 2)
    return points, covariances, valid


def expected_boxes(camera: Camera, positions: FloatArray, height: float) -> FloatArray:
    """(N, 4) how people of a height would be boxed at positions (N, 2); NaN where they can't be.

    A camera that knows only the ground gives NaN everywhere.
    """
    ground = np.column_stack([positions, np.zeros(len(positions))])
    lower, _ = camera.world2image(ground)
    upper, _ = camera.world2image(ground + np.array([0, 0, height]))
    half = 0.18 * (lower[:, 1] - upper[:, 1])
    middle = (lower[:, 0] + upper[:, 0]) / 2
    return np.column_stack([middle - half, upper[:, 1], middle + half, lower[:, 1]])


def visible_shares(camera: Camera, positions: FloatArray, boxes: FloatArray) -> FloatArray:
    """(N,) the share of each expected box that the image holds and nobody nearer hides.

    0 for a box that is NaN. For a camera that knows only the ground: 1 where the feet are in
    the image, else 0.
    """
    if camera.position is None:
        lower, _ = camera.ground2image(positions)
        return camera.in_image(lower).astype(float)
    width, height = camera.image_size
    known = np.isfinite(boxes.sum(axis=1))
    boxes = np.where(known[:, None], boxes, 0.0)
    inside = np.clip(boxes, 0, [width, height, width, height])
    full = np.maximum(areas(boxes), 1e-9)
    overlap_x = np.minimum(inside[:, None, 2], inside[:, 2]) - np.maximum(
        inside[:, None, 0], inside[:, 0]
    )
    overlap_y = np.minimum(inside[:, None, 3], inside[:, 3]) - np.maximum(
        inside[:, None, 1], inside[:, 1]
    )
    covered = np.maximum(overlap_x, 0) * np.maximum(overlap_y, 0)
    distance = np.asarray(np.linalg.norm(positions - camera.position[:2], axis=1))
    nearer = np.less(distance, distance[:, None])
    shares = (areas(inside) - (covered * nearer).max(axis=1, initial=0.0)) / full
    return np.where(known, np.clip(shares, 0, 1), 0.0)
