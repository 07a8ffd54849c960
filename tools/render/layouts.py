"""Where the people of a video live: rooms with doors, yards, rooms joined by a corridor.

World: metres, z up, the ground at z = 0. A layout's cells are rectangles that people walk in
freely; they go from one to another, and in and out, along given points only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from assets import FloatArray
from camera import Camera
from places import furnish, muted, wooden
from stage import Patch, block, floor, wall

from configs.errors import InputError

__all__ = ["LAYOUTS", "Door", "Layout", "Seat", "draw_layout"]

LAYOUTS = ("room", "yard", "corridor")
WALL_HEIGHT, DOOR_HEIGHT, DOOR_WIDTH = 2.7, 2.1, 1.0  # metres
STUB = 2.4  # metres of passage behind a door
INSET = 0.15  # metres from a corner to its camera
SIZE_PX = (640, 480)


@dataclass(frozen=True)
class Door:
    """A way in and out of `cell`: points (2,) inside and outside, and the threshold's ends."""

    name: str
    cell: int
    inside: FloatArray
    outside: FloatArray
    threshold: FloatArray  # (2, 2), or (1, 2) where there is no wall


@dataclass(frozen=True, eq=False)
class Seat:
    """A chair at `position` (2,), facing `yaw`, in `cell`."""

    cell: int
    position: FloatArray
    yaw: float


@dataclass(frozen=True)
class Layout:
    """Everything still, everything that decides where people can go, and the cameras."""

    patches: list[Patch]
    cells: list[tuple[FloatArray, FloatArray]]  # low and high corners (2,)
    passages: dict[tuple[int, int], list[FloatArray]]  # points on the way from cell to cell
    doors: list[Door]
    seats: list[Seat]
    obstacles: FloatArray  # (K, 3) x, y, radius
    cameras: dict[str, Camera]
    area: FloatArray  # (K, 2) polygon that the cameras are for
    outdoors: bool


def draw_layout(kind: str, width: float, depth: float, rng: np.random.Generator) -> Layout:
    """One of LAYOUTS, `width` x `depth` metres (each room's, for the corridor).

    Raises InputError: no such layout, or too small to walk in.
    """
    if min(width, depth) < 3 or max(width, depth) > 40:
        raise InputError(f"a place of {width} x {depth} m; give sides of 3 to 40 m")
    if kind == "room":
        return _room(width, depth, rng)
    if kind == "yard":
        return _yard(width, depth, rng)
    if kind == "corridor":
        return _corridor(width, depth, rng)
    raise InputError(f"no layout is called {kind!r}; expected one of {', '.join(LAYOUTS)}")


def _room(width: float, depth: float, rng: np.random.Generator) -> Layout:
    low, high = np.zeros(2), np.array([width, depth])
    doors = [_door("front", 0, low, high, "south", 0.72), _door("side", 0, low, high, "west", 0.7)]
    paint = muted(rng, 0.5, 0.85)
    patches = [*_floor_and_ceiling(low, high, rng), *_walls(low, high, doors, paint)]
    for door in doors:
        patches += _stub(door, paint * 0.7)
    patches += _decoration(low, high, rng)
    seats, furniture, obstacles = _sitting_group(0, low, high, rng)
    return Layout(
        [*patches, *furniture], [(low, high)], {}, doors, seats, np.array(obstacles),
        _corner_cameras(low, high, WALL_HEIGHT - 0.25), _polygon(low, high), outdoors=False,
    )  # fmt: skip


def _yard(width: float, depth: float, rng: np.random.Generator) -> Layout:
    low, high = np.zeros(2), np.array([width, depth])
    doors = [
        Door(name, 0, np.array(inside), np.array(outside), np.array([outside]))
        for name, inside, outside in (
            ("south", (width * 0.3, 0.8), (width * 0.3, -6.0)),
            ("north", (width * 0.7, depth - 0.8), (width * 0.7, depth + 6.0)),
            ("east", (width - 0.8, depth * 0.5), (width + 6.0, depth * 0.5)),
        )
    ]
    patches = [
        floor(low - 30, high + 30, np.array([0.3, 0.38, 0.2]) * rng.uniform(0.7, 1.2), "grass"),
        floor(low - 1, high + 1, muted(rng, 0.4, 0.6), "tiles", 0.004),
    ]
    for start, end in (((-25, 25), (25, 25)), ((25, 25), (25, -25)), ((-25, -25), (25, -25)),
                       ((-25, -25), (-25, 25))):  # fmt: skip
        a, b = (np.array(p) + high / 2 for p in (start, end))
        patches.append(wall(a, b, 0, rng.uniform(5, 9), high / 2, muted(rng), "windows"))
    things, obstacles = furnish(rng, low + 1, high - 1, 3)
    return Layout(
        [*patches, *things], [(low, high)], {}, doors, [], np.array(obstacles).reshape(-1, 3),
        _corner_cameras(low - 1, high + 1, 3.6), _polygon(low, high), outdoors=True,
    )  # fmt: skip


