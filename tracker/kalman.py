"""The box filter: one constant-velocity Kalman filter for all tracks of a camera at once.

The four coordinates of a box (centre x, centre y, width, height) don't influence one another, so
each track is four filters of two numbers, position and velocity, and every step of all of them is
closed-form arithmetic on `(N, 4)` arrays: no matrix is inverted and no track is looped over.

A state is an `(N, 5, 4)` array. Axis 1 holds the position in pixels, the velocity in pixels per
second, and the three different entries of their covariance: the position's variance, the
covariance, and the velocity's variance. Axis 2 holds the coordinates. All noise is relative to
the height of the box, since a person twice as near moves and errs by twice as many pixels
(Wojke et al., arXiv 1703.07402).
"""

import numpy as np
from pydantic import Field

from configs.settings import Settings
from tracker.types import FloatArray

__all__ = [
    "MotionSettings",
    "begin",
    "correct",
    "move_camera",
    "predict",
    "squared_distances",
    "state2boxes",
]

POSITION, VELOCITY, VARIANCE, COVARIANCE, VELOCITY_VARIANCE = range(5)
SMALLEST_SIDE = 1.0  # pixels: a prediction never collapses


class MotionSettings(Settings):
    """How people's boxes move, and how well a detector sees them. Lengths are in box heights."""

    measurement_noise: float = Field(default=0.05, gt=0)
    """Standard deviation of a detected box's centre and size, heights."""
    position_noise: float = Field(default=0.27, ge=0)
    """Random walk of the position beside its velocity, heights per square root of a second."""
    velocity_noise: float = Field(default=1.0, gt=0)
    """Random walk of the velocity, heights per second per square root of a second."""
    start_velocity: float = Field(default=2.0, gt=0)
    """Standard deviation of the unknown velocity of a new track, heights per second."""
    centre_memory: float = Field(default=10.0, gt=0)
    """Seconds after which a velocity of the centre, if nothing is seen, has decayed to 1/e."""
    size_memory: float = Field(default=0.5, gt=0)
    """Seconds after which a velocity of the size, if nothing is seen, has decayed to 1/e."""


def begin(boxes: FloatArray, settings: MotionSettings) -> FloatArray:
    """(N, 5, 4) states at rest at `boxes` (N, 4)."""
    states = np.zeros((len(boxes), 5, 4))
    states[:, POSITION] = _boxes2positions(boxes)
    height = states[:, POSITION, 3:]
    states[:, VARIANCE] = (settings.measurement_noise * height) ** 2
    states[:, VELOCITY_VARIANCE] = (settings.start_velocity * height) ** 2
    return states


def predict(
    states: FloatArray, seconds: float | FloatArray, settings: MotionSettings
) -> FloatArray:
    """The states `seconds` later, however long that is: many short steps equal one long one
    up to the damping of the added noise.

    The velocity decays as `exp(-t / memory)`; the noise of the step is that of a random walk of
    the velocity (white acceleration) plus one of the position. seconds: one number for all, or
    (N,) one for each.
    """
    seconds = np.reshape(seconds, (-1, 1))
    memory = np.array([settings.centre_memory] * 2 + [settings.size_memory] * 2)
    decay = np.exp(-seconds / memory)
    reach = memory * (1 - decay)  # how far a velocity of 1 carries
    position, velocity, variance, covariance, velocity_variance = states.transpose(1, 0, 2)
    squared_height = position[:, 3:] ** 2
    position_noise = settings.position_noise**2 * seconds * squared_height
    velocity_noise = settings.velocity_noise**2 * seconds * squared_height
    moved = np.empty_like(states)
    moved[:, POSITION] = position + reach * velocity
    moved[:, VELOCITY] = decay * velocity
    moved[:, VARIANCE] = (
        variance
        + reach * (2 * covariance + reach * velocity_variance)
        + (position_noise + velocity_noise * (seconds**2 / 3))
    )
    moved[:, COVARIANCE] = decay * (covariance + reach * velocity_variance) + velocity_noise * (
        seconds / 2
    )
    moved[:, VELOCITY_VARIANCE] = decay**2 * velocity_variance + velocity_noise
    np.maximum(moved[:, POSITION, 2:], SMALLEST_SIDE, out=moved[:, POSITION, 2:])
    return moved


def correct(
    states: FloatArray, boxes: FloatArray, settings: MotionSettings, doubt: FloatArray | float = 1.0
) -> FloatArray:
    """The states after each has seen the box beside it.

    boxes: (N, 4), row for row with `states`. doubt: (N,) or one factor on the measurement's
    standard deviation, above 1 for a box that is trusted less.
    """
    position, velocity, variance, covariance, velocity_variance = states.transpose(1, 0, 2)
    scale = np.reshape(doubt, (-1, 1)) * settings.measurement_noise
    innovation_variance = variance + (scale * position[:, 3:]) ** 2
    gain = variance / innovation_variance
    velocity_gain = covariance / innovation_variance
    innovation = _boxes2positions(boxes) - position
    seen = np.empty_like(states)
    seen[:, POSITION] = position + gain * innovation
    seen[:, VELOCITY] = velocity + velocity_gain * innovation
    seen[:, VARIANCE] = variance - gain * variance
    seen[:, COVARIANCE] = covariance - gain * covariance
    seen[:, VELOCITY_VARIANCE] = velocity_variance - velocity_gain * covariance
    return seen


def squared_distances(
    states: FloatArray, boxes: FloatArray, settings: MotionSettings
) -> FloatArray:
    """(N, M) squared Mahalanobis distances of boxes (M, 4) from states (N, 5, 4).

    Under the filter's own assumptions they follow a chi-square law with 4 degrees of freedom:
    95 % of true pairs lie below 9.4877.
    """
    position = states[:, POSITION]
    variance = states[:, VARIANCE] + (settings.measurement_noise * position[:, 3:]) ** 2
    innovation = _boxes2positions(boxes)[None] - position[:, None]
    return (innovation**2 / variance[:, None]).sum(axis=-1)


def move_camera(states: FloatArray, transform: FloatArray) -> FloatArray:
    """The states as a camera sees them whose image has moved by `transform` (2, 3).

    The transform maps a point of the previous image to this one. Centre and velocity turn with
    it; sizes and uncertainties scale with it (exact for a similarity without roll, and near
    enough for the few degrees between two frames).
    """
    linear = transform[:, :2]
    scale = np.sqrt(abs(np.linalg.det(linear)))
    moved = states.copy()
    moved[:, POSITION, :2] = states[:, POSITION, :2] @ linear.T + transform[:, 2]
    moved[:, VELOCITY, :2] = states[:, VELOCITY, :2] @ linear.T
    moved[:, :2, 2:] *= scale
    moved[:, VARIANCE:] *= scale**2
    return moved


def state2boxes(states: FloatArray) -> FloatArray:
    """(N, 4) boxes, left, top, right, bottom, at the states' positions."""
    position = states[:, POSITION]
    half = position[:, 2:] / 2
    return np.concatenate([position[:, :2] - half, position[:, :2] + half], axis=1)


def _boxes2positions(boxes: FloatArray) -> FloatArray:
    """Left, top, right, bottom -> centre x, centre y, width, height."""
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)
