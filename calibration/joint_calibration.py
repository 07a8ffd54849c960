"""Views of one space refined together, by the people that several of them see.

Bundle adjustment (Triggs et al., "Bundle adjustment: a modern synthesis", 2000) with people instead
of points: a person whom two views see stands at one place of the ground, and is about as tall as
people are in both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from calibration.camera import Camera
from calibration.ground_alignment import matches
from calibration.result_tracks import BoxTracks
from calibration.self_calibration import (
    View,
    height_errors,
    people_places,
    prior_errors,
    standing_pixels,
    touching_pixels,
)
from calibration.timing import GroundTracks

__all__ = ["Meetings", "Placed", "meetings", "refine", "transfer_errors"]

Floats = NDArray[np.floating]
Size = tuple[int, int]

ROUNDS = (0.6, 0.4, 0.3, 0.3)  # metres by which a person's places may differ, round by round
FOOT_NOISE = 0.05  # of a box's height: how exactly it tells where the feet are
PIXEL_NOISE = 2.0
MOST = 200  # meetings of two cameras, and boxes of one, that are looked at
WORTH = 0.2  # of an independent observation: neighbours in time err alike
FAR = 30.0  # sigmas: an error beyond, or of somebody who can't be seen
MOVE = 0.2  # seconds before and after that tell a velocity


@dataclass(frozen=True)
class Placed:
    """A camera in the common world: x, y, turn (metres, radians) of its ground, and its clock.

    seconds: what to add to the camera's own time to get the scene's.
    """

    view: View
    x: float
    y: float
    turn: float
    seconds: float

    def camera(self, image_size: Size) -> Camera:
        return self.view.camera(image_size, (self.x, self.y, self.turn))


@dataclass(frozen=True)
class Meetings:
    """Moments at which two cameras see one person.

    feet_first, feet_second: (N, 2) pixels. sigma_first, sigma_second: (N,) pixels, what a foot of
    the other view is uncertain by when it is carried over into this one, both feet's noise
    together. velocity: (N, 2) pixels a second, of the second's feet.
    """

    feet_first: Floats
    feet_second: Floats
    sigma_first: Floats
    sigma_second: Floats
    velocity: Floats


def refine(
    placed: Mapping[str, Placed],
    tracks: Mapping[str, BoxTracks],
    sizes: Mapping[str, Size],
    person_height: float,
) -> dict[str, Placed]:
    """The views, their places and clocks that explain people best; the first camera's place stays.

    Rounds of telling who is who and robust least squares over everything (Cauchy's loss of feet
    carried from each view to each other, in pixels, and of heights).
    """
    current = dict(placed)
    for noise in ROUNDS:
        found = {
            (a, b): meetings(current[a], current[b], tracks[a], tracks[b], (sizes[a], sizes[b]), noise, person_height)
            for a, b in combinations(current, 2)
        }
        current = _solve(current, found, tracks, sizes, person_height)
    return current


def ground_tracks(placed: Placed, tracks: BoxTracks, size: Size, person_height: float) -> GroundTracks:
    """The people's places in the common world and time."""
    camera = placed.camera(size)
    points = people_places(camera, standing_pixels(camera, tracks.boxes, person_height))
    valid = np.isfinite(points[:, 0])
    return GroundTracks(tracks.times[valid] + placed.seconds, tracks.ids[valid], points[valid])


def meetings(
    first: Placed, second: Placed, tracks_first: BoxTracks, tracks_second: BoxTracks, sizes: tuple[Size, Size], noise: float, person_height: float
) -> Meetings:
    """Who is who between two cameras, at most `MOST` moments, evenly chosen."""
    cameras = first.camera(sizes[0]), second.camera(sizes[1])
    grounds = [
        ground_tracks(p, t, s, person_height)
        for p, t, s in ((first, tracks_first, sizes[0]), (second, tracks_second, sizes[1]))
    ]
    rows = [np.zeros((0, 10))]
    for match in matches(grounds[0], grounds[1], noise):
        own = tracks_first.times + first.seconds
        mine = (tracks_first.ids == match.first) & (own >= match.start) & (own < match.end)
        theirs = tracks_second.ids == match.second
        at = own[mine] - second.seconds
        times, boxes = tracks_second.times[theirs], tracks_second.boxes[theirs]
        inside = (at >= times[0]) & (at <= times[-1])
        there, ahead, behind = (
            np.stack([np.interp(at + d, times, column) for column in boxes.T], axis=1)
            for d in (0.0, MOVE, -MOVE)
        )
        move = (ahead - behind) / (2 * MOVE)
        velocity = np.column_stack([(move[:, 0] + move[:, 2]) / 2, move[:, 3]])
        rows.append(np.column_stack([tracks_first.boxes[mine], there, velocity])[inside])
    table = np.concatenate(rows)
    table = table[np.linspace(0, len(table) - 1, min(len(table), MOST)).astype(int)]
    boxes = table[:, :4], table[:, 4:8]
    feet = [standing_pixels(c, b, person_height) for c, b in zip(cameras, boxes, strict=True)]
    sigma = [np.hypot(FOOT_NOISE * (b[:, 3] - b[:, 1]), PIXEL_NOISE) for b in boxes]
    spread = [c.ground_covariance(f, s[:, None]) for c, f, s in zip(cameras, feet, sigma, strict=True)]
    return Meetings(
        feet[0],
        feet[1],
        sigma[0] * _growth(spread[1], spread[0]),
        sigma[1] * _growth(spread[0], spread[1]),
        table[:, 8:],
    )


