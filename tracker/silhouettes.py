"""From the ground to boxes: how a person would be boxed, and how much of them a camera can see."""

import numpy as np

from calibration.camera import Camera
from tracker.boxes import areas
from tracker.types import FloatArray

__all__ = ["expected_boxes", "visible_shares"]

SLENDERNESS = 0.36  # of a standing person: width through height


def expected_boxes(camera: Camera, positions: FloatArray, height: float) -> FloatArray:
    """(N, 4) how people of a height would be boxed at positions (N, 2); NaN where they can't be.

    A camera that knows only the ground gives NaN everywhere.
    """
    count = len(positions)
    ends = np.zeros((2 * count, 3))
    ends[:count, :2] = ends[count:, :2] = positions
    ends[count:, 2] = height
    pixels, _ = camera.world2image(ends)
    lower, upper = pixels[:count], pixels[count:]
    half = SLENDERNESS / 2 * (lower[:, 1] - upper[:, 1])
    middle = (lower[:, 0] + upper[:, 0]) / 2
    return np.stack([middle - half, upper[:, 1], middle + half, lower[:, 1]], axis=1)


def visible_shares(camera: Camera, positions: FloatArray, boxes: FloatArray) -> FloatArray:
    """(N,) the share of each expected box that the image holds and nobody nearer hides.

    0 for a box that is NaN. For a camera that knows only the ground: 1 where the feet are in
    the image, else 0.
    """
    position = camera.position
    if position is None:
        lower, _ = camera.ground2image(positions)
        return camera.in_image(lower).astype(float)
    width, height = camera.image_size
    known = np.isfinite(boxes.sum(axis=1))
    boxes = np.where(known[:, None], boxes, 0.0)
    inside = np.clip(boxes, 0, [width, height, width, height])
    low, high = inside[:, :2], inside[:, 2:]
    overlap = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    covered = np.maximum(overlap, 0).prod(axis=2)
    distance = ((positions - position[:2]) ** 2).sum(axis=1)
    covered[distance >= distance[:, None]] = 0  # only those who are nearer hide
    shares = (areas(inside) - covered.max(axis=1, initial=0.0)) / np.maximum(areas(boxes), 1e-9)
    return np.where(known, np.clip(shares, 0, 1), 0.0)
