"""A camera told from how tall people appear where they stand.

People are about equally tall and stand upright on one plane. So a box's height, compared with the
place of its lower edge, tells the horizon, and how many people high the camera hangs; how the
height changes with the place beyond a straight line tells the focal length (Lv, Zhao, Nevatia,
"Camera calibration from video of a walking human", PAMI 2006). Square pixels, a principal point in
the image's middle and no distortion are assumed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from calibration.camera import Camera
from calibration.standing import PERSON_HEIGHT, doubted, height_errors
from configs.errors import InputError

__all__ = ["View", "camera_from_people", "prior_errors", "view_fault"]

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

USUAL_FOCAL = 0.8  # image widths; what is assumed where people don't tell
FOCAL_SPREAD = 0.4  # nats
ROLL_SPREAD = np.radians(3)
WORTH = 10  # independent boxes that a track is worth: a person's boxes err alike
FEWEST = 30  # boxes
MOST = 500  # boxes that are looked at
STARTS = tuple(product((0.45, 0.7, 1.1, 1.8), np.radians((3, 15, 30, 50))))  # focals, tilts
NOISE_RANGE = (0.4, 2.0)  # of the assumed noise of heights: what is told from the boxes
REFINED = 4  # starts, the best ones
SCALE = (0.3, 0.1, 0.05, 0.2)  # steps of log focal, tilt, roll, log height
WIDEST = 110.0  # degrees that a lens sees which doesn't bend lines, as is assumed here
LOWEST, HIGHEST = 0.3, 20.0  # person heights that a camera may hang above the ground


@dataclass(frozen=True)
class View:
    """A camera above the origin of its ground that looks along y, and how it is turned.

    focal: pixels. tilt: radians downwards from level. roll: radians, clockwise in the image
    where positive. height: metres above the ground.
    """

    focal: float
    tilt: float
    roll: float
    height: float

    def camera(
        self, image_size: tuple[int, int], place: tuple[float, float, float] = (0.0, 0.0, 0.0)
    ) -> Camera:
        """The camera whose ground's x, y and direction (radians) in the world are `place`."""
        sin, cos = np.sin(self.tilt), np.cos(self.tilt)
        level = np.array([[1.0, 0, 0], [0, -sin, -cos], [0, cos, -sin]])
        x, y, turn = place
        R = _turn(self.roll) @ level @ _turn(-turn)
        K = np.diag([self.focal, self.focal, 1.0])
        K[:2, 2] = np.divide(image_size, 2)
        return Camera.from_intrinsics(K, (), R, -R @ [x, y, self.height], image_size)


def camera_from_people(
    boxes: ArrayLike,
    ids: ArrayLike,
    image_size: tuple[int, int],
    *,
    person_height: float = PERSON_HEIGHT,
) -> View:
    """The view that explains the heights of whole people's boxes (N, 4) left, top, right, bottom.

    ids: (N,) the track that each belongs to. person_height: the people's mean, metres; it sets the
    scale. Robust least squares (Cauchy) of the logarithm of the boxes' heights over focal length,
    tilt, roll and height, from several starts. Where they don't tell a focal length, a usual one is
    assumed. Raises InputError with the reason: too few boxes, all at one distance.
    """
    boxes, ids = np.asarray(boxes, float).reshape(-1, 4), np.asarray(ids)
    if len(boxes) < FEWEST:
        raise InputError(f"{len(boxes)} boxes of whole people; at least {FEWEST} are needed")
    chosen = boxes[np.linspace(0, len(boxes) - 1, min(len(boxes), MOST)).astype(int)]
    _refuse_one_distance(chosen)
    worth = min(len(boxes), WORTH * len(np.unique(ids))) / len(chosen)

    def errors(parameters: Floats) -> Floats:
        view = _view(parameters)
        return height_errors(view.camera(image_size), chosen, person_height)

    def cost(parameters: Floats, noise: float) -> Floats:
        prior = prior_errors(_view(parameters), image_size)
        # Cauchy's loss, so that only boxes and not the prior are doubted.
        return np.concatenate([np.sqrt(worth) * doubted(errors(parameters) / noise), prior])

    starts = sorted(
        _starts(chosen, image_size, person_height),
        key=lambda start: float((cost(start, 1.0) ** 2).sum()),
    )
    fits = [_fit(cost, start, 1.0) for start in starts[:REFINED]]
    best = min(fits, key=lambda fit: fit[0])[1]
    # Where most boxes are better than was assumed, the hidden feet of the others count for less.
    noise = float(np.clip(1.48 * np.median(np.abs(errors(best))), *NOISE_RANGE))
    return _view(_fit(cost, best, noise)[1])


