"""A room with four calibrated cameras, people who walk a known way, and boxes of them."""

import numpy as np

from calibration.camera import Camera
from calibration.camera_stack import CameraStack
from tracker.silhouettes import expected_boxes, visible_shares
from tracker.types import Detections, Frame

__all__ = ["AREA", "cameras", "ticks"]

AREA = np.array([[0.5, 0.5], [7.5, 0.5], [7.5, 5.5], [0.5, 5.5]])


def cameras():
    """Four cameras high in the corners of an 8 x 6 m room, looking at its middle."""
    corners = {"north": (0, 6), "east": (8, 6), "south": (8, 0), "west": (0, 0)}
    return {name: look_at([x, y, 2.6], [4, 3, 0.8]) for name, (x, y) in corners.items()}


def look_at(position, target):
    position, target = np.array(position, float), np.array(target, float)
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward])
    K = [[700, 0, 640], [0, 700, 360], [0, 0, 1]]
    return Camera.from_intrinsics(K, [], R, -R @ position, (1280, 720))


def ticks(ways, count, *, rate=4.0, looks=None, look_noise=0.0, seed=0, missed=0.0, noise=0.02):
    """The frames and detections of each tick.

    ways: for each person a function of the time in seconds -> (2,) metres, or None while away.
    looks: (N, D) unit rows, or None. look_noise: standard deviation of an embedding's length
    perpendicular to it. missed: the share of visible people that a camera overlooks. noise: of
    a box's edges, as a share of its height. Who is hidden by more than half isn't detected.
    """
    random = np.random.default_rng(seed)
    views = cameras()
    for index in range(count):
        time = index / rate
        where = [way(time) for way in ways]
        here = [n for n, place in enumerate(where) if place is not None]
        places = np.array([where[n] for n in here], float).reshape(-1, 2)
        frames, found = [], []
        for name, camera in views.items():
            alone = CameraStack([camera])
            boxes = expected_boxes(alone, places, 1.7)[0]
            seen = visible_shares(alone, places, boxes[None])[0] > 0.5
            seen &= random.random(len(seen)) >= missed
            heights = boxes[:, 3:] - boxes[:, 1:2]
            boxes = boxes + noise * heights * random.normal(size=boxes.shape)
            embeddings = None
            if looks is not None:
                rows = looks[here] + look_noise * random.normal(size=(len(here), looks.shape[1]))
                rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
                embeddings = rows[seen].astype(np.float32)
            frames.append(Frame(name, index, time, None))
            found.append(Detections(boxes[seen], np.full(seen.sum(), 0.9), embeddings))
        yield frames, found, {n: where[n] for n in here}
