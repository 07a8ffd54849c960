"""Pinhole cameras. World: metres, z up; camera: x right, y down, z forward.

Images: pixel i covers [i, i + 1), so the middle of an image `w` wide lies at w / 2.
"""

from dataclasses import dataclass, replace

import numpy as np
from assets import FloatArray

__all__ = ["Camera", "enclosing_box"]

NEAR, FAR = 0.1, 80.0  # metres


@dataclass(frozen=True)
class Camera:
    """`K` (3, 3) pixels, `R_world2cam` (3, 3), `position` (3,) metres, `size` (width, height)."""

    K: FloatArray
    R_world2cam: FloatArray
    position: FloatArray
    size: tuple[int, int]

    @classmethod
    def looking_at(
        cls, position: FloatArray, target: FloatArray, focal: float, size: tuple[int, int]
    ) -> "Camera":
        """An upright camera at `position` whose axis meets `target`; `focal` in pixels.

        The axis must not be vertical.
        """
        forward = np.asarray(target, float) - position
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        rotation = np.stack([right, np.cross(forward, right), forward])
        K = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1.0]])
        return cls(K, rotation, np.asarray(position, float), size)

    def project(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(N, 3) world points -> (N, 2) pixels and (N,) depths; pixels of depths <= 0 are void."""
        seen = (points - self.position) @ self.R_world2cam.T
        depth = seen[:, 2]
        image = seen @ self.K.T
        return image[:, :2] / np.where(depth > NEAR, depth, np.inf)[:, None], depth

    def window(self, box: FloatArray, size: tuple[int, int]) -> "Camera":
        """The camera whose image is this one's `box` (left, top, right, bottom), stretched."""
        stretch = np.array([size[0] / (box[2] - box[0]), size[1] / (box[3] - box[1])])
        move = np.array(
            [
                [stretch[0], 0, -box[0] * stretch[0]],
                [0, stretch[1], -box[1] * stretch[1]],
                [0, 0, 1],
            ]
        )
        return replace(self, K=move @ self.K, size=size)

    def view_projection(self) -> FloatArray:
        """(4, 4) from world points to OpenGL's clip space."""
        width, height = self.size
        K = self.K
        clip = np.array(
            [
                [2 * K[0, 0] / width, 0, 2 * K[0, 2] / width - 1, 0],
                [0, -2 * K[1, 1] / height, 1 - 2 * K[1, 2] / height, 0],
                [0, 0, (FAR + NEAR) / (FAR - NEAR), -2 * FAR * NEAR / (FAR - NEAR)],
                [0, 0, 1, 0],
            ]
        )
        view = np.eye(4)
        view[:3, :3] = self.R_world2cam
        view[:3, 3] = -self.R_world2cam @ self.position
        return clip @ view


def enclosing_box(camera: Camera, points: FloatArray) -> FloatArray:
    """(4,) left, top, right, bottom of (N, 3) points that are in front of the camera, unclipped.

    All zero if none is.
    """
    pixels, depth = camera.project(points)
    pixels = pixels[depth > NEAR]
    if not len(pixels):
        return np.zeros(4)
    return np.concatenate([pixels.min(0), pixels.max(0)])
