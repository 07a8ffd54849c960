"""Several cameras in parallel arrays: points of all of them are mapped in one go.

The same mathematics as `calibration.camera`, to rounding, for the inner loop of tracking: there a
few points of each of many cameras are mapped, and one call for each camera costs more than the
arithmetic. Only lenses that bend are asked one by one.
"""

from collections.abc import Sequence

import numpy as np

from calibration.camera import HORIZON, Bools, Camera, Floats, Ints
from calibration.lens import WIDEST_RADIUS, BrownLens, Lens

__all__ = ["CameraStack"]


class CameraStack:
    """V cameras. Methods take `of`, the index of the camera of each point, and broadcast it.

    positions: (V, 3) metres, NaN where a camera knows only the ground. image_sizes: (V, 2) pixels.
    What can't be mapped is NaN.
    """

    def __init__(self, cameras: Sequence[Camera]) -> None:
        count = len(cameras)
        positions = [camera.position for camera in cameras]
        self.positions = np.array([_or_nan(p) for p in positions]).reshape(count, 3)
        self.image_sizes = np.array([c.image_size for c in cameras], float).reshape(count, 2)
        self._H = np.array([c.H_ground2view for c in cameras]).reshape(count, 3, 3)
        self._z_columns = np.array([_or_nan(c.z_column) for c in cameras]).reshape(count, 3)
        self._K = np.tile(np.eye(3), (count, 1, 1))
        self._widest = np.full(count, np.inf)
        self._lenses: dict[int, Lens] = {}
        for index, camera in enumerate(cameras):
            if isinstance(camera.lens, BrownLens) and camera.lens.is_straight:
                self._K[index] = camera.lens.K
                self._widest[index] = WIDEST_RADIUS
            elif camera.lens is not None:
                self._lenses[index] = camera.lens
        self._K_inverse = np.linalg.inv(self._K)
        self._view2plane: dict[float, Floats] = {}  # by the plane's height

    def world2image(self, of: Ints, ground: Floats, height: float = 0.0) -> Floats:
        """(..., 2) pixels of the points at ground (..., 2) and a height, all in metres."""
        view = _map(self._plane2view(height)[of], ground)
        depth = view[..., 2:]
        ideal = view[..., :2] / np.where(depth > HORIZON, depth, np.nan)
        pixels = _map(self._K[of], ideal)[..., :2]
        too_wide = np.hypot(ideal[..., 0], ideal[..., 1]) > self._widest[of]
        pixels[too_wide] = np.nan
        for here, lens in self._bent(of, pixels.shape[:-1]):
            known = here & np.isfinite(ideal[..., 0])
            bent, shown = lens.distort(ideal[known])
            pixels[known] = np.where(shown[:, None], bent, np.nan)
        return pixels

    def image2view(self, of: Ints, pixels: Floats) -> Floats:
        """(..., 2) the ideal view of pixels (..., 2): what `view2plane` takes."""
        ideal = _map(self._K_inverse[of], pixels)[..., :2]
        for here, lens in self._bent(of, pixels.shape[:-1]):
            view, valid = lens.undistort(pixels[here])
            ideal[here] = np.where(valid[:, None], view, np.nan)
        return ideal

    def view2plane(self, of: Ints, ideal: Floats, height: float = 0.0) -> Floats:
        """(..., 2) metres: where rays meet the plane of a height, in front of the camera."""
        if height not in self._view2plane:
            self._view2plane[height] = np.linalg.inv(self._plane2view(height))
        plane = _map(self._view2plane[height][of], ideal)
        depth = plane[..., 2:]  # one through it: positive where the ray meets the plane in front
        return np.asarray(plane[..., :2] / np.where(depth > HORIZON, depth, np.nan))

    def ground_covariance(self, of: Ints, ground: Floats, sigma: Floats) -> Floats:
        """(N, 2, 2) metres^2: what noise of sigma (N, 2) pixels becomes at ground points (N, 2).

        See `Camera.ground_covariance`.
        """
        H = self._H[of]
        view = _map(H, ground)
        ideal = view[:, :2] / view[:, 2:]
        slopes = (H[:, :2, :2] - ideal[:, :, None] * H[:, 2:, :2]) / view[:, 2:, None]
        lens_slopes = self._K[of, :2, :2]
        for here, lens in self._bent(of, of.shape):
            lens_slopes[here] = lens.jacobian(ideal[here])
        J = lens_slopes @ slopes
        a, b, c, d = J[:, 0, 0], J[:, 0, 1], J[:, 1, 0], J[:, 1, 1]
        adjugate = np.stack([d, -b, -c, a], axis=1).reshape(-1, 2, 2)
        spread = adjugate * (sigma / (a * d - b * c)[:, None])[:, None]
        return np.asarray(spread @ spread.swapaxes(1, 2))

    def _plane2view(self, height: float) -> Floats:
        """(V, 3, 3); NaN for a height above the ground of which a camera knows nothing."""
        if height == 0:
            return self._H
        H = self._H.copy()
        H[:, :, 2] += height * self._z_columns
        return H

    def _bent(self, of: Ints, shape: tuple[int, ...]) -> list[tuple[Bools, Lens]]:
        """Each lens that bends, and which of the points are its."""
        return [(np.broadcast_to(of == index, shape), lens) for index, lens in self._lenses.items()]


def _map(H: Floats, points: Floats) -> Floats:
    """(..., 3) homographies (..., 3, 3) of points (..., 2)."""
    return np.asarray(H[..., 0] * points[..., :1] + H[..., 1] * points[..., 1:] + H[..., 2])


def _or_nan(vector: Floats | None) -> Floats:
    return np.full(3, np.nan) if vector is None else vector
