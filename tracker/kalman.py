"""The box filter: one constant-velocity Kalman filter for all tracks of a camera at once.

The four coordinates of a box (centre x, centre y, width, height) don't influence one another, so
each track is four filters of two numbers, position and velocity, and every step of all of them is
closed-form arithmetic on whole rows of tracks: no matrix is inverted and no track is looped over.

A state is a `(4, 5, N)` array. Axis 0 holds the coordinates. Axis 1 holds the position in pixels,
the velocity in pixels per second, and the three different entries of their covariance: the
position's variance, the covariance, and the velocity's variance. Axis 2 holds the tracks. All
noise is relative to the height of the box, since a person twice as near moves and errs by twice
as many pixels (Wojke et al., arXiv 1703.07402). Boxes are `(4, N)`, coordinates first.
"""

from functools import lru_cache

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
HEIGHT = 3  # the coordinate
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
    """(4, 5, N) states at rest at `boxes` (4, N)."""
    states = np.zeros((4, 5, boxes.shape[1]))
    states[:, POSITION] = _boxes2positions(boxes)
    height = states[HEIGHT, POSITION]
    states[:, VARIANCE] = (settings.measurement_noise * height) ** 2
    states[:, VELOCITY_VARIANCE] = (settings.start_velocity * height) ** 2
    return states


def predict(
    states: FloatArray, seconds: float | FloatArray, settings: MotionSettings
) -> FloatArray:
    """The states `seconds` later, however long that is: many short steps equal one long one
    up to the damping of the added noise.

    The velocity decays as `exp(-t / memory)`; the noise of the step is that of a random walk of
    the velocity (white acceleration) plus one of the position. Both are linear in a state's five
    entries and in the squared height. seconds: one number for all, or (N,) one for each.
    """
    squared_height = states[HEIGHT, POSITION] ** 2
    if isinstance(seconds, np.ndarray):
        transition, noise = _step(seconds, settings)
        moved = np.einsum("nkij,kjn->kin", transition, states)
        moved += noise.T * squared_height
    else:
        transition, noise = _same_step(seconds, settings)
        moved = transition @ states
        moved += noise * squared_height
    sizes = moved[2:, POSITION]
    np.maximum(sizes, SMALLEST_SIDE, out=sizes)
    return moved


@lru_cache(maxsize=64)
def _same_step(seconds: float, settings: MotionSettings) -> tuple[FloatArray, FloatArray]:
    """(4, 5, 5) and (5, 1): `_step` of one length, remembered, since frames come evenly."""
    transition, noise = _step(np.array([seconds]), settings)
    return transition[0], noise.T


def _step(seconds: FloatArray, settings: MotionSettings) -> tuple[FloatArray, FloatArray]:
    """What each of N lengths of time does to a state: (N, 4, 5, 5), and (N, 5) per squared height.

    The same for all coordinates but for the memory of their velocity.
    """
    memory = np.array([settings.centre_memory] * 2 + [settings.size_memory] * 2)
    decay = np.exp(-seconds[:, None] / memory)
    reach = memory * (1 - decay)  # how far a velocity of 1 carries
    transition = np.zeros((len(seconds), 4, 5, 5))
    transition[..., POSITION, POSITION] = transition[..., VARIANCE, VARIANCE] = 1
    transition[..., POSITION, VELOCITY] = reach
    transition[..., VELOCITY, VELOCITY] = transition[..., COVARIANCE, COVARIANCE] = decay
    transition[..., VARIANCE, COVARIANCE] = 2 * reach
    transition[..., VARIANCE, VELOCITY_VARIANCE] = reach**2
    transition[..., COVARIANCE, VELOCITY_VARIANCE] = decay * reach
    transition[..., VELOCITY_VARIANCE, VELOCITY_VARIANCE] = decay**2
    noise = np.zeros((len(seconds), 5))
    walk, push = settings.position_noise**2 * seconds, settings.velocity_noise**2 * seconds
    noise[:, VARIANCE] = walk + push * (seconds**2 / 3)
    noise[:, COVARIANCE] = push * (seconds / 2)
    noise[:, VELOCITY_VARIANCE] = push
    return transition, noise


def correct(
    states: FloatArray, boxes: FloatArray, settings: MotionSettings, doubt: FloatArray | float = 1.0
) -> FloatArray:
    """The states after each has seen the box beside it.

    boxes: (4, N), column for column with `states`. doubt: (N,) or one factor on the measurement's
    standard deviation, above 1 for a box that is trusted less.
    """
    deviation = doubt * settings.measurement_noise * states[HEIGHT, POSITION]
    beliefs = states[:, VARIANCE : COVARIANCE + 1]
    gains = beliefs / (beliefs[:, :1] + deviation * deviation)  # of position and velocity
    innovation = _boxes2positions(boxes) - states[:, POSITION]
    seen = states.copy()
    seen[:, :VARIANCE] += gains * innovation[:, None]
    seen[:, VARIANCE : COVARIANCE + 1] -= gains[:, :1] * beliefs
    seen[:, VELOCITY_VARIANCE] -= gains[:, 1] * beliefs[:, 1]
    return seen


def squared_distances(
    states: FloatArray, boxes: FloatArray, settings: MotionSettings
) -> FloatArray:
    """(N, M) squared Mahalanobis distances of boxes (4, M) from states (4, 5, N).

    Under the filter's own assumptions they follow a chi-square law with 4 degrees of freedom:
    95 % of true pairs lie below 9.4877.
    """
    position = states[:, POSITION]
    variance = states[:, VARIANCE] + (settings.measurement_noise * position[HEIGHT]) ** 2
    innovation = _boxes2positions(boxes)[:, None] - position[:, :, None]
    return (innovation**2 / variance[:, :, None]).sum(axis=0)


def move_camera(states: FloatArray, transform: FloatArray) -> FloatArray:
    """The states as a camera sees them whose image has moved by `transform` (2, 3).

    The transform maps a point of the previous image to this one. Centre and velocity turn with
    it; sizes and uncertainties scale with it (exact for a similarity without roll, and near
    enough for the few degrees between two frames).
    """
    linear = transform[:, :2]
    scale = np.sqrt(abs(np.linalg.det(linear)))
    moved = states.copy()
    moved[:2, POSITION] = linear @ states[:2, POSITION] + transform[:, 2:]
    moved[:2, VELOCITY] = linear @ states[:2, VELOCITY]
    moved[2:, :VARIANCE] *= scale
    moved[:, VARIANCE:] *= scale**2
    return moved


def state2boxes(states: FloatArray) -> FloatArray:
    """(4, N) boxes, left, top, right, bottom, at the states' positions."""
    position = states[:, POSITION]
    half = 0.5 * position[2:]
    boxes = np.empty((4, states.shape[2]))
    np.subtract(position[:2], half, out=boxes[:2])
    np.add(position[:2], half, out=boxes[2:])
    return boxes


def _boxes2positions(boxes: FloatArray) -> FloatArray:
    """Left, top, right, bottom -> centre x, centre y, width, height."""
    positions = np.empty_like(boxes)
    np.add(boxes[:2], boxes[2:], out=positions[:2])
    positions[:2] *= 0.5
    np.subtract(boxes[2:], boxes[:2], out=positions[2:])
    return positions
