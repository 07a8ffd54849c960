"""A detector that overlooks, misplaces and invents people as real ones do.

The numbers of `FAIRMOT` and `FASTER_RCNN` are those of the detections that come with CMC1 and CMC2
(see tracker/evaluation/mtmc/cmc.py) against the annotated people there, by the share of a person
that nobody nearer hides. What is wrong in one frame tends to be wrong in the next.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from calibration.camera import Camera
from calibration.camera_stack import CameraStack
from tracker.silhouettes import expected_boxes, visible_shares
from tracker.types import Detections, FloatArray

__all__ = ["FAIRMOT", "FASTER_RCNN", "DetectorModel", "SimulatedCamera"]

SHARES = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 1.0)  # visible, of a person
RADIUS = 0.15  # metres from a person's middle to the foot that a box ends at
# How much of the errors of the centre, width, top and bottom, and of the mood that makes a person
# be overlooked, is left after a quarter of a second.
KEPT = np.array([0.77, 0.7, 0.6, 0.35, 0.6])
PHANTOM_STAYS = 0.8  # chance that a false box without anybody near is there in the next frame


@dataclass(frozen=True)
class DetectorModel:
    """recall, score, bottom: by the visible share as in SHARES: how many people are found, the
    median score, and the standard deviation of the lower edge as a share of the height.

    centre, width, top: standard deviations of the same kind. doubles: boxes on a person's part or
    between people, per person and frame. phantoms: false boxes that stay in one place, per frame.
    false_score: the least and the most that those of either kind have.
    """

    recall: tuple[float, ...]
    score: tuple[float, ...]
    bottom: tuple[float, ...]
    centre: float = 0.05
    width: float = 0.055
    top: float = 0.03
    doubles: float = 0.02
    phantoms: float = 0.3
    false_score: tuple[float, float] = (0.15, 0.9)


FAIRMOT = DetectorModel(
    recall=(0.54, 0.75, 0.84, 0.88, 0.95, 0.96, 0.99, 0.99, 0.99, 0.985),
    score=(0.46, 0.53, 0.54, 0.61, 0.75, 0.81, 0.87, 0.89, 0.92, 0.94),
    bottom=(0.07, 0.06, 0.058, 0.049, 0.038, 0.035, 0.03, 0.032, 0.033, 0.035),
)
FASTER_RCNN = DetectorModel(
    recall=(0.15, 0.23, 0.36, 0.47, 0.72, 0.86, 0.93, 0.97, 0.98, 0.975),
    score=(1.0,) * len(SHARES),
    bottom=(0.2, 0.25, 0.24, 0.16, 0.094, 0.061, 0.044, 0.041, 0.035, 0.039),
    top=0.04,
    doubles=0.15,
    phantoms=0.45,
    false_score=(1.0, 1.0),
)


class SimulatedCamera:
    """One camera's detector, frame by frame."""

    def __init__(
        self,
        camera: Camera,
        model: DetectorModel,
        heights: FloatArray,
        random: np.random.Generator,
    ) -> None:
        """heights: (N,) metres of all the people there will be."""
        self._camera = camera
        self._alone = CameraStack([camera])
        self._model = model
        self._heights = heights
        self._random = random
        self._moods = random.normal(size=(len(heights), len(KEPT)))
        self._phantoms = [self._place() for _ in range(random.poisson(2 * model.phantoms))]
        self._shown = random.random(len(self._phantoms)) < 0.5

    def observe(self, places: FloatArray, looks: FloatArray, stray: FloatArray) -> Detections:
        """The detections of the next frame.

        places: (N, 2) metres, NaN for who isn't there. looks: (N, D) of everybody now. stray: (S,
        D) looks that false boxes take theirs from.
        """
        noise = self._random.normal(size=self._moods.shape)
        self._moods = KEPT * self._moods + np.sqrt(1 - KEPT**2) * noise
        here = np.flatnonzero(np.isfinite(places[:, 0]))
        boxes = self._boxes(places[here], self._heights[here])
        shares = visible_shares(self._alone, places[here], boxes[None])[0]
        chance = np.interp(shares, SHARES, self._model.recall)
        in_view = shares > 0
        found = in_view & (ndtr(self._moods[here, 4]) < chance)
        made = self._misplaced(boxes, shares, self._moods[here])[found]
        hidden = 1 - shares[found, None]
        mixed = (1 - hidden) * looks[here][found]
        mixed += hidden * looks[here][_hiders(boxes, self._camera, places[here])[found]]
        scores = self._scores(shares[found])
        extra, worth = self._false(boxes[in_view])
        strays = stray[self._random.integers(0, len(stray), len(extra))]
        vectors = np.concatenate([mixed, strays])
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        made, scores = np.concatenate([made, extra]), np.concatenate([scores, worth])
        made = np.clip(made, 0, np.tile(self._camera.image_size, 2))
        good = (made[:, 2:] - made[:, :2] > 8).all(axis=1)
        return Detections(made[good], scores[good], vectors[good].astype(np.float32))

    def _boxes(self, places: FloatArray, heights: FloatArray) -> FloatArray:
        """(N, 4) the perfect boxes: from the head to the foot that is nearest the camera."""
        position = np.zeros(3) if self._camera.position is None else self._camera.position
        towards = position[:2] - places
        towards /= np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-9)
        boxes = np.zeros((len(places), 4))
        for row, (place, height) in enumerate(zip(places, heights, strict=True)):
            boxes[row] = expected_boxes(self._alone, place[None], height)[0]
            near = (place + RADIUS * towards[row])[None]
            boxes[row, 3] = expected_boxes(self._alone, near, height)[0, 0, 3]
        return boxes

    def _misplaced(self, boxes: FloatArray, shares: FloatArray, moods: FloatArray) -> FloatArray:
        model, tall = self._model, boxes[:, 3] - boxes[:, 1]
        centre, width = model.centre * moods[:, 0], model.width / 2 * moods[:, 1]
        bottom = np.interp(shares, SHARES, model.bottom) * moods[:, 3]
        errors = np.stack([centre - width, model.top * moods[:, 2], centre + width, bottom], axis=1)
        return boxes + errors * tall[:, None]

    def _scores(self, shares: FloatArray) -> FloatArray:
        """Medians as measured, and quartiles about half a nat to a nat from them."""
        median = np.minimum(np.interp(shares, SHARES, self._model.score), 1 - 1e-6)
        odds = np.log(median / (1 - median)) + self._random.normal(size=len(shares))
        return 1 / (1 + np.exp(-odds))

    def _false(self, boxes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Parts of people or between them, and what stays where nobody is; with scores."""
        random = self._random
        change = random.random(len(self._shown)) > PHANTOM_STAYS
        self._shown = self._shown ^ change
        still = np.array(self._phantoms)[self._shown] if self._shown.any() else np.zeros((0, 4))
        whose = random.integers(
            0, max(len(boxes), 1), random.poisson(self._model.doubles * len(boxes))
        )
        tall = (boxes[whose, 3] - boxes[whose, 1])[:, None]
        double = boxes[whose] + tall * random.normal(0, [0.2, 0.1, 0.2, 0.2], (len(whose), 4))
        made = np.concatenate([double, still])
        return made, random.uniform(*self._model.false_score, len(made))

    def _place(self) -> FloatArray:
        """A box of somebody who isn't there, somewhere in the picture."""
        width, height = self._camera.image_size
        tall = self._random.uniform(0.25, 0.6) * height
        foot = self._random.uniform([0.1 * width, 0.6 * height], [0.9 * width, 0.95 * height])
        half = 0.18 * tall
        return np.array([foot[0] - half, foot[1] - tall, foot[0] + half, foot[1]])


def _hiders(boxes: FloatArray, camera: Camera, places: FloatArray) -> np.ndarray:
    """(N,) the nearer person whose box covers each one's most, or the person."""
    if not len(boxes):
        return np.zeros(0, np.int64)
    low = np.maximum(boxes[:, None, :2], boxes[:, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[:, 2:])
    cover = np.prod(np.clip(np.nan_to_num(high - low), 0, None), axis=2)
    position = np.zeros(3) if camera.position is None else camera.position
    distance = np.linalg.norm(places - position[:2], axis=1)
    cover *= distance < distance[:, None]
    return np.where(cover.max(axis=1) > 0, cover.argmax(axis=1), np.arange(len(places)))
