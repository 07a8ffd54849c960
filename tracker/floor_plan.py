"""The scene from above: cameras and what they see, the area, doors, and the ways people went."""

import math
from collections import deque
from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from calibration.rig import Rig
from tracker.drawing import BACKGROUND, FONT, identity_colour
from tracker.types import FloatArray, Image, IntArray, Sightings

__all__ = ["FloorPlan", "RecentWays", "Trajectories", "floor_bounds"]

MARGIN: Final = 0.05  # of the longer side, around everything
GAP: Final = 2.0  # seconds unseen after which a way breaks off: nobody knows where it went
FADED: Final = (90, 90, 90)
LIGHTER: Final = np.array([14.0, 14, 14, 0])  # added to the ground that a camera sees
LIGHT: Final = (200, 200, 200)
DOOR: Final = (80, 200, 255)
POINT: Final = 7  # pixels: radius of a door that is a point...
RING: Final = 18  # ...and of the ring around one that was learned
COARSE: Final = 8  # pixels between places that are looked up in the cameras, to draw their views
FAR: Final = 100.0  # pixels of a camera: a place so far inside or outside its picture is just that
BREAK: Final = (math.nan, math.nan)  # in a way: out of sight


def floor_bounds(rig: Rig) -> tuple[FloatArray, FloatArray]:
    """Least and greatest (x, y) in metres of what a plan of the rig shows.

    The area, where the rig has one, with the doors and the cameras; else cameras, doors, and the
    ground under the middle of each camera's picture.
    """
    points = [np.atleast_2d(door)[:, :2] for door in rig.doors.values()]
    points += [] if rig.area is None else [rig.area]
    for camera in rig.cameras.values():
        if camera.position is not None:
            points.append(camera.position[None, :2])
        if rig.area is None:
            width, height = camera.image_size
            pixels = np.array([[width / 2, height * part] for part in (0.5, 0.75, 1.0)])
            ground, valid = camera.image2ground(pixels)
            points.append(ground[valid])
    known = np.concatenate([np.zeros((0, 2)), *points])
    if not len(known):
        known = np.zeros((1, 2))
    low, high = known.min(axis=0), known.max(axis=0)
    margin = max(MARGIN * float((high - low).max()), 0.5)
    return low - margin, high + margin


