"""Places for people to be in: rooms, yards and streets, drawn from a seed."""

from dataclasses import dataclass

import cv2
import numpy as np
from assets import FloatArray
from stage import Patch, block, floor, wall

__all__ = ["Place", "draw_room", "draw_street", "furnish", "muted"]


@dataclass(frozen=True)
class Place:
    """Still things, and where people can stand: between `low` and `high` (2,), off obstacles.

    `obstacles` (K, 3): x, y and radius, metres, of what people walk around.
    """

    patches: list[Patch]
    low: FloatArray
    high: FloatArray
    obstacles: FloatArray


def muted(rng: np.random.Generator, low: float = 0.2, high: float = 0.85) -> FloatArray:
    """(3,) RGB reflectance of a wall, a floor or furniture."""
    return np.clip(rng.uniform(low, high) * (1 + rng.normal(0, 0.1, 3)), 0.03, 1)


def wooden(rng: np.random.Generator) -> FloatArray:
    """(3,) RGB from pale to dark wood."""
    value = rng.uniform(0.2, 0.65)
    return value * np.array([1, rng.uniform(0.72, 0.9), rng.uniform(0.45, 0.75)])


def furnish(
    rng: np.random.Generator, low: FloatArray, high: FloatArray, pieces: int
) -> tuple[list[Patch], list[tuple[float, float, float]]]:
    """Tables, cabinets and chairs on a floor, and their obstacles (x, y, radius)."""
    patches: list[Patch] = []
    obstacles = []
    for _ in range(pieces):
        x, y = rng.uniform(low + 0.6, high - 0.6)
        yaw, colour, kind = rng.uniform(0, np.pi), wooden(rng), rng.random()
        if kind < 0.4:
            wide, deep = rng.uniform(0.4, 0.9), rng.uniform(0.3, 0.5)
            patches += block((x, y, 0.72), (wide, deep, 0.02), colour, "planks", yaw)
            for sx, sy in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
                cos, sin = np.cos(yaw), np.sin(yaw)
                dx, dy = sx * (wide - 0.05), sy * (deep - 0.05)
                leg = (x + cos * dx - sin * dy, y + sin * dx + cos * dy, 0.35)
                patches += block(leg, (0.025, 0.025, 0.35), (0.2, 0.2, 0.2), yaw=yaw)
            obstacles.append((x, y, wide))
        elif kind < 0.7:
            tall = rng.uniform(0.4, 1.0)
            patches += block((x, y, tall), (0.3, 0.45, tall), colour, "planks", yaw)
            obstacles.append((x, y, 0.6))
        else:
            seat = muted(rng, 0.05, 0.6)
            patches += block((x, y, 0.43), (0.22, 0.22, 0.03), seat, yaw=yaw)
            back = (x - 0.22 * np.cos(yaw), y - 0.22 * np.sin(yaw), 0.7)
            patches += block(back, (0.02, 0.22, 0.25), seat, yaw=yaw)
            patches += block((x, y, 0.2), (0.04, 0.04, 0.2), (0.15, 0.15, 0.15), yaw=yaw)
            obstacles.append((x, y, 0.4))
    return patches, obstacles


def draw_room(rng: np.random.Generator, width: float, depth: float, height: float = 2.8) -> Place:
    """A closed, furnished room from (0, 0) to (width, depth), metres."""
    low, high = np.zeros(2), np.array([width, depth])
    paint, middle = muted(rng, 0.35, 0.95), high / 2
    surface = str(rng.choice(["tiles", "planks", "plaster"]))
    ground = wooden(rng) if surface == "planks" else muted(rng)
    patches = [
        floor(low, high, ground, surface),
        Patch((0, 0, height), (width, 0, 0), (0, depth, 0), (0, 0, -1), (0.85,) * 3, "lamps"),
    ]
    corners = [(0, 0), (width, 0), (width, depth), (0, depth)]
    kind = "bricks" if rng.random() < 0.15 else "plaster"
    for k in range(4):
        start, end = np.array(corners[k], float), np.array(corners[(k + 1) % 4], float)
        shade = paint * rng.uniform(0.9, 1.02)
        patches.append(wall(start, end, 0, height, middle, shade, kind))
        inwards = (middle - (start + end) / 2) / np.linalg.norm(middle - (start + end) / 2)
        for _ in range(int(rng.integers(0, 3))):
            a, b = np.sort(rng.uniform(0.05, 0.95, 2))
            bottom = rng.uniform(0, 1.6)
            patches.append(
                wall(
                    start + a * (end - start) + 0.02 * inwards,
                    start + b * (end - start) + 0.02 * inwards,
                    bottom,
                    bottom + rng.uniform(0.2, 1.2),
                    middle,
                    muted(rng, 0.1, 0.9),
                    str(rng.choice(["poster", "plaster", "windows"], p=[0.25, 0.55, 0.2])),
                )
            )
    things, obstacles = furnish(rng, low, high, int(rng.integers(0, 6)))
    return Place([*patches, *things], low, high, np.array(obstacles).reshape(-1, 3))


