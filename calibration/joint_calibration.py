"""Views of one space refined together, by the people whom several of them see.

Bundle adjustment (Triggs et al., "Bundle adjustment: a modern synthesis", 2000) with people instead
of points: a person whom two views see stands at one place of the ground, and is about as tall as
people are in both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from calibration.meetings import Meetings, find_meetings, transfer_errors
from calibration.placed import Placed
from calibration.result_tracks import Watch
from calibration.self_calibration import prior_errors
from calibration.standing import doubted, height_errors

__all__ = ["refine"]

Floats = NDArray[np.floating]

ROUNDS = (0.6, 0.4, 0.3, 0.3)  # metres by which a person's places may differ, round by round
MOST = 200  # boxes of one camera whose heights are looked at
WORTH = 0.2  # of an independent observation: neighbours in time err alike
STEPS = np.array([0.2, 0.05, 0.03, 0.1, 0.3, 0.3, 0.1, 0.1])  # usual changes of Placed's numbers
SMALL = 1e-5  # of a usual change, for derivatives
OF_PLACE = 4  # of a camera's numbers: where those of its place and clock begin


@dataclass(frozen=True)
class _Term:
    """Errors that some cameras, by their rows, are responsible for."""

    rows: tuple[int, ...]
    errors: Callable[..., Floats]


def refine(
    placed: Mapping[str, Placed], watches: Mapping[str, Watch], person_height: float
) -> dict[str, Placed]:
    """The views, places and clocks that explain people best; the first camera's place stays.

    Rounds of telling who is who and of robust least squares over everything: Cauchy's loss of feet
    carried from each view to each other one, in pixels, and of heights.
    """
    current = dict(placed)
    for noise in ROUNDS:
        pairs = {
            (a, b): find_meetings(
                (current[a], current[b]), (watches[a], watches[b]), noise, person_height
            )
            for a, b in combinations(current, 2)
        }
        current = _solve(current, _terms(current, watches, pairs, person_height))
    return current


def _solve(placed: Mapping[str, Placed], terms: Sequence[_Term]) -> dict[str, Placed]:
    start = np.array([one.numbers() for one in placed.values()])
    free = np.ones(start.shape, bool)
    free[0, OF_PLACE:] = False

    def unpack(values: Floats) -> list[Placed]:
        numbers = start.copy()
        numbers[free] = values
        return [Placed.from_numbers(row) for row in numbers]

    def errors(values: Floats) -> Floats:
        now = unpack(values)
        return np.concatenate([term.errors(*(now[row] for row in term.rows)) for term in terms])

    def jacobian(values: Floats) -> Floats:
        return _jacobian(unpack(values), terms)[:, free.ravel()]

    scale = np.broadcast_to(STEPS, start.shape)[free]
    solution = least_squares(errors, start[free], jac=jacobian, x_scale=scale, max_nfev=20).x
    return dict(zip(placed, unpack(solution), strict=True))


def _jacobian(now: list[Placed], terms: Sequence[_Term]) -> Floats:
    """Forward differences, of each term only by the cameras that it depends on."""
    parts = []
    for term in terms:
        cameras = [now[row] for row in term.rows]
        here = term.errors(*cameras)
        part = np.zeros((len(here), len(now), len(STEPS)))
        for place, row in enumerate(term.rows):
            for number, step in enumerate(STEPS * SMALL):
                numbers = now[row].numbers()
                numbers[number] += step
                moved = [*cameras]
                moved[place] = Placed.from_numbers(numbers)
                part[:, row, number] = (term.errors(*moved) - here) / step
        parts.append(part.reshape(len(here), len(now) * len(STEPS)))
    return np.concatenate(parts)


def _terms(
    placed: Mapping[str, Placed],
    watches: Mapping[str, Watch],
    pairs: Mapping[tuple[str, str], Meetings],
    person_height: float,
) -> list[_Term]:
    names = list(placed)
    terms = [
        _Term((row,), _height_term(watches[name], person_height)) for row, name in enumerate(names)
    ]
    for (a, b), found in pairs.items():
        before = placed[a].seconds - placed[b].seconds
        sizes = watches[a].image_size, watches[b].image_size
        terms.append(_Term((names.index(a), names.index(b)), _meeting_term(found, sizes, before)))
    return terms


def _height_term(watch: Watch, person_height: float) -> Callable[[Placed], Floats]:
    boxes = watch.tracks.boxes
    boxes = boxes[np.linspace(0, len(boxes) - 1, min(len(boxes), MOST)).astype(int)]

    def errors(placed: Placed) -> Floats:
        heights = height_errors(placed.camera(watch.image_size), boxes, person_height)
        return np.concatenate(
            [np.sqrt(WORTH) * doubted(heights), prior_errors(placed.view, watch.image_size)]
        )

    return errors


def _meeting_term(
    found: Meetings, sizes: tuple[tuple[int, int], tuple[int, int]], before: float
) -> Callable[[Placed, Placed], Floats]:
    """before: the first's seconds minus the second's, at which the meetings were found."""

    def errors(first: Placed, second: Placed) -> Floats:
        feet = found.feet_second + found.velocity * (first.seconds - second.seconds - before)
        cameras = first.camera(sizes[0]), second.camera(sizes[1])
        in_first, in_second = transfer_errors(*cameras, found.feet_first, feet)
        sigmas = np.concatenate(
            [in_first / found.sigma_first[:, None], in_second / found.sigma_second[:, None]]
        )
        return np.sqrt(WORTH) * doubted(sigmas).ravel()

    return errors
