"""From the ground to boxes: how a person would be boxed, and how much of them a camera can see."""

import numpy as np

from calibration.camera_stack import CameraStack
from configs.compiling import kernel
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
    places = np.ascontiguousarray(positions, np.float64)
    shares = _shares(np.ascontiguousarray(boxes), cameras.image_sizes, cameras.positions, places)
    flat = np.flatnonzero(np.isnan(cameras.positions[:, 0]))
    if len(flat):
        feet = cameras.world2image(flat[:, None], positions)
        limits = cameras.image_sizes[flat, None]
        shares[flat] = ((feet >= 0) & (feet <= limits)).all(axis=2)
    return shares


@kernel("f8(f8, f8, f8, f8)")
def _area(left: float, top: float, right: float, bottom: float) -> float:
    return max(right - left, 0.0) * max(bottom - top, 0.0)


@kernel("f8[:, ::1](f8[:, :, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])")
def _shares(
    boxes: FloatArray, sizes: FloatArray, cameras: FloatArray, positions: FloatArray
) -> FloatArray:
    """The same for cameras that stand at places (V, 3), with images of sizes (V, 2)."""
    views, count = boxes.shape[:2]
    shares, inside, distance = np.zeros((views, count)), np.empty((count, 4)), np.empty(count)
    for v in range(views):
        for n in range(count):
            distance[n] = np.inf  # whose box isn't known hides nobody
            if np.isfinite(boxes[v, n].sum()):
                for side in range(4):
                    inside[n, side] = min(max(boxes[v, n, side], 0.0), sizes[v, side % 2])
                x, y = positions[n, 0] - cameras[v, 0], positions[n, 1] - cameras[v, 1]
                distance[n] = x * x + y * y
        for n in range(count):
            if distance[n] == np.inf:
                continue
            left, top, right, bottom = inside[n, 0], inside[n, 1], inside[n, 2], inside[n, 3]
            covered = 0.0
            for other in range(count):
                if distance[other] < distance[n]:
                    shared = _area(
                        max(left, inside[other, 0]),
                        max(top, inside[other, 1]),
                        min(right, inside[other, 2]),
                        min(bottom, inside[other, 3]),
                    )
                    covered = max(covered, shared)
            whole = _area(boxes[v, n, 0], boxes[v, n, 1], boxes[v, n, 2], boxes[v, n, 3])
            share = (_area(left, top, right, bottom) - covered) / max(whole, 1e-9)
            shares[v, n] = min(max(share, 0.0), 1.0)
    return shares
