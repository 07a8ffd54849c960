"""Pictures of a run: people in each camera's view, all cameras side by side."""

import colorsys
import math
from collections import deque
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from tracker.boxes import feet
from tracker.types import FloatArray, Frame, Image, Sightings

__all__ = ["BACKGROUND", "FONT", "Mosaic", "draw_people", "hide_heads", "identity_colour"]

BACKGROUND = (32, 32, 32)
FONT = cv2.FONT_HERSHEY_SIMPLEX
HEAD = 0.22  # of a box's height
GAP = 0.5  # seconds unseen after which a trail begins anew
STALE = 1.0  # seconds without a frame after which a camera's picture is greyed


def identity_colour(identity: int) -> tuple[int, int, int]:
    """A BGR colour that tells an identity from those with near numbers."""
    hue = (identity * 0.618034) % 1
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75 if identity % 2 else 0.55, 1.0)
    return round(blue * 255), round(green * 255), round(red * 255)


def hide_heads(image: Image, boxes: FloatArray) -> None:
    """Make faces unrecognisable: the top of each box becomes a few coarse blocks, in place."""
    height, width = image.shape[:2]
    for left, top, right, bottom in boxes:
        x0, x1 = max(int(left), 0), min(math.ceil(right), width)
        y0, y1 = max(int(top), 0), min(math.ceil(top + HEAD * (bottom - top)), height)
        if x1 > x0 and y1 > y0:
            coarse = cv2.resize(image[y0:y1, x0:x1], (3, 3), interpolation=cv2.INTER_AREA)
            image[y0:y1, x0:x1] = cv2.resize(
                coarse, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST
            )


def draw_people(
    image: Image, boxes: FloatArray, identities: Sequence[int], trails: Mapping[int, FloatArray]
) -> None:
    """Draw boxes, identity numbers and the ways of the feet into an image.

    boxes: (N, 4) in the image's pixels. trails: identity -> (K, 2) points, oldest first.
    """
    for identity, points in trails.items():
        line = np.round(points * 8).astype(np.int32)[:, None]
        cv2.polylines(image, [line], False, identity_colour(identity), 2, cv2.LINE_AA, shift=3)
    for box, identity in zip(np.round(boxes).astype(int).tolist(), identities, strict=True):
        left, top, right, bottom = box
        colour = identity_colour(identity)
        cv2.rectangle(image, (left, top), (right, bottom), colour, 2)
        label = str(identity)
        (width, height), _ = cv2.getTextSize(label, FONT, 0.5, 1)
        top = max(top, height + 6)
        cv2.rectangle(image, (left - 1, top - height - 6), (left + width + 5, top), colour, -1)
        cv2.putText(image, label, (left + 2, top - 4), FONT, 0.5, (0, 0, 0), 1, cv2.LINE_AA)


class Mosaic:
    """All cameras in one picture, each at its last frame, with the ways people went."""

    def __init__(
        self,
        sizes: Mapping[str, tuple[int, int]],
        *,
        width: int,
        trail_seconds: float,
        anonymise: bool,
        with_plan: bool = False,
    ) -> None:
        """sizes: camera -> (width, height) of its pictures. width: pixels of the whole mosaic.

        with_plan: leave a last place for a plan of the floor (`put_plan`).
        """
        n_places = len(sizes) + with_plan
        self._columns = math.ceil(math.sqrt(n_places))
        rows = math.ceil(n_places / self._columns)
        cell_width = min(width // self._columns, max(w for w, _ in sizes.values()))
        cell_height = round(cell_width * max(h / w for w, h in sizes.values()))
        self._cell = (cell_width - cell_width % 2, cell_height - cell_height % 2)
        self._trail_seconds = trail_seconds
        self._anonymise = anonymise
        self._places = {camera: place for place, camera in enumerate(sizes)}
        self._trails: dict[str, dict[int, deque[tuple[float, float, float]]]] = {
            camera: {} for camera in sizes
        }
        self._updated: dict[str, float] = {}
        self.image: Image = np.full(
            (rows * self._cell[1], self._columns * self._cell[0], 3), BACKGROUND, np.uint8
        )

    def draw(self, frame: Frame, sightings: Sightings) -> None:
        """Bring one camera's part up to date; a frame without a picture is drawn on grey."""
        cell = self._place(self._places[frame.camera])
        cell[:] = BACKGROUND
        source = frame.image
        if source is None:
            source = np.full((self._cell[1], self._cell[0], 3), BACKGROUND, np.uint8)
        scale = min(self._cell[0] / source.shape[1], self._cell[1] / source.shape[0])
        size = (round(source.shape[1] * scale), round(source.shape[0] * scale))
        panel = cell[: size[1], : size[0]]
        panel[:] = cv2.resize(source, size, interpolation=cv2.INTER_AREA)
        boxes = sightings.boxes * scale
        if self._anonymise:
            hide_heads(panel, boxes)
        identities = sightings.identities.tolist()
        trails = self._extend_trails(frame, identities, feet(sightings.boxes))
        draw_people(panel, boxes, identities, {who: way * scale for who, way in trails.items()})
        _caption(cell, f"{frame.camera}  {frame.time:.2f} s")
        self._updated[frame.camera] = frame.time

    def grey_out(self, time: float) -> None:
        """Show which cameras have given no frame for a while, or have ended."""
        for camera, updated in list(self._updated.items()):
            if time - updated > STALE:
                del self._updated[camera]
                cell = self._place(self._places[camera])
                cell[:] = cell // 3
                _caption(cell, f"{camera}  no picture since {updated:.2f} s")

    @property
    def cell_size(self) -> tuple[int, int]:
        """Width and height in pixels of one camera's part, and of the plan."""
        return self._cell

    def put_plan(self, plan: Image) -> None:
        """Show a plan of the floor, as large as a cell, in the last place."""
        self._place(len(self._places))[:] = plan

    def _place(self, number: int) -> Image:
        row, column = divmod(number, self._columns)
        x, y = column * self._cell[0], row * self._cell[1]
        return self.image[y : y + self._cell[1], x : x + self._cell[0]]

    def _extend_trails(
        self, frame: Frame, identities: Sequence[int], points: FloatArray
    ) -> dict[int, FloatArray]:
        """The recent ways of those who are seen now; ways that have grown old are forgotten."""
        trails = self._trails[frame.camera]
        for identity, (x, y) in zip(identities, points.tolist(), strict=True):
            trail = trails.setdefault(identity, deque())
            if trail and frame.time - trail[-1][0] > GAP:
                trail.clear()
            trail.append((frame.time, x, y))
        for identity, trail in list(trails.items()):
            while trail and trail[0][0] < frame.time - self._trail_seconds:
                trail.popleft()
            if not trail:
                del trails[identity]
        return {who: np.array(trails[who])[:, 1:] for who in identities if who in trails}


def _caption(cell: Image, text: str) -> None:
    (width, height), _ = cv2.getTextSize(text, FONT, 0.5, 1)
    cv2.rectangle(cell, (0, 0), (width + 16, height + 14), (0, 0, 0), -1)
    cv2.putText(cell, text, (8, height + 6), FONT, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
