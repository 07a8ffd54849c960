"""Small errors of calibration, learned from the people whom several cameras see at once."""

import numpy as np

from tracker.types import FloatArray, IntArray

__all__ = ["Alignments"]

PATIENCE = 30.0  # sightings that the assumption of no error is worth
MEMORY = 2000.0  # sightings after which older ones begin to count less
MOST = np.array(
    [0.1, 0.15]
)  # radians, and nats of range, beyond which a rig is wrong rather than inexact


class Alignments:
    """By how much each of several cameras turns the ground and stretches it away from itself.

    Only what cameras disagree about can be learned: an error that all share stays. A camera
    that knows only the ground isn't aligned. Methods take `of`, (N,) the index of the camera of
    each point.
    """

    def __init__(self, positions: FloatArray) -> None:
        """positions: (V, 3) of the cameras, metres, NaN where one knows only the ground."""
        self._centres = np.nan_to_num(positions[:, :2])
        self._known = np.isfinite(positions[:, 0])
        self._errors = np.zeros((len(positions), 2))  # bearing, log of range
        self._weights = np.full(len(positions), PATIENCE)

    def correct(self, of: IntArray, points: FloatArray) -> FloatArray:
        """(N, 2) the cameras' ground points (N, 2), metres, without their errors."""
        bearing, stretch = self._errors.T
        back = np.exp(-stretch) * [np.cos(bearing), np.sin(bearing)]
        cos, sin = back[:, of]
        centres = self._centres[of]
        x, y = (points - centres).T
        return centres + np.stack([cos * x + sin * y, cos * y - sin * x], axis=1)

    def learn(self, of: IntArray, points: FloatArray, places: FloatArray) -> None:
        """Take in (N, 2) corrected ground points of people who really are at places (N, 2)."""
        a, b = (points - self._centres[of]).T, (places - self._centres[of]).T
        bearing = np.arctan2(b[0] * a[1] - b[1] * a[0], b[0] * a[0] + b[1] * a[1])
        with np.errstate(divide="ignore"):
            stretch = np.log(np.hypot(*a)) - np.log(np.maximum(np.hypot(*b), 1e-6))
        good = self._known[of] & np.isfinite(stretch)
        of, count = of[good], len(self._weights)
        sums = [np.bincount(of, error[good], count) for error in (bearing, stretch)]
        self._weights = np.minimum(self._weights, MEMORY) + np.bincount(of, minlength=count)
        errors = self._errors + np.stack(sums, axis=1) / self._weights[:, None]  # running means
        self._errors = np.clip(errors, -MOST, MOST)
