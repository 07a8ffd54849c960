"""Crowds made up of moving points, and what imperfect detectors would report of them."""

import numpy as np

from calibration.camera import Camera
from calibration.camera_stack import CameraStack
from calibration.rig import Rig
from tracker.evaluation.comparison import Trajectories
from tracker.evaluation.mtmc.scene import Annotation, Scene, Truth
from tracker.silhouettes import expected_boxes, visible_shares
from tracker.types import Detections, FloatArray

RATE = 4.0  # frames/s
STEPS = 5  # of walking in a frame
ROOM = np.array([[0.3, 0.15], [7.4, 3.25]])  # metres: opposite corners
DIMENSION = 64


def crowd_scene(rig: Rig, people: int, seed: int, hard: bool, ticks: int = 200) -> Scene:
    """People who walk in one small room, as a scene with truth.

    rig: calibrated cameras and the area where people are scored. hard: looser boxes, more people
    overlooked, more false detections, and people who look alike.
    """
    random = np.random.default_rng([seed, people])
    ways = walk(random, people, ticks)
    heights = np.clip(random.normal(1.7, 0.09, people), 1.45, 1.95)
    looks = _units(random, people)
    if hard:
        looks = looks + 1.0 * looks[random.permutation(people)]
        looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    biases = {name: 0.4 * _units(random, 1) for name in rig.names}
    detections = {
        name: [
            observe(rig.cameras[name], where, heights, (looks, biases[name]), random, hard)
            for where in ways
        ]
        for name in rig.names
    }
    frames = np.repeat(np.arange(ticks), people)
    places = ways.reshape(-1, 2)
    inside = np.ones(len(places), bool)
    if rig.area is not None:
        low, high = rig.area.min(axis=0), rig.area.max(axis=0)
        inside = ((places >= low) & (places <= high)).all(axis=1)
    ids = np.tile(np.arange(1, people + 1), ticks)
    truth = Trajectories(frames[inside], ids[inside], places[inside])
    return Scene(f"crowd{people}", rig, RATE, Truth(Annotation.of_all(truth)), detections)


def walk(random: np.random.Generator, people: int, ticks: int) -> FloatArray:
    """(ticks, people, 2) metres: everybody heads for places drawn by lot and makes way a little."""
    places = random.uniform(*ROOM, (people, 2))
    goals = random.uniform(*ROOM, (people, 2))
    speeds = random.uniform(0.4, 1.2, people)
    velocities = np.zeros((people, 2))
    pause = np.zeros(people)
    ways = np.zeros((ticks, people, 2))
    step = 1 / (RATE * STEPS)
    for tick in range(ticks):
        for _ in range(STEPS):
            there = np.linalg.norm(goals - places, axis=1) < 0.3
            pause = np.where(there, random.exponential(1.5, people), pause - step)
            goals[there] = random.uniform(*ROOM, (there.sum(), 2))
            heading = goals - places
            heading /= np.maximum(np.linalg.norm(heading, axis=1, keepdims=True), 1e-9)
            wanted = heading * (speeds * (pause <= 0))[:, None]
            apart = places[:, None] - places
            distance = np.linalg.norm(apart, axis=2) + 10 * np.eye(people)
            push = np.clip(0.5 - distance, 0, None)[:, :, None] * apart / distance[:, :, None]
            velocities += step * (4 * (wanted - velocities) + 30 * push.sum(axis=1))
            places = np.clip(places + step * velocities, *ROOM)
        ways[tick] = places
    return ways


def observe(
    camera: Camera,
    places: FloatArray,
    heights: FloatArray,
    looks: tuple[FloatArray, FloatArray],
    random: np.random.Generator,
    hard: bool,
) -> Detections:
    """One frame's detections: the less of somebody shows, the likelier overlooked and the looser.

    looks: unit rows of the people, and what this camera adds to each.
    """
    alone = CameraStack([camera])
    boxes = np.concatenate(
        [
            expected_boxes(alone, place[None], height)[0]
            for place, height in zip(places, heights, strict=True)
        ]
    )
    shares = visible_shares(alone, places, boxes[None])[0]
    chance = np.clip(1.6 * shares - 0.35, 0, 0.9 if hard else 0.98)
    seen = np.flatnonzero(random.random(len(shares)) < chance)
    sides = (boxes[seen, 3] - boxes[seen, 1])[:, None]
    spread = (0.03 if hard else 0.015) + 0.04 * (1 - shares[seen, None])
    made = boxes[seen] + spread * sides * random.normal(size=(len(seen), 4))
    made[:, 3] -= np.where(random.random(len(seen)) < 0.5, 1 - shares[seen], 0) * 0.5 * sides[:, 0]
    width, height = camera.image_size
    made = np.clip(made, 0, [width, height, width, height])
    hider = _hiders(boxes, camera, places)[seen]
    mixed = shares[seen, None] * looks[0][seen] + (1 - shares[seen, None]) * looks[0][hider]
    vectors = mixed + looks[1] + (0.5 if hard else 0.3) * _units(random, len(seen))
    scores = np.clip(0.45 + 0.45 * shares[seen] + 0.08 * random.normal(size=len(seen)), 0.3, 1)
    false = random.poisson(0.6 if hard else 0.15)
    whose = random.integers(0, len(places), false)
    offset = random.uniform(-1, 1, (false, 2)) * [300, 100]
    extra = boxes[whose] + np.tile(offset, 2)
    made = np.concatenate([made, extra])
    vectors = np.concatenate([vectors, _units(random, false)])
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    scores = np.concatenate([scores, random.uniform(0.3, 0.6, false)])
    good = np.isfinite(made).all(axis=1) & (made[:, 2] - made[:, 0] > 4)
    good &= made[:, 3] - made[:, 1] > 8
    return Detections(made[good], scores[good], vectors[good].astype(np.float32))


def _hiders(boxes: FloatArray, camera: Camera, places: FloatArray) -> np.ndarray:
    """(N,) the nearer person whose box covers each one's most, or the person."""
    low = np.maximum(boxes[:, None, :2], boxes[:, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[:, 2:])
    cover = np.prod(np.clip(np.nan_to_num(high - low), 0, None), axis=2)
    position = np.zeros(3) if camera.position is None else camera.position
    distance = np.linalg.norm(places - position[:2], axis=1)
    cover *= distance < distance[:, None]
    return np.where(cover.max(axis=1) > 0, cover.argmax(axis=1), np.arange(len(places)))


def _units(random: np.random.Generator, count: int) -> FloatArray:
    rows = random.normal(size=(count, DIMENSION))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