def draw_street(rng: np.random.Generator, reach: float) -> Place:
    """Open ground, `reach` metres to each side of x = 0, with facades beyond and things on it."""
    low, high = np.array([-reach, 0.0]), np.array([reach, 2 * reach])
    kinds = ["asphalt", "tiles", "grass", "bricks"]
    patches = [
        floor(low * [3, 1] - [0, reach], high * [3, 1.6], _ground(rng), str(rng.choice(kinds)))
    ]
    for _ in range(int(rng.integers(0, 4))):
        a, b = rng.uniform(low, high), rng.uniform(low, high)
        along = np.abs(b - a).clip(0.3, None)
        if rng.random() < 0.5:
            along[rng.integers(2)] = rng.uniform(0.15, 3)
        patches.append(floor(a, a + along, _ground(rng), str(rng.choice(kinds)), 0.004))
    x = -2.5 * reach
    while x < 2.5 * reach:
        wide, tall = rng.uniform(4, 18), rng.uniform(2.5, 14)
        front = high[1] + rng.uniform(0, 6)
        side = str(rng.choice(["windows", "bricks", "plaster", "grass"], p=[0.5, 0.2, 0.15, 0.15]))
        colour = _ground(rng) if side == "grass" else muted(rng)
        patches += block((x + wide / 2, front + 4, tall / 2), (wide / 2, 4, tall / 2), colour, side)
        x += wide + rng.choice([0, rng.uniform(1, 6)])
    obstacles = []
    for _ in range(int(rng.integers(0, 9))):
        x, y = rng.uniform(low, high)
        things, radius = _street_thing(rng, x, y)
        patches += things
        obstacles.append((x, y, radius))
    return Place(patches, low, high, np.array(obstacles).reshape(-1, 3))


def _ground(rng: np.random.Generator) -> FloatArray:
    if rng.random() < 0.25:
        return np.array([0.25, 0.38, 0.14]) * rng.uniform(0.5, 1.3)
    return muted(rng, 0.15, 0.7)


def _street_thing(rng: np.random.Generator, x: float, y: float) -> tuple[list[Patch], float]:
    """A post, a bin, a car, a hedge or a bench; its sides and the radius to keep away."""
    kind, yaw = rng.random(), rng.uniform(0, np.pi)
    if kind < 0.3:
        tall = rng.uniform(0.5, 3)
        return block((x, y, tall), (0.06, 0.06, tall), muted(rng, 0.05, 0.6)), 0.35
    if kind < 0.5:
        return block((x, y, 0.5), (0.3, 0.3, 0.5), muted(rng, 0.05, 0.5), yaw=yaw), 0.6
    if kind < 0.7:
        hue = rng.uniform(0, 360)
        pixel = np.array([[[hue, rng.uniform(0, 0.7), rng.uniform(0.1, 0.9)]]], np.float32)
        paint = np.asarray(cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB))[0, 0]
        body = block((x, y, 0.55), (2.1, 0.85, 0.3), paint, yaw=yaw)
        cabin = block((x, y, 1.1), (1.1, 0.75, 0.27), (0.1, 0.12, 0.14), yaw=yaw)
        under = block((x, y, 0.15), (1.9, 0.8, 0.15), (0.04, 0.04, 0.04), yaw=yaw)
        return [*body, *cabin, *under], 2.4
    if kind < 0.85:
        green = np.array([0.2, 0.33, 0.12]) * rng.uniform(0.6, 1.3)
        half = (rng.uniform(0.3, 2.5), 0.35, rng.uniform(0.3, 0.8))
        return block((x, y, half[2]), half, green, "grass", yaw), float(half[0])
    return block((x, y, 0.42), (0.8, 0.22, 0.04), muted(rng, 0.1, 0.5), "planks", yaw), 0.9
