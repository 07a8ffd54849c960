"""From boxes to the ground: where a person stands, and how sure that is.

The lower edge of a box tells where the feet are, and the upper edge, by a person's height, where
they ought to be. Feet may be hidden or cut off, heights differ: both edges are heard, each with
its uncertainty.
"""

import math
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from calibration.camera_stack import CameraStack
from configs import Settings
from configs.compiling import kernel
from tracker.boxes import feet
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["FootprintSettings", "Footprints", "locate"]

SHORT = 2.0  # standard deviations by which a box is too short for a person
EDGE = 2.0  # pixels from the image's border within which a box counts as cut off


class FootprintSettings(Settings):
    """How well a box tells where somebody stands."""

    box_noise: float = Field(default=0.05, gt=0)
    """Standard deviation of a box's edges, as a share of its height, if the detector's file
    doesn't tell."""
    min_pixel_noise: float = Field(default=2.0, gt=0)
    """Pixels that the edges of small boxes are uncertain by at least."""
    ground_noise: float = Field(default=0.15, gt=0)
    """Metres that a footprint's middle is uncertain by even in a perfect box: feet move."""
    radius: float = Field(default=0.15, ge=0)
    """Metres from a person's middle to the point of the footprint that is nearest the camera,
    which is what the lower edge of a box touches."""
    person_height: float = Field(default=1.7, gt=0)
    """Metres: the mean height of people."""
    height_spread: float = Field(default=0.1, gt=0)
    """Metres: the standard deviation of people's heights."""
    short: float = Field(default=0.3, gt=0, le=1)
    """Probability that a person's box is too short though nobody stands before it: a person who
    sits, crouches or is small, or behind furniture. Such a box is that much less likely one."""
    hidden: float = Field(default=0.2, ge=0, le=1)
    """Share of these whose feet are hidden, so that the head tells where they are. Both may be:
    several cameras tell which."""


@dataclass(frozen=True)
class Footprints:
    """Where the people of one camera's N boxes stand.

    points: (N, 2) metres. covariances: (N, 2, 2) metres^2. odds: (N,) nats that a box's height
    adds to the log-odds of its being a person. valid: (N,) False where neither edge of a box
    meets the ground; points and covariances are then NaN.
    """

    points: FloatArray
    covariances: FloatArray
    odds: FloatArray
    valid: BoolArray

    def __getitem__(self, rows: BoolArray) -> "Footprints":
        return Footprints(
            self.points[rows], self.covariances[rows], self.odds[rows], self.valid[rows]
        )


def locate(
    cameras: CameraStack,
    of: IntArray,
    boxes: FloatArray,
    edge_noise: FloatArray,
    settings: FootprintSettings,
) -> Footprints:
    """The footprints of boxes (N, 4): the middle of the lower edge, moved away from the camera.

    of: (N,) index of each box's camera; boxes of different cameras have nothing to do with one
    another. edge_noise: (N,) standard deviation of a box's edges, as a share of its height. Where
    the camera knows heights, the row of the feet is the weighted mean of the lower edge and of
    where a person of mean height under the upper edge would stand. A box that is shorter than
    people are has its feet hidden, perhaps by all that is missing, where a nearer box covers its
    lower edge; where none does, they may be hidden as well, or the person sits, and the row is as
    unsure as that. A box that reaches the image's lower border has its feet cut off: such a lower
    edge counts little.
    """
    heights = boxes[:, 3] - boxes[:, 1]
    sigma = np.maximum(edge_noise * heights, settings.min_pixel_noise)
    position = cameras.positions[of, :2]
    tall = np.isfinite(position[:, 0])
    rows, spread, short = _feet_rows(cameras, of, boxes, sigma, settings)
    lower, noise = feet(boxes), np.stack([sigma, np.where(tall, spread, sigma)], axis=1)
    lower[:, 1] = rows
    odds = np.where(short, np.log(settings.short), 0.0)
    points = cameras.view2plane(of, cameras.image2view(of, lower))
    covariances = cameras.ground_covariance(of, points, noise)
    away = np.where(tall[:, None], points - position, 0.0)
    distance = np.maximum(np.hypot(away[:, 0], away[:, 1]), 1e-9)[:, None]
    points = points + settings.radius * away / distance
    covariances = covariances + settings.ground_noise**2 * np.eye(2)
    valid = np.isfinite(covariances.sum(axis=(1, 2)))
    return Footprints(points, covariances, odds, valid)


