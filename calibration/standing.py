"""People as upright cylinders: where they stand, by their boxes, and how tall they look."""

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera

__all__ = [
    "PERSON_HEIGHT",
    "doubted",
    "height_errors",
    "people_places",
    "standing_pixels",
    "touching_pixels",
]

Floats = NDArray[np.floating]

PERSON_HEIGHT = 1.7  # metres: the mean of people
RADIUS = 0.15  # metres from a person's middle to the rim of the footprint
LEANING_ROUNDS = 2  # until feet are within a few centimetres
HEIGHT_NOISE = 0.08  # of a box's height: people differ, boxes are inexact
EDGE_NOISE = 3.0  # pixels of a box's height, besides
FAR = 30.0  # sigmas: an error beyond, or of somebody who can't be seen
LARGEST_ERROR = 3.0  # nats; of boxes where nobody can stand


def standing_pixels(camera: Camera, boxes: Floats, person_height: float) -> Floats:
    """(N, 2) where the people of boxes (N, 4) touch the ground.

    At the lower edge, but only for those who appear upright in its middle: a person at the image's
    side appears leaning, and the box's middle is the middle of feet and head.
    """
    middle = (boxes[:, 0] + boxes[:, 2]) / 2
    feet = np.column_stack([middle, boxes[:, 3]])
    for _ in range(LEANING_ROUNDS):
        places = people_places(camera, feet)
        heads, valid = camera.world2image(
            np.column_stack([places, np.full(len(places), person_height)])
        )
        lean = np.where(valid, heads[:, 0] - feet[:, 0], 0.0)
        feet = np.column_stack([middle - lean / 2, boxes[:, 3]])
    return feet


def people_places(camera: Camera, pixels: Floats) -> Floats:
    """(N, 2) metres: the middles of people who touch the ground at pixels (N, 2); NaN above it.

    What a box's lower edge touches is the part of the footprint that is nearest to the camera.
    """
    touched, _ = camera.image2ground(pixels)
    return touched + RADIUS * _away(camera, touched)


def touching_pixels(camera: Camera, places: Floats) -> Floats:
    """(N, 2) pixels that people in places (N, 2) touch the ground at: undoes `people_places`."""
    return camera.ground2image(places - RADIUS * _away(camera, places))[0]


def height_errors(camera: Camera, boxes: Floats, person_height: float) -> Floats:
    """(N,) how much taller boxes (N, 4) are than a person who stands there, in sigmas."""
    heights = boxes[:, 3] - boxes[:, 1]
    places = people_places(camera, standing_pixels(camera, boxes, person_height))
    heads, _ = camera.world2image(np.column_stack([places, np.full(len(places), person_height)]))
    with np.errstate(invalid="ignore", divide="ignore"):
        nats = np.log(heights / (boxes[:, 3] - heads[:, 1]))
    nats = np.clip(np.nan_to_num(nats, nan=LARGEST_ERROR), -LARGEST_ERROR, LARGEST_ERROR)
    return nats / np.hypot(HEIGHT_NOISE, EDGE_NOISE / heights)


def doubted(errors: Floats) -> Floats:
    """Errors in sigmas (N,) or (N, 2), scaled so that their squares sum to Cauchy's loss.

    That of a row is log(1 + |error|^2). NaN, what can't be seen, counts as far off.
    """
    rows = errors if errors.ndim == 2 else errors[:, None]
    known = np.asarray(np.isfinite(rows).all(axis=1))
    squared = np.where(known, (np.where(known[:, None], rows, 0.0) ** 2).sum(axis=1), FAR**2)
    squared = np.clip(squared, 1e-12, FAR**2)
    rows = np.where(known[:, None], rows, FAR / np.sqrt(rows.shape[1]))
    lengths = np.maximum(np.linalg.norm(rows, axis=1), 1e-6)
    return (rows * (np.sqrt(np.log1p(squared)) / lengths)[:, None]).reshape(errors.shape)


def _away(camera: Camera, places: Floats) -> Floats:
    """(N, 2) unit vectors on the ground, away from a camera that knows its position."""
    position = camera.position
    assert position is not None
    rays = places - position[:2]
    return rays / np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-9)
