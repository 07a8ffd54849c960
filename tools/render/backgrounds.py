"""Pictures to stand in front of: drawn from noise and simple shapes, or a user's own frames."""

from pathlib import Path

import cv2
import numpy as np
from assets import FloatArray
from numpy.typing import NDArray

from configs.errors import InputError

__all__ = ["draw_background", "draw_pool", "noise_field", "read_backgrounds"]

Image = NDArray[np.uint8]
PICTURES = {".jpg", ".jpeg", ".png"}


def draw_pool(seed: int, count: int, side: int, real: list[Image]) -> list[Image]:
    """`count` pictures of about `side` px, RGB; half are `real` frames if there are any."""
    rng = np.random.default_rng([seed, 9])
    pool = []
    for row in range(count):
        if real and row % 2:
            pool.append(real[int(rng.integers(len(real)))])
        else:
            pool.append(draw_background(rng, side, side))
    return pool


def draw_background(rng: np.random.Generator, width: int, height: int) -> Image:
    """One procedural picture (height, width, 3), RGB: a yard, street, room, wall or foliage."""
    painters = (
        _paint_street,
        _paint_room,
        _paint_ground,
        _paint_tiles,
        _paint_foliage,
        _paint_clutter,
    )
    chosen = painters[rng.choice(len(painters), p=[0.25, 0.25, 0.15, 0.12, 0.11, 0.12])]
    picture = chosen(rng, width, height)
    grey = picture.mean(-1, keepdims=True)
    picture = grey + rng.uniform(0.3, 1.0) * (picture - grey)
    picture *= 1 + 0.25 * (noise_field(rng, width, height, 3)[..., None] - 0.5)
    return np.clip(picture * 255, 0, 255).astype(np.uint8)


def noise_field(
    rng: np.random.Generator, width: int, height: int, cells: float, octaves: int = 3
) -> FloatArray:
    """(height, width) smooth noise about 0-1, `cells` bumps across, finer at each octave."""
    total = np.zeros((height, width), np.float32)
    weight = 0.0
    for octave in range(octaves):
        across = max(2, round(cells * 2**octave))
        down = max(2, round(across * height / width))
        small = rng.random((down, across), np.float32)
        total += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
        weight += 1 / 2**octave
    return total / weight


def read_backgrounds(source: Path, limit: int = 200, largest_px: int = 1280) -> list[Image]:
    """Up to `limit` frames of a video, or pictures of a folder, RGB, spread evenly.

    Raises InputError: nothing there that can be read.
    """
    if source.is_dir():
        paths = sorted(p for p in source.rglob("*") if p.suffix.lower() in PICTURES)
        step = max(1, len(paths) // limit)
        frames = [cv2.imread(str(p)) for p in paths[::step][:limit]]
    else:
        video = cv2.VideoCapture(str(source))
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        frames = []
        for row in range(max(count, 0)):
            there = video.grab()
            if there and row % max(1, count // limit) == 0 and len(frames) < limit:
                frames.append(video.retrieve()[1])
        video.release()
    pictures = [_at_most(frame, largest_px) for frame in frames if frame is not None]
    if not pictures:
        raise InputError(f"{source}: no pictures found; give a video or a folder of JPEG or PNG")
    return pictures


def _at_most(frame: cv2.typing.MatLike, largest: int) -> Image:
    shrink = min(1.0, largest / max(frame.shape[:2]))
    small = cv2.resize(frame, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8)


def _colour(rng: np.random.Generator, low: float = 0.15, high: float = 0.85) -> FloatArray:
    value = rng.uniform(low, high)
    return np.clip(value * (1 + rng.normal(0, 0.12, 3)), 0.02, 1).astype(np.float32)


def _surface(rng: np.random.Generator, width: int, height: int) -> FloatArray:
    """A rough plane of one colour: plaster, asphalt, carpet."""
    rough = noise_field(rng, width, height, rng.uniform(3, 40), 4)[..., None]
    return _colour(rng) * (1 + rng.uniform(0.1, 0.7) * (rough - 0.5))


def _paint_ground(rng: np.random.Generator, width: int, height: int) -> FloatArray:
    picture = _surface(rng, width, height)
    for _ in range(int(rng.integers(0, 6))):
        a, b = (rng.uniform(-0.3, 1.3, 2) * (width, height) for _ in range(2))
        cv2.line(
            picture,
            tuple(map(int, a)),
            tuple(map(int, b)),
            _colour(rng).tolist(),
            int(rng.integers(1, 12)),
            cv2.LINE_AA,
        )
    return picture


def _paint_tiles(rng: np.random.Generator, width: int, height: int) -> FloatArray:
    picture = _surface(rng, width, height)
    across, down = int(rng.integers(10, 60)), int(rng.integers(8, 40))
    rows, columns = height // down + 1, width // across + 2
    shades = 1 + rng.uniform(0.05, 0.3) * (rng.random((rows, columns), np.float32) - 0.5)
    shades = np.repeat(np.repeat(shades, down, 0), across, 1)[:height, :width]
    picture = picture * shades[..., None]
    joint = _colour(rng).tolist()
    for row in range(rows):
        cv2.line(picture, (0, row * down), (width, row * down), joint, 1)
        shift = (row % 2) * across // 2
        for column in range(columns):
            x = column * across - shift
            cv2.line(picture, (x, row * down), (x, (row + 1) * down), joint, 1)
    tilt = rng.uniform(-0.5, 0.5, (4, 2)).astype(np.float32) * (width, height) * 0.6
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    warp = cv2.getPerspectiveTransform(corners, (corners + tilt).astype(np.float32))
    return np.asarray(
        cv2.warpPerspective(picture, warp, (width, height), borderMode=cv2.BORDER_REFLECT)
    )


def _paint_foliage(rng: np.random.Generator, width: int, height: int) -> FloatArray:
    leaves = noise_field(rng, width, height, rng.uniform(20, 60), 3)[..., None]
    masses = noise_field(rng, width, height, rng.uniform(3, 7), 2)[..., None]
    green = np.array([rng.uniform(0.2, 0.5), rng.uniform(0.3, 0.6), rng.uniform(0.1, 0.3)])
    picture = (green * (0.4 + 1.6 * leaves * masses)).astype(np.float32)
    grass = int(height * rng.uniform(0.3, 1.0))
    picture[grass:] = _surface(rng, width, height)[grass:]
    return picture


def _paint_clutter(rng: np.random.Generator, width: int, height: int) -> FloatArray:
    picture = _surface(rng, width, height)
    for _ in range(int(rng.integers(8, 40))):
        centre = rng.uniform(0, 1, 2) * (width, height)
        size = rng.uniform(0.02, 0.3) * width
        angle = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 6))))
        corners = centre + size * np.stack([np.cos(angle), np.sin(angle)], 1)
        cv2.fillPoly(picture, [corners.astype(np.int32)], _colour(rng).tolist(), cv2.LINE_AA)
    return picture