def _feet_rows(
    cameras: CameraStack,
    of: IntArray,
    boxes: FloatArray,
    sigma: FloatArray,
    settings: FootprintSettings,
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """(N,) the row of the image where the feet are, its standard deviation, in pixels, and
    whether a box is too short for a standing person, though all of it is in the image and nobody
    is known to stand before it."""
    middle = (boxes[:, 0] + boxes[:, 2]) / 2
    heads = cameras.image2view(of, np.stack([middle, boxes[:, 1]], axis=1))
    by_head = _under(cameras, of, heads, settings.person_height)
    taller = _under(cameras, of, heads, settings.person_height + settings.height_spread)
    limits = cameras.image_sizes[of, 1]
    boxes = np.ascontiguousarray(boxes)
    return _weigh(boxes, of, sigma, by_head, taller - by_head, limits, settings.hidden)


def _under(cameras: CameraStack, of: IntArray, heads: FloatArray, height: float) -> FloatArray:
    """(N,) the row of the feet of people of a height with heads at (N, 2) of the ideal view, or
    NaN."""
    rows = cameras.world2image(of, cameras.view2plane(of, heads, height))[:, 1]
    return np.ascontiguousarray(rows)


@kernel(
    "Tuple((f8[::1], f8[::1], b1[::1]))"
    "(f8[:, ::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8)"
)
def _weigh(
    boxes: FloatArray,
    of: IntArray,
    sigma: FloatArray,
    by_head: FloatArray,
    head_sigma: FloatArray,
    limits: FloatArray,
    hidden: float,
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """The same as `_feet_rows`, one box after another.

    by_head: (N,) the row where the feet of a person of mean height are, NaN if the head can't tell.
    head_sigma: (N,) pixels that a standard deviation of the heights adds to it. limits: (N,) the
    last row of the image.
    """
    count = len(boxes)
    rows, spread, short = np.empty(count), np.empty(count), np.zeros(count, np.bool_)
    for n in range(count):
        bottom, noise = boxes[n, 3], sigma[n] * sigma[n]
        is_cut_off = bottom >= limits[n] - EDGE
        from_feet = noise + (limits[n] ** 2 if is_cut_off else 0.0)
        if boxes[n, 1] <= EDGE or not np.isfinite(by_head[n] + head_sigma[n]):
            rows[n], spread[n] = bottom, math.sqrt(from_feet)
            continue
        missing = max(by_head[n] - bottom, 0.0)
        from_head = noise + head_sigma[n] ** 2
        from_feet += max(missing**2 - from_head, 0.0)
        share = from_feet / (from_feet + from_head)
        rows[n], variance = bottom + share * (by_head[n] - bottom), (1 - share) * from_feet
        is_short = missing**2 > SHORT**2 * (noise + from_head)
        if is_short and not is_cut_off and not _is_covered(boxes, of, n, missing):
            short[n] = True  # the moments of the two places that are possible
            rows[n] = bottom + hidden * missing
            variance = noise + hidden * (1 - hidden) * missing**2
        spread[n] = math.sqrt(variance)
    return rows, spread, short


@kernel("b1(f8[:, ::1], i8[::1], i8, f8)")
def _is_covered(boxes: FloatArray, of: IntArray, n: int, missing: float) -> bool:
    """Whether a nearer box of the same camera may cover the missing pixels below box n: it is
    before some of them and reaches further down than the box does."""
    middle, bottom = (boxes[n, 0] + boxes[n, 2]) / 2, boxes[n, 3]
    for other in range(len(boxes)):
        if (
            of[other] == of[n]
            and boxes[other, 0] <= middle <= boxes[other, 2]
            and boxes[other, 1] <= bottom + missing
            and bottom < boxes[other, 3]
        ):
            return True
    return False