class FloorPlan:
    """A picture of the ground in metres, x to the right and y up."""

    def __init__(self, rig: Rig, width: int, height: int) -> None:
        """width, height: pixels; the scene is shown as large as fits, in the middle."""
        low, high = floor_bounds(rig)
        self._scale = float(np.min(np.array([width, height]) / (high - low)))  # pixels a metre
        spare = np.array([width, height]) - self._scale * (high - low)
        self._origin = np.array([0.0, height]) + [1, -1] * (spare / 2 - self._scale * low)
        self._empty = self._draw_scene(rig, width, height)

    def metres2pixels(self, points: FloatArray) -> FloatArray:
        """(N, 2) metres on the ground -> (N, 2) pixels of the plan."""
        return self._origin + np.asarray(points)[:, :2] * [self._scale, -self._scale]

    def draw(
        self, ways: Mapping[int, FloatArray], learned: Mapping[str, FloatArray] | None = None
    ) -> Image:
        """The plan with the way of each identity, (K, 2) metres, its last place marked.

        A row of NaN breaks a way in two. learned: doors that the rig doesn't name, (1, 2) metres
        each, as rings.
        """
        image = self._empty.copy()
        for identity, points in ways.items():
            colour = identity_colour(identity)
            pieces = _pieces(self.metres2pixels(points))
            cv2.polylines(image, pieces, False, colour, 2, cv2.LINE_AA)
            x, y = pieces[-1][-1, 0].tolist()
            cv2.circle(image, (x, y), 5, colour, -1, cv2.LINE_AA)
            cv2.putText(image, str(identity), (x + 7, y + 5), FONT, 0.5, colour, 1, cv2.LINE_AA)
        for name, door in (learned or {}).items():
            [place] = self.metres2pixels(door)
            x, y = np.round(place).astype(int).tolist()
            cv2.circle(image, (x, y), RING, DOOR, 2, cv2.LINE_AA)
            _label(image, name, place + np.array([RING, -RING]), DOOR)
        return image

    def _draw_scene(self, rig: Rig, width: int, height: int) -> Image:
        image = np.full((height, width, 3), BACKGROUND, np.uint8)
        self._draw_views(image, rig)
        self._draw_scale(image)
        if rig.area is not None:
            corners = np.round(self.metres2pixels(rig.area)).astype(np.int32)[:, None]
            cv2.polylines(image, [corners], True, LIGHT, 1, cv2.LINE_AA)
        for name, door in rig.doors.items():
            pixels = np.round(self.metres2pixels(np.atleast_2d(door))).astype(np.int32)
            cv2.polylines(image, [pixels[:, None]], len(pixels) > 2, DOOR, 4, cv2.LINE_AA)
            if len(pixels) == 1:
                cv2.circle(image, tuple(pixels[0].tolist()), POINT, DOOR, -1, cv2.LINE_AA)
            _label(image, name, pixels.mean(axis=0), DOOR)
        for name, camera in rig.cameras.items():
            if camera.position is not None:
                place = self.metres2pixels(camera.position[None])[0]
                cv2.circle(image, tuple(np.round(place).astype(int).tolist()), 6, LIGHT, -1)
                _label(image, name, place, LIGHT)
        return image

    def _draw_views(self, image: Image, rig: Rig) -> None:
        """Lighten the ground once for each camera that sees it."""
        height, width = image.shape[:2]
        rows, columns = -(-height // COARSE), -(-width // COARSE)
        y, x = np.mgrid[:rows, :columns]
        pixels = (np.stack([x.ravel(), y.ravel()], axis=1) + 0.5) * COARSE
        ground = (pixels - self._origin) / [self._scale, -self._scale]
        for camera in rig.cameras.values():
            seen, valid = camera.ground2image(ground)
            margins = np.minimum(seen, camera.image_size - seen).min(axis=1)
            margins = np.where(valid, margins, -FAR).clip(-FAR, FAR).reshape(rows, columns)
            margins = cv2.resize(margins, None, fx=COARSE, fy=COARSE)[:height, :width]
            inside = (margins >= 0).astype(np.uint8)
            cv2.add(image, LIGHTER, dst=image, mask=inside)
            outlines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
            cv2.drawContours(image, outlines, -1, FADED, 1, cv2.LINE_AA)

    def _draw_scale(self, image: Image) -> None:
        """A bar of a round number of metres."""
        metres = next(
            m for m in (50, 20, 10, 5, 2, 1, 0.5, 0) if m * self._scale < 0.3 * image.shape[1]
        )
        start, stop = (
            (12, image.shape[0] - 14),
            (12 + round(metres * self._scale), image.shape[0] - 14),
        )
        cv2.line(image, start, stop, LIGHT, 2)
        cv2.putText(image, f"{metres:g} m", (12, stop[1] - 6), FONT, 0.4, LIGHT, 1, cv2.LINE_AA)


class Trajectories:
    """The way of every identity over the whole run, in bounded memory."""

    MOST_POINTS = 2000  # of one identity; when it has more, it is thinned

    def __init__(self, step: float = 0.1) -> None:
        """step: metres that somebody must go before a point is added."""
        self._step = step
        self._ways: dict[int, list[tuple[float, float]]] = {}
        self._seen: dict[int, float] = {}

    def add(self, sightings: Sightings) -> None:
        """Take the positions of one camera's frame; those that aren't known are passed over."""
        for identity, place in _known_places(sightings):
            way = self._ways.setdefault(identity, [])
            lost = sightings.time - self._seen.get(identity, sightings.time) > GAP
            self._seen[identity] = sightings.time
            if lost:
                way.append(BREAK)
            if not way or lost or math.dist(way[-1], place) >= self._step:
                way.append(place)
            if len(way) > self.MOST_POINTS:
                self._ways[identity] = _thinned(way)[-self.MOST_POINTS * 3 // 4 :]

    def ways(self) -> dict[int, FloatArray]:
        """Identity -> (K, 2) metres, oldest first; a row of NaN where it was out of sight."""
        return {identity: np.array(way) for identity, way in self._ways.items()}


class RecentWays:
    """Where people went during the last seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ways: dict[int, deque[tuple[float, float, float]]] = {}

    def add(self, sightings: Sightings) -> None:
        """Take the positions of one camera's frame; those that aren't known are passed over."""
        for identity, (x, y) in _known_places(sightings):
            way = self._ways.setdefault(identity, deque())
            if way and sightings.time - way[-1][0] > GAP:
                way.clear()
            way.append((sightings.time, x, y))

    def ways(self, time: float) -> dict[int, FloatArray]:
        """Identity -> (K, 2) metres, oldest first, of those seen in the seconds before `time`."""
        for identity, way in list(self._ways.items()):
            while way and way[0][0] < time - self._seconds:
                way.popleft()
            if not way:
                del self._ways[identity]
        return {identity: np.array(way)[:, 1:] for identity, way in self._ways.items()}


def _known_places(sightings: Sightings) -> list[tuple[int, tuple[float, float]]]:
    """Identity and (x, y) in metres of those whose position is known."""
    known = np.isfinite(sightings.positions[:, :2]).all(axis=1)
    places = [(x, y) for x, y in sightings.positions[known, :2].tolist()]
    return list(zip(sightings.identities[known].tolist(), places, strict=True))


def _thinned(way: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Every second point, and all breaks; the newest point stays."""
    newest = len(way) - 1
    return [p for i, p in enumerate(way) if (newest - i) % 2 == 0 or math.isnan(p[0])]


def _pieces(pixels: FloatArray) -> list[IntArray]:
    """The stretches (K, 1, 2) between rows of NaN, for OpenCV."""
    pieces = np.split(pixels, np.flatnonzero(np.isnan(pixels[:, 0])))
    known = [piece[~np.isnan(piece[:, 0])] for piece in pieces]
    return [np.round(piece).astype(np.int32)[:, None] for piece in known if len(piece)]


def _label(image: Image, text: str, place: FloatArray, colour: tuple[int, int, int]) -> None:
    (width, height), _ = cv2.getTextSize(text, FONT, 0.4, 1)
    x = int(np.clip(place[0] + 8, 0, image.shape[1] - width))
    y = int(np.clip(place[1] - 6, height, image.shape[0] - 4))
    cv2.putText(image, text, (x, y), FONT, 0.4, colour, 1, cv2.LINE_AA)