def _paint_street(rng: np.random.Generator, width: int, height: int) -> FloatArray:
    """A facade with windows above a pavement that runs to the horizon."""
    horizon = int(height * rng.uniform(0.05, 0.5))
    picture = _surface(rng, width, height)
    picture[:horizon] = _surface(rng, width, height)[:horizon]
    pitch = int(rng.integers(24, 90))
    glass = _colour(rng, 0.05, 0.6).tolist()
    for x in range(int(rng.integers(0, pitch)), width, pitch):
        for y in range(-pitch // 2, horizon - pitch // 2, pitch):
            cv2.rectangle(picture, (x, y), (x + pitch // 2, y + int(pitch * 0.6)), glass, -1)
    vanishing = (int(rng.uniform(-0.5, 1.5) * width), horizon - int(rng.uniform(0, 0.3) * height))
    for x in rng.uniform(-2, 3, int(rng.integers(2, 9))) * width:
        cv2.line(
            picture,
            vanishing,
            (int(x), height),
            _colour(rng).tolist(),
            int(rng.integers(1, 5)),
            cv2.LINE_AA,
        )
    for _ in range(int(rng.integers(0, 4))):
        x, wide = int(rng.uniform(0, width)), int(rng.uniform(0.05, 0.4) * width)
        tall = int(rng.uniform(0.05, 0.35) * height)
        base = horizon + int(rng.uniform(0, 0.3) * height)
        cv2.rectangle(picture, (x, base - tall), (x + wide, base), _colour(rng).tolist(), -1)
    return picture


def _paint_room(rng: np.random.Generator, width: int, height: int) -> FloatArray:
    """Two walls, a floor, a skirting board, things on the walls and things on the floor."""
    corner, edge = int(rng.uniform(0, 1) * width), int(rng.uniform(0.1, 0.6) * height)
    drop = rng.uniform(-0.35, 0.35, 2) * height
    picture = _surface(rng, width, height)
    wall = _colour(rng, 0.4, 0.95)
    left = [(0, 0), (corner, 0), (corner, edge), (0, edge + int(drop[0]))]
    right = [(corner, 0), (width, 0), (width, edge + int(drop[1])), (corner, edge)]
    cv2.fillPoly(picture, [np.array(left)], wall.tolist())
    cv2.fillPoly(picture, [np.array(right)], (wall * rng.uniform(0.75, 0.97)).tolist())
    board = [(0, edge + int(drop[0])), (corner, edge), (width, edge + int(drop[1]))]
    cv2.polylines(
        picture, [np.array(board)], False, _colour(rng, 0.1, 0.6).tolist(), 3, cv2.LINE_AA
    )
    for _ in range(int(rng.integers(1, 7))):
        x, y = int(rng.uniform(-0.1, 1) * width), int(rng.uniform(-0.2, 0.8) * height)
        wide, tall = int(rng.uniform(0.04, 0.4) * width), int(rng.uniform(0.05, 0.5) * height)
        cv2.rectangle(picture, (x, y), (x + wide, y + tall), _colour(rng, 0.05, 0.9).tolist(), -1)
    return picture
