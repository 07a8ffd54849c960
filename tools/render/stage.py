"""The still part of a scene: floors, walls and furniture as coloured, textured rectangles.

World: metres, z up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from assets import FloatArray

__all__ = ["PLAIN", "SURFACES", "Patch", "block", "floor", "stage_vertices", "wall"]

SURFACES = {
    name: row
    for row, name in enumerate(
        ("plaster", "tiles", "planks", "asphalt", "grass", "bricks", "windows", "poster", "lamps")
    )
}
PLAIN = "plaster"

Colour = FloatArray | tuple[float, float, float]
Flat = FloatArray | tuple[float, float]
Point = FloatArray | tuple[float, float, float]


@dataclass(frozen=True)
class Patch:
    """A rectangle `origin`, `origin + across`, .. seen from the side its `normal` points to."""

    origin: Point
    across: Point
    up: Point
    normal: Point
    colour: Colour
    surface: str = PLAIN

    def vertices(self) -> FloatArray:
        """(6, 12) two triangles: point, normal, metres along both sides, colour, surface."""
        origin, across, up = (np.asarray(v, float) for v in (self.origin, self.across, self.up))
        corners = [origin, origin + across, origin + across + up, origin + up]
        wide, tall = np.linalg.norm(across), np.linalg.norm(up)
        at = [(0, 0), (wide, 0), (wide, tall), (0, tall)]
        rest = [*self.colour, SURFACES[self.surface]]
        rows = [[*corners[k], *self.normal, *at[k], *rest] for k in (0, 1, 2, 0, 2, 3)]
        return np.array(rows, np.float32)


def stage_vertices(patches: Sequence[Patch]) -> FloatArray:
    """(6 N, 12) float32 of N patches."""
    if not patches:
        return np.zeros((0, 12), np.float32)
    return np.concatenate([patch.vertices() for patch in patches])


def floor(
    low: FloatArray, high: FloatArray, colour: Colour, surface: str, height: float = 0.0
) -> Patch:
    """The ground between two corners (2,)."""
    return Patch(
        (low[0], low[1], height), (high[0] - low[0], 0, 0), (0, high[1] - low[1], 0), (0, 0, 1),
        colour, surface,
    )  # fmt: skip


def wall(
    start: Flat, end: Flat, bottom: float, top: float, inside: Flat,
    colour: Colour, surface: str = PLAIN,
) -> Patch:  # fmt: skip
    """An upright wall from `start` to `end` (2,), facing the point `inside` (2,)."""
    first, last = np.asarray(start, float), np.asarray(end, float)
    along = (last - first) / np.linalg.norm(last - first)
    normal = np.array([-along[1], along[0]])
    if normal @ (np.asarray(inside) - first) < 0:
        normal = -normal
    origin, across = np.array([*first, bottom]), np.array([*(last - first), 0])
    return Patch(origin, across, (0, 0, top - bottom), np.array([*normal, 0]), colour, surface)


def block(
    centre: Point, half: Point, colour: Colour, surface: str = PLAIN, yaw: float = 0.0
) -> list[Patch]:
    """The six sides of a box, turned about the vertical."""
    middle, size = np.asarray(centre, float), np.asarray(half, float)
    cos, sin = np.cos(yaw), np.sin(yaw)
    axes = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1.0]])
    sides = []
    for axis in range(3):
        first, second = (axis + 1) % 3, (axis + 2) % 3
        if axis == 1:
            first, second = 0, 2
        u, v = axes[first] * size[first], axes[second] * size[second]
        for sign in (-1, 1):
            face = middle + sign * size[axis] * axes[axis]
            sides.append(Patch(face - u - v, 2 * u, 2 * v, sign * axes[axis], colour, surface))
    return sides