def transfer_errors(first: Camera, second: Camera, feet_first: Floats, feet_second: Floats) -> tuple[Floats, Floats]:
    """(N,) pixels in the first and in the second view between feet and the other view's feet.

    NaN where a foot is above the other's horizon.
    """
    in_first = touching_pixels(first, people_places(second, feet_second))
    in_second = touching_pixels(second, people_places(first, feet_first))
    return np.linalg.norm(in_first - feet_first, axis=1), np.linalg.norm(in_second - feet_second, axis=1)


def _growth(other: Floats, own: Floats) -> Floats:
    """By how much the noise of the other view's foot, carried over, enlarges the own one's."""
    known = np.isfinite(other).all(axis=(1, 2)) & np.isfinite(own).all(axis=(1, 2))
    growth = np.full(len(own), np.inf)
    growth[known] = np.trace(np.linalg.solve(own[known], other[known]), axis1=1, axis2=2) / 2
    return np.sqrt(1 + growth)


def _solve(
    placed: Mapping[str, Placed],
    found: Mapping[tuple[str, str], Meetings],
    tracks: Mapping[str, BoxTracks],
    sizes: Mapping[str, Size],
    person_height: float,
) -> dict[str, Placed]:
    names = list(placed)
    some = {name: _some(tracks[name].boxes) for name in names}
    start = np.array([_numbers(placed[name]) for name in names])
    free = np.ones(start.shape, bool)
    free[0, 4:] = False  # the first camera's place and clock are the world's

    def errors(values: Floats) -> Floats:
        numbers = start.copy()
        numbers[free] = values
        now = {name: _placed(row) for name, row in zip(names, numbers, strict=True)}
        cameras = {name: now[name].camera(sizes[name]) for name in names}
        parts = []
        for name in names:
            parts.append(_doubted(height_errors(cameras[name], some[name], person_height)))
            parts.append(prior_errors(now[name].view, sizes[name]))
        for (a, b), pair in found.items():
            change = now[a].seconds - now[b].seconds - placed[a].seconds + placed[b].seconds
            feet = pair.feet_second + pair.velocity * change
            in_a, in_b = transfer_errors(cameras[a], cameras[b], pair.feet_first, feet)
            parts += [_doubted(in_a / pair.sigma_first), _doubted(in_b / pair.sigma_second)]
        return np.concatenate(parts)

    scale = np.broadcast_to([0.2, 0.05, 0.03, 0.1, 0.3, 0.3, 0.1, 0.1], start.shape)[free]
    solution = least_squares(errors, start[free], x_scale=scale, max_nfev=15).x
    numbers = start.copy()
    numbers[free] = solution
    return {name: _placed(row) for name, row in zip(names, numbers, strict=True)}


def _doubted(errors: Floats) -> Floats:
    """Cauchy's loss, as square roots for least squares; what can't be seen counts as far off."""
    bounded = np.minimum(np.nan_to_num(errors, nan=FAR), FAR)
    return np.sqrt(WORTH * np.log1p(bounded**2))


def _some(boxes: Floats) -> Floats:
    return boxes[np.linspace(0, len(boxes) - 1, min(len(boxes), MOST)).astype(int)]


def _numbers(placed: Placed) -> list[float]:
    view = placed.view
    return [np.log(view.focal), view.tilt, view.roll, np.log(view.height), placed.x, placed.y, placed.turn, placed.seconds]


def _placed(numbers: Floats) -> Placed:
    log_focal, tilt, roll, log_height, x, y, turn, seconds = numbers.tolist()
    view = View(float(np.exp(log_focal)), tilt, roll, float(np.exp(log_height)))
    return Placed(view, x, y, turn, seconds)
