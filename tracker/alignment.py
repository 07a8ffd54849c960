"""Small errors of calibration, learned from the people whom several cameras see at once."""

import numpy as np

from calibration.camera import Camera
from tracker.types import FloatArray

__all__ = ["Alignment"]

PATIENCE = 30.0  # sightings that the assumption of no error is worth
MEMORY = 2000.0  # sightings after which older ones begin to count less
MOST = (0.1, 0.15)  # radians, and nats of range, beyond which a rig is wrong rather than inexact


class Alignment:
    """By how much one camera turns the ground and stretches it away from itself.

    Only what cameras disagree about can be learned: an error that all share stays. A camera
    that knows only the ground isn't aligned.
    """

    def __init__(self, camera: Camera) -> None:
        position = camera.position
        self._centre = None if position is None else position[:2]
        self._error = np.zeros(2)  # bearing, log of range
        self._weight = PATIENCE

    def correct(self, points: FloatArray) -> FloatArray:
        """(N, 2) the camera's ground points, metres, without its error."""
        if self._centre is None:
            return points
        bearing, stretch = self._error
        cos, sin = np.cos(bearing), np.sin(bearing)
        back = np.array([[cos, -sin], [sin, cos]]) * np.exp(-stretch)
        return self._centre + (points - self._centre) @ back

    def learn(self, points: FloatArray, places: FloatArray) -> None:
        """Take in (N, 2) corrected ground points of people who really are at places (N, 2)."""
        if self._centre is None or len(points) == 0:
            return
        a, b = points - self._centre, places - self._centre
        cross = b[:, 0] * a[:, 1] - b[:, 1] * a[:, 0]
        left = np.stack(
            [
                np.arctan2(cross, (a * b).sum(axis=1)),
                0.5 * np.log((a**2).sum(axis=1) / np.maximum((b**2).sum(axis=1), 1e-12)),
            ],
            axis=1,
        )
        left = left[np.isfinite(left).all(axis=1)]
        self._weight = min(self._weight, MEMORY) + len(left)
        error = self._error + left.sum(axis=0) / self._weight  # the running mean
        self._error = np.clip(error, -np.array(MOST), MOST)
