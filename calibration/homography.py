"""Homographies of the ground: from marked points, and the camera that one implies."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.camera import Camera

__all__ = ["camera_of_homography", "focal_of_homography", "homography_from_points"]

Floats = NDArray[np.floating]


def homography_from_points(source: ArrayLike, target: ArrayLike) -> Floats:
    """(3, 3) the homography of source (N, 2) to target (N, 2), N >= 4, by normalised DLT.

    The least algebraic error after Hartley's normalisation; exact for 4 points. Scaled to norm 1,
    its sign so that the points lie in front. Raises ValueError: fewer than 4 points.
    """
    source, target = (np.asarray(p, float).reshape(-1, 2) for p in (source, target))
    if len(source) < 4 or len(source) != len(target):
        raise ValueError(f"{len(source)} and {len(target)} points; a homography needs 4 pairs")
    S, T = _normaliser(source), _normaliser(target)
    x, y = (np.column_stack([source, np.ones(len(source))]) @ S.T)[:, :2].T
    u, v = (np.column_stack([target, np.ones(len(target))]) @ T.T)[:, :2].T
    one, zero = np.ones(len(x)), np.zeros(len(x))
    rows_u = np.stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u], axis=1)
    rows_v = np.stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v], axis=1)
    *_, right = np.linalg.svd(np.concatenate([rows_u, rows_v]), full_matrices=True)
    H = np.linalg.solve(T, right[-1].reshape(3, 3) @ S)
    depths = np.column_stack([source, np.ones(len(source))]) @ H[2]
    return H / np.linalg.norm(H) * (np.sign(np.median(depths)) or 1.0)


def focal_of_homography(H_ground2image: ArrayLike, image_size: tuple[int, int]) -> float | None:
    """Focal length in pixels that a ground homography implies, or None where it tells none.

    Square pixels and a principal point in the image's middle are assumed: then the two columns of
    K^-1 H must be orthogonal and of equal length (Zhang 2000). It is told badly by a camera that
    looks straight down or whose image's lower edge is parallel to an axis; then the better
    conditioned of the two conditions counts.
    """
    H = np.asarray(H_ground2image, float)
    shift = np.array([[1, 0, -image_size[0] / 2], [0, 1, -image_size[1] / 2], [0, 0, 1]])
    a, b = (shift @ H / np.linalg.norm(shift @ H))[:, :2].T
    # a.b = 0 and a.a = b.b, the first two coordinates divided by f^2: twice q + p / f^2 = 0.
    p = np.array([a[0] * b[0] + a[1] * b[1], (a[:2] ** 2).sum() - (b[:2] ** 2).sum()])
    q = np.array([a[2] * b[2], a[2] ** 2 - b[2] ** 2])
    if not p.any() or (q * q).sum() < 1e-24 * (p * p).sum():
        return None
    inverse_square = -float((p * q).sum() / (p * p).sum())
    if inverse_square <= 0:
        return None
    focal = inverse_square**-0.5
    return focal if 0.2 < focal / max(image_size) < 20 else None


def camera_of_homography(
    H_ground2image: ArrayLike, K: ArrayLike, distortion: ArrayLike, image_size: tuple[int, int]
) -> Camera:
    """The posed camera whose ground homography (without distortion) is nearest to this one.

    The homography's sign must put the ground that is seen in front (a positive third coordinate).
    Raises ValueError: a homography that no camera above the ground has.
    """
    K = np.asarray(K, float)
    columns = np.linalg.solve(K, np.asarray(H_ground2image, float))
    columns /= np.sqrt(np.linalg.norm(columns[:, 0]) * np.linalg.norm(columns[:, 1]))
    U, _, Vt = np.linalg.svd(
        np.column_stack([columns[:, :2], np.cross(columns[:, 0], columns[:, 1])])
    )
    return Camera.from_intrinsics(K, distortion, U @ Vt, columns[:, 2], image_size)


def _normaliser(points: Floats) -> Floats:
    """Moves points to mean 0 and mean distance sqrt(2)."""
    middle = points.mean(axis=0)
    scale = np.sqrt(2) / max(float(np.linalg.norm(points - middle, axis=1).mean()), 1e-12)
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])
