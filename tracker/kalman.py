"""The box filter: one constant-velocity Kalman filter for all tracks of a camera at once.

The four coordinates of a box (centre x, centre y, width, height) don't influence one another, so
each track is four filters of two numbers, position and velocity, and every step of them is
closed-form arithmetic: no matrix is inverted.

A state is a `(4, 5, N)` array. Axis 0 holds the coordinates. Axis 1 holds the position in pixels,
the velocity in pixels per second, and the three different entries of their covariance: the
position's variance, the covariance, and the velocity's variance. Axis 2 holds the tracks. All
noise is relative to the height of the box, since a person twice as near moves and errs by twice
as many pixels (Wojke et al., arXiv 1703.07402). Boxes are `(4, N)`, coordinates first.
"""

import math

import numpy as np
from pydantic import Field

from configs.compiling import kernel
from configs.settings import Settings
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = [
    "MotionSettings",
    "advance",
    "begin",
    "centre_errors",
    "correct",
    "move_camera",
    "predict",
    "see",
    "shift",
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
    boxes = np.ascontiguousarray(boxes)
    return _begin(boxes, settings.measurement_noise**2, settings.start_velocity**2)


@kernel("f8[:, :, ::1](f8[:, ::1], f8, f8)")
def _begin(boxes: FloatArray, variance: float, velocity_variance: float) -> FloatArray:
    """The same; variances in squared heights and squared heights per squared second."""
    states = np.zeros((4, 5, boxes.shape[1]))
    for n in range(boxes.shape[1]):
        height = boxes[3, n] - boxes[1, n]
        for coordinate in range(4):
            states[coordinate, POSITION, n] = _measured(boxes, coordinate, n)
            states[coordinate, VARIANCE, n] = variance * height * height
            states[coordinate, VELOCITY_VARIANCE, n] = velocity_variance * height * height
    return states


@kernel("f8(f8[:, ::1], i8, i8)")
def _measured(boxes: FloatArray, coordinate: int, n: int) -> float:
    """Centre x, centre y, width or height of box n of (4, N)."""
    low, high = boxes[coordinate % 2, n], boxes[coordinate % 2 + 2, n]
    return (low + high) * 0.5 if coordinate < 2 else high - low


def predict(
    states: FloatArray, seconds: float | FloatArray, settings: MotionSettings
) -> FloatArray:
    """The states `seconds` later, however long that is: many short steps equal one long one
    up to the damping of the added noise.

    The velocity decays as `exp(-t / memory)`; the noise of the step is that of a random walk of
    the velocity (white acceleration) plus one of the position. Both are linear in a state's five
    entries and in the squared height. seconds: one number for all, or (N,) one for each.
    """
    moved = np.array(states, order="C")
    advance(moved, np.atleast_1d(np.asarray(seconds, np.float64)), settings)
    return moved


def advance(states: FloatArray, seconds: FloatArray, settings: MotionSettings) -> None:
    """Predict the states in place; seconds: (1,) for all, or (N,) one for each."""
    _advance(
        states,
        seconds,
        settings.centre_memory,
        settings.size_memory,
        settings.position_noise**2,
        settings.velocity_noise**2,
    )


@kernel("void(f8[:, :, ::1], f8[::1], f8, f8, f8, f8)")
def _advance(
    states: FloatArray,
    seconds: FloatArray,
    centre_memory: float,
    size_memory: float,
    walk: float,
    push: float,
) -> None:
    """The same; walk, push: squared heights a second by which the variance of a position grows, and
    squared heights a second by which that of a velocity, in heights a second, does.
    """
    for n in range(states.shape[2]):
        step = seconds[n if len(seconds) > 1 else 0]
        squared_height = states[HEIGHT, POSITION, n] ** 2
        position_noise = (walk * step + push * step**3 / 3) * squared_height
        covariance_noise = push * step**2 / 2 * squared_height
        velocity_noise = push * step * squared_height
        for coordinate in range(4):
            memory = centre_memory if coordinate < 2 else size_memory
            decay = math.exp(-step / memory)
            reach = memory * (1 - decay)  # how far a velocity of 1 carries
            state = states[coordinate, :, n]
            state[POSITION] += reach * state[VELOCITY]
            if coordinate >= 2:
                state[POSITION] = max(state[POSITION], SMALLEST_SIDE)
            state[VELOCITY] *= decay
            state[VARIANCE] += 2 * reach * state[COVARIANCE]
            state[VARIANCE] += reach**2 * state[VELOCITY_VARIANCE] + position_noise
            state[COVARIANCE] *= decay
            state[COVARIANCE] += decay * reach * state[VELOCITY_VARIANCE] + covariance_noise
            state[VELOCITY_VARIANCE] *= decay**2
            state[VELOCITY_VARIANCE] += velocity_noise


def correct(
    states: FloatArray, boxes: FloatArray, settings: MotionSettings, doubt: FloatArray | float = 1.0
) -> FloatArray:
    """The states after each has seen the box beside it.

    boxes: (4, N), column for column with `states`. doubt: (N,) or one factor on the measurement's
    standard deviation, above 1 for a box that is trusted less.
    """
    seen, everyone = np.array(states, order="C"), np.arange(states.shape[2])
    doubts = np.full(len(everyone), doubt, np.float64)
    see(seen, everyone, np.ascontiguousarray(boxes), settings, doubts)
    return seen


def see(
    states: FloatArray,
    rows: IntArray,
    boxes: FloatArray,
    settings: MotionSettings,
    doubt: FloatArray,
) -> FloatArray:
    """Correct the states `rows` (K,), each by the box (4, K) that it has seen, in place.

    doubt: (K,). Returns (K,) how far off the filter was: the error of the centre along both axes
    together, heights.
    """
    return _see(states, rows, boxes, settings.measurement_noise * doubt)


@kernel("f8[::1](f8[:, :, ::1], i8[::1], f8[:, ::1], f8[::1])")
def _see(states: FloatArray, rows: IntArray, boxes: FloatArray, noise: FloatArray) -> FloatArray:
    """The same; noise: (K,) the measurements' standard deviations, heights."""
    errors = np.zeros(len(rows))
    for k in range(len(rows)):
        height = states[HEIGHT, POSITION, rows[k]]
        deviation = noise[k] * height
        for coordinate in range(4):
            state = states[coordinate, :, rows[k]]
            variance, covariance = state[VARIANCE], state[COVARIANCE]
            position_gain = variance / (variance + deviation * deviation)
            velocity_gain = covariance / (variance + deviation * deviation)
            innovation = _measured(boxes, coordinate, k) - state[POSITION]
            if coordinate < 2:
                errors[k] += abs(innovation)
            state[POSITION] += position_gain * innovation
            state[VELOCITY] += velocity_gain * innovation
            state[VARIANCE] -= position_gain * variance
            state[COVARIANCE] -= position_gain * covariance
            state[VELOCITY_VARIANCE] -= velocity_gain * covariance
        errors[k] /= height
    return errors


@kernel("f8[:, ::1](f8[:, :, ::1], i8[::1], f8[:, ::1], i8[::1])")
def centre_errors(
    states: FloatArray, rows: IntArray, boxes: FloatArray, columns: IntArray
) -> FloatArray:
    """(2, K) pixels by which the centres of boxes, `columns` (K,) of (4, M), lie beside those of
    the states `rows` (K,)."""
    errors = np.empty((2, len(rows)))
    for k in range(len(rows)):
        for axis in range(2):
            position = states[axis, POSITION, rows[k]]
            errors[axis, k] = _measured(boxes, axis, columns[k]) - position
    return errors


@kernel("void(f8[:, :, ::1], b1[::1], f8[::1])")
def shift(states: FloatArray, chosen: BoolArray, by: FloatArray) -> None:
    """Move the centres of the states for which `chosen` (N,) is True by (2,) pixels, in place."""
    for n in range(len(chosen)):
        if chosen[n]:
            for axis in range(2):
                states[axis, POSITION, n] += by[axis]


def squared_distances(
    states: FloatArray, boxes: FloatArray, settings: MotionSettings
) -> FloatArray:
    """(N, M) squared Mahalanobis distances of boxes (4, M) from states (4, 5, N).

    Under the filter's own assumptions they follow a chi-square law with 4 degrees of freedom:
    95 % of true pairs lie below 9.4877.
    """
    position = states[:, POSITION]
    variance = states[:, VARIANCE] + (settings.measurement_noise * position[HEIGHT]) ** 2
    innovation = begin(boxes, settings)[:, None, POSITION] - position[:, :, None]
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
    return _state2boxes(np.ascontiguousarray(states))


@kernel("f8[:, ::1](f8[:, :, ::1])")
def _state2boxes(states: FloatArray) -> FloatArray:
    boxes = np.empty((4, states.shape[2]))
    for n in range(states.shape[2]):
        for axis in range(2):
            centre, half = states[axis, POSITION, n], 0.5 * states[axis + 2, POSITION, n]
            boxes[axis, n], boxes[axis + 2, n] = centre - half, centre + half
    return boxes
