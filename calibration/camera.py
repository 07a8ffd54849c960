"""A calibrated camera: where points of the world appear, and where pixels touch the ground.

The world is in metres, right-handed, z up, the ground at z = 0. Pixels are the calibration's own:
x to the right, y down, from the top left corner. (OpenCV counts from the middle of the first
pixel, boxes from its edge: half a pixel that no calibration can tell.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.lens import BrownLens, Lens

__all__ = ["Camera"]

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]
Ints = NDArray[np.integer]

HORIZON = 1e-12  # how near the horizon a pixel may lie, as cosine times scale


@dataclass(frozen=True, eq=False)
class Camera:
    """A value: never changed after construction. Use the named constructors.

    H_ground2view: (3, 3) ground metres -> homogeneous view, whose third coordinate is positive
    in front of the camera. The view is pixels where `lens` is None, else the lens' ideal view.
    z_column: (3,) what a metre of height adds to it; None where only the ground is known.
    image_size: (width, height) pixels.

    Every method takes N = 0. Points that can't be mapped have `valid` False and are NaN.
    """

    H_ground2view: Floats
    z_column: Floats | None
    lens: Lens | None
    image_size: tuple[int, int]

    def __post_init__(self) -> None:
        if self.H_ground2view.shape != (3, 3) or not np.isfinite(self.H_ground2view).all():
            raise ValueError("the ground's homography must be 3x3 finite numbers")
        singular = np.linalg.svd(self.H_ground2view / _row_scale(self.H_ground2view))[1]
        if singular[2] < 1e-10 * singular[0]:
            raise ValueError("the ground's homography is singular: the camera lies in the ground")
        if min(self.image_size) < 1:
            raise ValueError(f"an image of {self.image_size[0]}x{self.image_size[1]} pixels")

    @classmethod
    def from_intrinsics(
        cls,
        K: ArrayLike,
        distortion: ArrayLike,
        R_world2cam: ArrayLike,
        t_world2cam: ArrayLike,
        image_size: Sequence[int],
    ) -> "Camera":
        """From a camera matrix (3, 3), OpenCV's distortion (0, 4, 5 or 8 numbers) and a pose.

        A point X of the world is at `R_world2cam @ X + t_world2cam` in the camera's frame (x right,
        y down, z forward). R: (3, 3), t: (3,) metres.
        Raises ValueError: wrong shapes, a K that is no camera matrix, an R that is no rotation
        (a determinant of -1 is a mirrored axis).
        """
        lens = BrownLens(_camera_matrix(K), np.asarray(distortion, float))
        return cls.from_lens(lens, R_world2cam, t_world2cam, image_size)

    @classmethod
    def from_lens(
        cls, lens: Lens, R_world2cam: ArrayLike, t_world2cam: ArrayLike, image_size: Sequence[int]
    ) -> "Camera":
        """From any lens and a pose; see `from_intrinsics`."""
        R, t = _matrix(R_world2cam, (3, 3), "R"), _matrix(t_world2cam, (3,), "t")
        if np.abs(R @ R.T - np.eye(3)).max() > 1e-4:
            raise ValueError("R is no rotation: its rows aren't orthogonal unit vectors")
        if np.linalg.det(R) < 0:
            raise ValueError("R mirrors the world (determinant -1): an axis points the wrong way")
        return cls(np.column_stack([R[:, :2], t]), R[:, 2], lens, _size(image_size))

    @classmethod
    def from_projection(cls, P_world2image: ArrayLike, image_size: Sequence[int]) -> "Camera":
        """From a 3x4 projection of the world in metres to homogeneous pixels, of any scale.

        Its sign is chosen for a right-handed world. Raises ValueError: not 3x4, singular.
        """
        P = _matrix(P_world2image, (3, 4), "P")
        determinant = np.linalg.det(P[:, :3] / _row_scale(P[:, :3]))
        if abs(determinant) < 1e-10:
            raise ValueError("P is singular: its left 3x3 block has no inverse")
        P = P * np.sign(determinant) / np.linalg.norm(P[2, :3])
        return cls(P[:, [0, 1, 3]], P[:, 2], None, _size(image_size))

    @classmethod
    def from_homography(cls, H_ground2image: ArrayLike, image_size: Sequence[int]) -> "Camera":
        """From a 3x3 homography of ground metres to homogeneous pixels, of any scale.

        Its sign is chosen so that the middle of the image's lower edge shows the ground.
        Raises ValueError: not 3x3, singular.
        """
        H = _matrix(H_ground2image, (3, 3), "H")
        width, height = size = _size(image_size)
        try:
            depth_sign = np.sign(np.linalg.solve(H, [width / 2, height, 1])[2])
        except np.linalg.LinAlgError:
            raise ValueError("H is singular: its ground points lie on a line") from None
        return cls(H * (depth_sign or 1.0) / np.linalg.norm(H[2]), None, None, size)

    @property
    def position(self) -> Floats | None:
        """(3,) where the camera is, metres; None where only a homography is known."""
        if self.z_column is None:
            return None
        H = self.H_ground2view
        return -np.linalg.solve(np.column_stack([H[:, :2], self.z_column]), H[:, 2])

    def world2image(self, points: ArrayLike) -> tuple[Floats, Bools]:
        """World (N, 3) metres -> pixels (N, 2), and which points lie in front of the camera.

        A pixel may lie outside the image: ask `in_image`. A camera that knows only the ground
        maps only points of height 0.
        """
        points = np.asarray(points, float).reshape(-1, 3)
        ground = np.column_stack([points[:, :2], np.ones(len(points))])
        view = ground @ self.H_ground2view.T
        if self.z_column is not None:
            view = view + points[:, 2:] * self.z_column
        valid = view[:, 2] > HORIZON
        if self.z_column is None:
            valid &= points[:, 2] == 0
        pixels: Floats
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels = view[:, :2] / view[:, 2:]
        pixels[~valid] = 0
        if self.lens is not None:
            pixels, shown = self.lens.distort(pixels)
            valid &= shown
        return np.where(valid[:, None], pixels, np.nan), valid

    def ground2image(self, points: ArrayLike) -> tuple[Floats, Bools]:
        """Ground (N, 2) metres -> pixels (N, 2), and which points lie in front of the camera."""
        points = np.asarray(points, float).reshape(-1, 2)
        return self.world2image(np.column_stack([points, np.zeros(len(points))]))

    def image2ground(self, pixels: ArrayLike, height: float = 0.0) -> tuple[Floats, Bools]:
        """Pixels (N, 2) -> where their rays meet the plane z = `height`, (N, 2) metres.

        Valid is False above the plane's horizon and, at a height other than 0, for a camera that
        knows only the ground.
        """
        pixels = np.asarray(pixels, float).reshape(-1, 2)
        H_plane2view = self._plane2view(height)
        if H_plane2view is None:
            return np.full(pixels.shape, np.nan), np.zeros(len(pixels), bool)
        view, valid = self._undistort(pixels)
        rays = np.column_stack([view, np.ones(len(view))])
        plane = rays @ np.linalg.inv(H_plane2view).T
        # The third coordinate is 1 / depth: positive where the ray meets the plane in front.
        valid = valid & (plane[:, 2] > HORIZON)
        with np.errstate(divide="ignore", invalid="ignore"):
            points = plane[:, :2] / plane[:, 2:]
        return np.where(valid[:, None], points, np.nan), valid

    def ground_covariance(
        self, pixels: ArrayLike, pixel_sigma: ArrayLike, height: float = 0.0
    ) -> Floats:
        """(N, 2, 2) metres^2: what noise of the pixels (N, 2) becomes on the plane z = `height`.

        pixel_sigma: standard deviation in pixels, one number, (2,) for x and y, or (N, 2). First
        order: good while the noise is small against the distance to the horizon. NaN where
        `image2ground` isn't valid.
        """
        pixels = np.asarray(pixels, float).reshape(-1, 2)
        points, _ = self.image2ground(pixels, height)
        H = self._plane2view(height)
        if H is None:
            return np.full((len(pixels), 2, 2), np.nan)
        view = np.column_stack([points, np.ones(len(points))]) @ H.T
        ideal = view[:, :2] / view[:, 2:]
        J_plane2image = (H[None, :2, :2] - ideal[:, :, None] * H[None, 2:, :2]) / view[
            :, 2, None, None
        ]
        if self.lens is not None:
            J_plane2image = self.lens.jacobian(ideal) @ J_plane2image
        known = np.isfinite(J_plane2image).all(axis=(1, 2))
        J_image2plane = np.full(J_plane2image.shape, np.nan)
        J_image2plane[known] = np.linalg.inv(J_plane2image[known])
        spread = (
            J_image2plane * np.broadcast_to(np.asarray(pixel_sigma, float), pixels.shape)[:, None]
        )
        return spread @ np.swapaxes(spread, 1, 2)

    def expected_height(self, feet: ArrayLike, person_height: float) -> Floats:
        """(N,) pixels from the feet (N, 2 pixels) up to the head of a person of this height (m).

        NaN where unknown: feet above the horizon, a head behind the camera, a camera that knows
        only the ground.
        """
        feet = np.asarray(feet, float).reshape(-1, 2)
        ground, _ = self.image2ground(feet)
        heads, _ = self.world2image(np.column_stack([ground, np.full(len(feet), person_height)]))
        return feet[:, 1] - heads[:, 1]

    def in_image(self, pixels: ArrayLike) -> Bools:
        """(N,) which pixels (N, 2) lie inside the image; NaN doesn't."""
        pixels = np.asarray(pixels, float).reshape(-1, 2)
        inside = (pixels >= 0) & (pixels <= self.image_size)
        return inside[:, 0] & inside[:, 1]

    def scaled(self, factor: float | tuple[float, float]) -> "Camera":
        """The camera of the same picture resized by one factor, or by one for x and one for y."""
        x, y = (factor, factor) if isinstance(factor, int | float) else factor
        size = _size([round(self.image_size[0] * x), round(self.image_size[1] * y)])
        if self.lens is not None:
            return Camera(self.H_ground2view, self.z_column, self.lens.scaled(x, y), size)
        S = np.diag([x, y, 1.0])
        z_column = None if self.z_column is None else S @ self.z_column
        return Camera(S @ self.H_ground2view, z_column, None, size)

    def _plane2view(self, height: float) -> Floats | None:
        if height == 0:
            return self.H_ground2view
        if self.z_column is None:
            return None
        H = self.H_ground2view.copy()
        H[:, 2] += height * self.z_column
        return H

    def _undistort(self, pixels: Floats) -> tuple[Floats, Bools]:
        if self.lens is None:
            return pixels, np.isfinite(pixels.sum(axis=1))
        return self.lens.undistort(pixels)


def _matrix(values: ArrayLike, shape: tuple[int, ...], name: str) -> Floats:
    matrix = np.array(values, float)
    if matrix.size == np.prod(shape) and len(shape) == 1:
        matrix = matrix.ravel()
    if matrix.shape != shape:
        expected = "x".join(map(str, shape))
        raise ValueError(f"{name} has the shape {matrix.shape}; expected {expected}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} holds numbers that aren't finite")
    return matrix


def _camera_matrix(values: ArrayLike) -> Floats:
    K = _matrix(values, (3, 3), "K")
    if K[0, 0] <= 0 or K[1, 1] <= 0 or abs(K[1, 0]) + np.abs(K[2] - [0, 0, 1]).max() > 1e-9:
        raise ValueError("K is no camera matrix: expected [[fx, s, cx], [0, fy, cy], [0, 0, 1]]")
    return K


def _size(image_size: Sequence[int]) -> tuple[int, int]:
    width, height = image_size
    return int(width), int(height)


def _row_scale(matrix: Floats) -> Floats:
    """(3, 1) lengths of the rows: pixels and depths have other sizes than 1."""
    return np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), np.finfo(float).tiny)
