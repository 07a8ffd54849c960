"""Moments at which two cameras see one person, found by where both see somebody."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.ground_alignment import matches
from calibration.placed import Placed, ground_tracks
from calibration.result_tracks import Watch
from calibration.standing import people_places, standing_pixels, touching_pixels

__all__ = ["Meetings", "find_meetings", "transfer_errors"]

Floats = NDArray[np.floating]

FOOT_NOISE = 0.05  # of a box's height: how exactly it tells where the feet are
PIXEL_NOISE = 2.0
MOST = 200  # moments that are looked at
MOVE = 0.2  # seconds before and after that tell a velocity


@dataclass(frozen=True)
class Meetings:
    """N moments of one person in two views.

    feet_first, feet_second: (N, 2) pixels. sigma_first, sigma_second: (N,) pixels by which the
    other view's foot, carried over into this one, may miss; both feet's noise together. velocity:
    (N, 2) pixels a second, of the second's feet.
    """

    feet_first: Floats
    feet_second: Floats
    sigma_first: Floats
    sigma_second: Floats
    velocity: Floats


def find_meetings(
    placed: tuple[Placed, Placed],
    watches: tuple[Watch, Watch],
    noise: float,
    person_height: float,
) -> Meetings:
    """Who is who between two cameras, at most `MOST` moments, evenly chosen.

    noise: metres by which a person's places in the two views may differ.
    """
    rows = _box_pairs(placed, watches, noise, person_height)
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST)).astype(int)]
    cameras = [p.camera(w.image_size) for p, w in zip(placed, watches, strict=True)]
    boxes = rows[:, :4], rows[:, 4:8]
    feet = [standing_pixels(c, b, person_height) for c, b in zip(cameras, boxes, strict=True)]
    sigma = [np.hypot(FOOT_NOISE * (b[:, 3] - b[:, 1]), PIXEL_NOISE) for b in boxes]
    spread = [
        c.ground_covariance(f, s[:, None]) for c, f, s in zip(cameras, feet, sigma, strict=True)
    ]
    return Meetings(
        feet[0],
        feet[1],
        sigma[0] * _growth(spread[1], spread[0]),
        sigma[1] * _growth(spread[0], spread[1]),
        rows[:, 8:],
    )


def transfer_errors(
    first: Camera, second: Camera, feet_first: Floats, feet_second: Floats
) -> tuple[Floats, Floats]:
    """(N, 2) pixels, in the first and in the second view, from its feet to the other view's.

    NaN where a foot is above the horizon.
    """
    in_first = touching_pixels(first, people_places(second, feet_second))
    in_second = touching_pixels(second, people_places(first, feet_first))
    return in_first - feet_first, in_second - feet_second


def _box_pairs(
    placed: tuple[Placed, Placed],
    watches: tuple[Watch, Watch],
    noise: float,
    person_height: float,
) -> Floats:
    """(N, 10) the first's box, the second's at the same time, the velocity of the second's feet."""
    grounds = [
        ground_tracks(p, w.tracks, w.image_size, person_height)
        for p, w in zip(placed, watches, strict=True)
    ]
    first, second = watches[0].tracks, watches[1].tracks
    own = first.times + placed[0].seconds
    rows = [np.zeros((0, 10))]
    for match in matches(grounds[0], grounds[1], noise):
        mine = (first.ids == match.first) & (own >= match.start) & (own < match.end)
        theirs = second.ids == match.second
        at = own[mine] - placed[1].seconds
        inside = (at >= second.times[theirs][0]) & (at <= second.times[theirs][-1])
        there, ahead, behind = (
            _boxes_at(at + delay, second.times[theirs], second.boxes[theirs])
            for delay in (0.0, MOVE, -MOVE)
        )
        move = (ahead - behind) / (2 * MOVE)
        velocity = np.column_stack([(move[:, 0] + move[:, 2]) / 2, move[:, 3]])
        rows.append(np.column_stack([first.boxes[mine], there, velocity])[inside])
    return np.concatenate(rows)


def _boxes_at(at: Floats, times: Floats, boxes: Floats) -> Floats:
    return np.stack([np.interp(at, times, column) for column in boxes.T], axis=1)


def _growth(other: Floats, own: Floats) -> Floats:
    """By how much the noise of the other view's foot, carried over, enlarges the own one's."""
    known = np.isfinite(other).all(axis=(1, 2)) & np.isfinite(own).all(axis=(1, 2))
    growth = np.full(len(own), np.inf)
    growth[known] = np.trace(np.linalg.solve(own[known], other[known]), axis1=1, axis2=2) / 2
    return np.sqrt(1 + growth)