def _corridor(width: float, depth: float, rng: np.random.Generator) -> Layout:
    """Two rooms with a corridor between that no camera sees, and one camera in each room."""
    length, half = 8.0, 0.9
    middle = depth * 0.45
    first = (np.zeros(2), np.array([width, depth]))
    hall = (np.array([width, middle - half]), np.array([width + length, middle + half]))
    second = (np.array([width + length, 0.0]), np.array([2 * width + length, depth]))
    doors = [
        _door("west", 0, *first, "west", 0.7), _door("east", 2, *second, "east", 0.7),
    ]  # fmt: skip
    openings = [
        _door("", 0, *first, "east", middle / depth), _door("", 2, *second, "west", middle / depth),
    ]  # fmt: skip
    paint = muted(rng, 0.5, 0.85)
    patches: list[Patch] = []
    for (low, high), holes in ((first, [doors[0], openings[0]]), (second, [doors[1], openings[1]])):
        patches += [*_floor_and_ceiling(low, high, rng), *_walls(low, high, holes, paint)]
        patches += _decoration(low, high, rng)
    ends = [_door("", 1, *hall, side, 0.5) for side in ("west", "east")]
    patches += [*_floor_and_ceiling(*hall, rng), *_walls(*hall, ends, paint * 0.85)]
    for door in doors:
        patches += _stub(door, paint * 0.7)
    passages = {}
    for cell, hole, end in ((0, openings[0], 0), (2, openings[1], 1)):
        points = [hole.inside, ends[end].inside]
        passages[cell, 1], passages[1, cell] = points, points[::-1]
    seats, furniture, obstacles = _sitting_group(0, *first, rng)
    others, more, blocked = _sitting_group(2, *second, rng)
    cameras = {
        "first": _corner_camera(*first, (1, 1), WALL_HEIGHT - 0.25),
        "second": _corner_camera(*second, (0, 1), WALL_HEIGHT - 0.25),
    }
    everywhere = _polygon(first[0], second[1])
    return Layout(
        [*patches, *furniture, *more], [first, hall, second], passages, doors, [*seats, *others],
        np.array([*obstacles, *blocked]), cameras, everywhere, outdoors=False,
    )  # fmt: skip


def _door(name: str, cell: int, low: FloatArray, high: FloatArray, side: str, share: float) -> Door:
    """A door in one side of a rectangle, `share` of the way along it."""
    size = high - low
    x, y = low + share * size
    centre, outwards = {
        "south": ((x, low[1]), (0, -1)), "north": ((x, high[1]), (0, 1)),
        "west": ((low[0], y), (-1, 0)), "east": ((high[0], y), (1, 0)),
    }[side]  # fmt: skip
    middle, out = np.array(centre, float), np.array(outwards, float)
    across = np.array([-out[1], out[0]]) * DOOR_WIDTH / 2
    threshold = np.array([middle - across, middle + across])
    return Door(name, cell, middle - 0.75 * out, middle + (STUB - 0.6) * out, threshold)


def _floor_and_ceiling(low: FloatArray, high: FloatArray, rng: np.random.Generator) -> list[Patch]:
    kind = str(rng.choice(["planks", "tiles", "asphalt"]))
    colour = wooden(rng) if kind == "planks" else muted(rng, 0.3, 0.6)
    across, along = (high[0] - low[0], 0, 0), (0, high[1] - low[1], 0)
    top = Patch((*low, WALL_HEIGHT), across, along, (0, 0, -1), (0.85,) * 3, "lamps")
    return [floor(low, high, colour, kind), top]


def _walls(
    low: FloatArray, high: FloatArray, doors: Sequence[Door], paint: FloatArray
) -> list[Patch]:
    """Four walls with a hole for each door, and a skirting board."""
    middle = (low + high) / 2
    corners = [low, np.array([high[0], low[1]]), high, np.array([low[0], high[1]])]
    patches = []
    for k in range(4):
        start, end = corners[k], corners[(k + 1) % 4]
        shade = paint * (1.0, 0.95, 0.98, 0.92)[k]
        length = np.linalg.norm(end - start)
        along = (end - start) / length
        holes = []
        for door in doors:
            offset = door.threshold - start
            if np.abs(offset @ [-along[1], along[0]]).max() < 1e-6:
                holes.append(np.sort(offset @ along))
        edges = [0.0, *np.concatenate(sorted(holes, key=lambda h: h[0]) or [np.zeros(0)]), length]
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            patches.append(
                wall(start + a * along, start + b * along, 0, WALL_HEIGHT, middle, shade)
            )
            board = start + a * along, start + b * along
            inwards = np.array([-along[1], along[0]]) * 0.012
            patches.append(
                wall(board[0] + inwards, board[1] + inwards, 0, 0.08, middle, shade * 0.5)
            )
        for a, b in holes:
            ends = start + a * along, start + b * along
            patches.append(wall(*ends, DOOR_HEIGHT, WALL_HEIGHT, middle, shade))
    return patches


