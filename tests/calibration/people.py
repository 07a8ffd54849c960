"""A small world of people who walk about a floor, and cameras that box them."""

import numpy as np

from calibration.camera import Camera
from calibration.result_tracks import BoxTracks, Watch

SIZE = (1280, 720)


def look_at(position, target, focal=800.0, roll=0.0):
    position, target = np.array(position, float), np.array(target, float)
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward])
    c, s = np.cos(roll), np.sin(roll)
    R = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ R
    K = [[focal, 0, SIZE[0] / 2], [0, focal, SIZE[1] / 2], [0, 0, 1]]
    return Camera.from_intrinsics(K, [], R, -R @ position, SIZE)


def walker(seed, corner=(0.0, 0.0), extent=(8.0, 6.0)):
    """Position at any time: straight from one random place to the next, each at its own speed."""
    random = np.random.default_rng(seed)
    points = np.array(corner) + random.uniform(0, 1, (200, 2)) * extent
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    times = np.concatenate([[0], np.cumsum(lengths / random.uniform(0.8, 1.5, len(lengths)))])

    def at(t):
        return np.stack([np.interp(t + 20, times, points[:, k]) for k in (0, 1)], axis=1)

    return at


def box_of(camera, places, height):
    """(N, 4) the box around a person: a foot's circle of 15 cm, a head's of 8 cm."""
    angles = np.linspace(0, 2 * np.pi, 17)[:-1]
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    corners = []
    for radius, z in ((0.15, 0.0), (0.08, height)):
        ring = places[:, None] + radius * circle
        points = np.concatenate([ring, np.full((*ring.shape[:2], 1), z)], axis=2)
        pixels, valid = camera.world2image(points.reshape(-1, 3))
        pixels[~valid] = np.nan
        corners.append(pixels.reshape(len(places), -1, 2))
    corners = np.concatenate(corners, axis=1)
    return np.column_stack([corners.min(axis=1), corners.max(axis=1)])


def watch(
    camera,
    people,
    *,
    late=0.0,
    seconds=60.0,
    rate=5.0,
    noise=3.0,
    missed=0.15,
    seed=0,
    heights=None,
):
    """What a camera sees whose clock shows `late` seconds less than the scene's.

    noise: pixels of every edge. missed: share of boxes that aren't there. Tracks break at gaps,
    and are one person's for 10 seconds at most. Only whole people inside the image are boxed.
    """
    random = np.random.default_rng(seed)
    times = np.arange(0, seconds, 1 / rate)
    rows = []
    for number, person in enumerate(people):
        height = 1.7 if heights is None else heights[number]
        boxes = box_of(camera, person(times + late), height)
        boxes += noise * random.normal(size=boxes.shape)
        seen = (boxes > 2).all(axis=1) & (boxes < np.tile(SIZE, 2) - 2).all(axis=1)
        seen &= random.random(len(times)) >= missed
        track = np.cumsum(np.diff(times[seen], prepend=0.0) > 1.0) + (times[seen] // 10) * 100
        rows.append(np.column_stack([times[seen], number * 10000 + track, boxes[seen]]))
    table = np.concatenate([np.zeros((0, 6)), *rows])
    table = table[np.argsort(table[:, 0], kind="stable")]
    return Watch(BoxTracks(table[:, 0], table[:, 1].astype(int), table[:, 2:]), SIZE)


def distances(found, true, places):
    """By camera, metres that a place is off as `found` maps where `true` sees it.

    After one rigid motion of the whole world, by least squares and without reflection: a
    world's origin and direction are free. Also the scale that would fit best.
    """
    ours, real, owners = [], [], []
    for name, camera in found.items():
        pixels, valid = true[name].ground2image(places)
        valid &= true[name].in_image(pixels)
        mapped, known = camera.image2ground(pixels[valid])
        assert known.all()
        ours.append(mapped @ [1, 1j])
        real.append(places[valid] @ [1, 1j])
        owners += [name] * int(valid.sum())
    a, b = (np.concatenate(parts) for parts in (ours, real))
    a, b = a - a.mean(), b - b.mean()
    product = (b * a.conj()).sum()
    error = np.abs(product / abs(product) * a - b)
    scale = abs(product) / (np.abs(a) ** 2).sum()
    owners = np.array(owners)
    return {name: error[owners == name] for name in found}, scale