def prior_errors(view: View, image_size: tuple[int, int]) -> Floats:
    """(2,) how unusual a focal length and a roll are, in sigmas."""
    focal = np.log(view.focal / (USUAL_FOCAL * image_size[0]))
    return np.array([focal / FOCAL_SPREAD, view.roll / ROLL_SPREAD])


def view_fault(view: View, image_size: tuple[int, int]) -> str | None:
    """Why a view told by people can't be right, or None: it is wider than such a lens sees."""
    degrees = 2 * np.degrees(np.arctan2(image_size[0] / 2, view.focal))
    if degrees > WIDEST:
        return (
            f"its view would be {degrees:.0f} degrees wide, more than {WIDEST:g}: boxes' heights "
            "mislead, as where feet are hidden"
        )
    return None


def _starts(boxes: Floats, image_size: tuple[int, int], person_height: float) -> list[Floats]:
    starts = []
    for widths, tilt in STARTS:
        focal = widths * image_size[0]
        height = np.clip(
            _start_height(focal, tilt, boxes, image_size), 1.01 * LOWEST, HIGHEST / 1.01
        )
        starts.append(np.array([np.log(focal), tilt, 0.0, np.log(height * person_height)]))
    return starts


def _fit(
    cost: Callable[[Floats, float], Floats], start: Floats, noise: float
) -> tuple[float, Floats]:
    """The cost and the parameters of least squares."""
    fit = least_squares(lambda x: cost(x, noise), start, x_scale=SCALE, max_nfev=40)
    return float(fit.cost), np.asarray(fit.x, float)


def _view(parameters: Floats) -> View:
    log_focal, tilt, roll, log_height = parameters.tolist()
    return View(float(np.exp(log_focal)), tilt, roll, float(np.exp(log_height)))


def _turn(angle: float) -> Floats:
    """(3, 3) rotation about the third axis."""
    sin, cos = np.sin(angle), np.cos(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])


def _start_height(focal: float, tilt: float, boxes: Floats, image_size: tuple[int, int]) -> float:
    """Person heights that the camera hangs above the ground, the median over boxes.

    By the cross-ratio of a person's feet and head, the horizon and the point straight below
    (Criminisi, Reid, Zisserman, "Single view metrology", IJCV 2000).
    """
    feet, heads = boxes[:, 3] - image_size[1] / 2, boxes[:, 1] - image_size[1] / 2
    horizon, nadir = -focal * np.tan(tilt), focal / np.tan(tilt)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = (heads - horizon) * (nadir - feet) / ((feet - horizon) * (nadir - heads))
        heights = 1 / (1 - left)
    known = (feet > horizon) & (feet < nadir) & np.isfinite(heights) & (heights > 0)
    return float(np.median(heights[known])) if known.any() else 2.0


def _refuse_one_distance(boxes: Floats) -> None:
    heights = boxes[:, 3] - boxes[:, 1]
    feet = np.quantile(boxes[:, 3], [0.05, 0.95])
    if np.ptp(feet) < 0.25 * np.median(heights):
        raise InputError("all people stand at one distance from the camera: the horizon is unknown")
