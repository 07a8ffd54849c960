"""From the ground to boxes: how a person would be boxed, and how much of them a camera can see."""

import numpy as np

from calibration.camera_stack import CameraStack
from tracker.boxes import areas
from tracker.types import FloatArray

__all__ = ["expected_boxes", "visible_shares"]

SLENDERNESS = 0.36  # of a standing person: width through height


def expected_boxes(cameras: CameraStack, positions: FloatArray, height: float) -> FloatArray:
    """(V, N, 4) how people of a height would be boxed at positions (N, 2) by each of V cameras.

    NaN where they can't be, and everywhere for a camera that knows only the ground.
    """
    of = np.arange(len(cameras.positions))[:, None]
    lower = cameras.world2image(of, positions)
    upper = cameras.world2image(of, positions, height)
    half = SLENDERNESS / 2 * (lower[..., 1] - upper[..., 1])
    middle = (lower[..., 0] + upper[..., 0]) / 2
    return np.stack([middle - half, upper[..., 1], middle + half, lower[..., 1]], axis=2)


def visible_shares(cameras: CameraStack, positions: FloatArray, boxes: FloatArray) -> FloatArray:
    """(V, N) the share of each expected box (V, N, 4) that the image holds and nobody nearer hides.

    0 for a box that is NaN. For a camera that knows only the ground: 1 where the feet are in
    the image, else 0.
    """
    known = np.isfinite(boxes.sum(axis=2))
    boxes = np.where(known[..., None], boxes, 0.0)
    sizes = np.concatenate([cameras.image_sizes, cameras.image_sizes], axis=1)[:, None]
    inside = np.minimum(np.maximum(boxes, 0), sizes)
    overlap = np.minimum(inside[:, :, None, 2:], inside[:, None, :, 2:])
    overlap -= np.maximum(inside[:, :, None, :2], inside[:, None, :, :2])
    overlap = np.maximum(overlap, 0)
    covered = overlap[..., 0] * overlap[..., 1]
    distance = ((positions - cameras.positions[:, None, :2]) ** 2).sum(axis=2)
    # Only those who are nearer hide.
    covered = np.where(distance[:, None] < distance[:, :, None], covered, 0.0)
    shares = (areas(inside) - covered.max(axis=2, initial=0.0)) / np.maximum(areas(boxes), 1e-9)
    shares = np.where(known, np.minimum(np.maximum(shares, 0), 1), 0.0)
    flat = np.flatnonzero(np.isnan(cameras.positions[:, 0]))
    if len(flat):
        feet = cameras.world2image(flat[:, None], positions)
        limits = cameras.image_sizes[flat, None]
        shares[flat] = ((feet >= 0) & (feet <= limits)).all(axis=2)
    return shares