def _stub(door: Door, paint: FloatArray) -> list[Patch]:
    """The dim passage behind a door."""
    centre = door.threshold.mean(0)
    out = (door.outside - centre) / np.linalg.norm(door.outside - centre)
    far = [point + out * STUB for point in door.threshold]
    low = np.minimum(door.threshold.min(0), np.min(far, 0))
    high = np.maximum(door.threshold.max(0), np.max(far, 0))
    middle = (low + high) / 2
    sides = [
        wall(point, end, 0, DOOR_HEIGHT + 0.2, middle, paint * 0.8)
        for point, end in zip(door.threshold, far, strict=True)
    ]
    back = wall(far[0], far[1], 0, DOOR_HEIGHT + 0.2, middle, paint * 0.6)
    frame = [
        side
        for point in door.threshold
        for side in block(
            (*point, DOOR_HEIGHT / 2), (0.05, 0.05, DOOR_HEIGHT / 2), (0.3, 0.22, 0.16)
        )
    ]
    return [floor(low, high, paint * 0.6, "asphalt"), *sides, back, *frame]


def _decoration(low: FloatArray, high: FloatArray, rng: np.random.Generator) -> list[Patch]:
    """A board, a picture and a window, away from the doors."""
    middle = (low + high) / 2
    x0, y0, x1, y1 = *low, *high
    board = wall((x0 + 0.35 * (x1 - x0), y1 - 0.02), (x0 + 0.7 * (x1 - x0), y1 - 0.02),
                 1.0, 2.0, middle, (0.85, 0.87, 0.9))  # fmt: skip
    poster = wall((x1 - 0.02, y0 + 0.55 * (y1 - y0)), (x1 - 0.02, y0 + 0.7 * (y1 - y0)),
                  1.1, 2.0, middle, muted(rng), "poster")  # fmt: skip
    return [board, poster]


def _sitting_group(
    cell: int, low: FloatArray, high: FloatArray, rng: np.random.Generator
) -> tuple[list[Seat], list[Patch], list[tuple[float, float, float]]]:
    """A table with two chairs and a cabinet in the far corner."""
    x, y = low + (high - low) * [0.42, 0.52]
    wood, cloth = wooden(rng), muted(rng, 0.1, 0.4)
    patches = block((x, y, 0.72), (0.55, 0.35, 0.02), wood, "planks")
    for sx, sy in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        leg = (x + 0.5 * sx, y + 0.3 * sy, 0.35)
        patches += block(leg, (0.025, 0.025, 0.35), (0.2, 0.2, 0.2))
    seats = []
    for side in (-1, 1):
        spot = np.array([x + 1.15 * side, y])
        yaw = np.pi if side > 0 else 0.0
        patches += block((*spot, 0.42), (0.22, 0.22, 0.025), cloth)
        patches += block((spot[0] + 0.24 * side, y, 0.68), (0.02, 0.22, 0.24), cloth)
        for sx, sy in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
            leg = (spot[0] + 0.19 * sx, y + 0.19 * sy, 0.2)
            patches += block(leg, (0.015, 0.015, 0.2), (0.2, 0.2, 0.2))
        seats.append(Seat(cell, spot, yaw))
    cabinet = np.array([low[0] + 0.35, high[1] - 0.8])
    patches += block((*cabinet, 0.6), (0.25, 0.45, 0.6), wooden(rng), "planks")
    obstacles = [(x, y, 0.75), (*cabinet, 0.6)]
    obstacles += [(seat.position[0], seat.position[1], 0.3) for seat in seats]
    return seats, patches, obstacles


def _corner_cameras(low: FloatArray, high: FloatArray, height: float) -> dict[str, Camera]:
    corners = ((0, 0), (1, 0), (1, 1), (0, 1))
    return {f"c{k + 1}": _corner_camera(low, high, c, height) for k, c in enumerate(corners)}


def _corner_camera(
    low: FloatArray, high: FloatArray, corner: tuple[int, int], height: float
) -> Camera:
    """A camera in one corner of a rectangle, looking over its middle with about 85 degrees."""
    size = high - low
    eye = low + INSET + np.array(corner) * (size - 2 * INSET)
    aim = eye + 0.62 * (low + size * (1 - np.array(corner)) - eye)
    return Camera.looking_at(np.array([*eye, height]), np.array([*aim, 0.6]), 350.0, SIZE_PX)


def _polygon(low: FloatArray, high: FloatArray) -> FloatArray:
    return np.array([low, (high[0], low[1]), high, (low[0], high[1])], float)
