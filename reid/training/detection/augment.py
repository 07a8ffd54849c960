"""A training picture from annotated ones: scale, place, mosaic, mirror, and what cameras do.

Every function takes its own random generator, so that sample number i of step s is the same
however often training was interrupted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from configs.errors import InputError
from reid.images import read_image
from reid.training.detection.pictures import Picture

__all__ = ["Sample", "draw_sample", "place", "spoil"]

Image = NDArray[np.uint8]  # (height, width, 3), BGR

_PADDING = 114
_PERSON_SHARE = 0.75  # of placements are made for a person, if there is one
_HEIGHTS = (13.0, 1.1)  # of that person: least pixels, most of the canvas's height
_LEAST_COVER = 0.6  # of the scale at which the picture covers the whole canvas
_MOST_SCALE = 1.4
_LEAST_SHARE, _LEAST_PX = 0.35, 8.0  # left of a person's box, else it is ignored


@dataclass(frozen=True)
class Sample:
    """A canvas with its people: boxes (M, 4) xyxy pixels, ignored (M,)."""

    image: Image
    boxes: NDArray[np.float64]
    ignored: NDArray[np.bool_]


def draw_sample(
    pictures: Sequence[Picture],
    size: tuple[int, int],
    mosaics: float,
    spoilt: float,
    rng: np.random.Generator,
) -> Sample:
    """One canvas of `size` (height, width) from pictures drawn at random, itself not spoilt yet.

    mosaics: share of canvases that four pictures share. spoilt: share of pictures that are spoilt
    at their own size, before they are cut.
    """
    if rng.random() >= mosaics:
        sample = place(_load(pictures, spoilt, rng), size, rng)
    else:
        sample = _mosaic(pictures, size, spoilt, rng)
    return _mirrored(sample) if rng.random() < 0.5 else sample


def place(sample: Sample, size: tuple[int, int], rng: np.random.Generator) -> Sample:
    """Resize a sample by a random factor and lay a random part of it on a grey canvas.

    Mostly a person is chosen, who gets a height drawn evenly on a logarithmic scale and stands
    in the part that is taken: near and far people are learnt alike, and little is empty.
    """
    height, width = sample.image.shape[:2]
    people = sample.boxes[~sample.ignored]
    least = _LEAST_COVER * max(size[0] / height, size[1] / width)
    scales = least, max(_MOST_SCALE, least)
    chosen = None
    if len(people) and rng.random() < _PERSON_SHARE:
        chosen = people[int(rng.integers(len(people)))]
        tall = np.exp(rng.uniform(*np.log([_HEIGHTS[0], _HEIGHTS[1] * size[0]])))
        scale = float(np.clip(tall / max(chosen[3] - chosen[1], 1.0), *scales))
    else:
        scale = float(np.exp(rng.uniform(*np.log(scales))))
    inner = max(round(width * scale), 1), max(round(height * scale), 1)
    shrinks = cv2.INTER_AREA if scale < 1 and rng.random() < 0.5 else cv2.INTER_LINEAR
    image = cv2.resize(sample.image, inner, interpolation=shrinks)
    x, y = (_offset(axis, inner, size, scale, chosen, rng) for axis in (0, 1))
    canvas = np.full((*size, 3), _PADDING, np.uint8)
    left, top = max(x, 0), max(y, 0)
    seen = image[max(-y, 0) :, max(-x, 0) :][: size[0] - top, : size[1] - left]
    canvas[top : top + seen.shape[0], left : left + seen.shape[1]] = seen
    return _cut(Sample(canvas, sample.boxes * scale + np.array([x, y, x, y]), sample.ignored))


def _offset(
    axis: int,
    inner: tuple[int, int],
    size: tuple[int, int],
    scale: float,
    chosen: NDArray[np.float64] | None,
    rng: np.random.Generator,
) -> int:
    """Where the picture's left (axis 0) or top (1) comes to lie on the canvas, pixels.

    Drawn among those that leave no more of the canvas empty than must be; with a person, among
    those of them that show its middle.
    """
    side, outer = inner[axis], size[1 - axis]
    low, high = min(0, outer - side), max(0, outer - side)
    if chosen is not None:
        middle = round(float(chosen[axis] + chosen[axis + 2]) / 2 * scale)
        seen_low, seen_high = max(low, -middle), min(high, outer - 1 - middle)
        low, high = (seen_low, seen_high) if seen_low <= seen_high else (low, high)
    return int(rng.integers(low, high + 1))


def spoil(image: Image, rng: np.random.Generator) -> Image:
    """What lights, lenses, sensors and codecs do to a picture."""
    spoilt: NDArray[Any] = image
    if rng.random() < 0.8:
        gain = rng.uniform(0.6, 1.4) * rng.uniform(0.8, 1.2, 3)
        curve = 255 * (np.linspace(0, 1, 256)[:, None] ** rng.uniform(0.6, 1.6)) * gain
        spoilt = cv2.LUT(
            spoilt, np.clip(curve, 0, 255).astype(np.uint8)[:, None].reshape(1, 256, 3)
        )
    saturation = 0.0 if rng.random() < 0.08 else rng.uniform(0.1, 1.2)
    grey = cv2.cvtColor(cv2.cvtColor(spoilt, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    spoilt = cv2.addWeighted(spoilt, saturation, grey, 1 - saturation, 0)
    if rng.random() < 0.3:
        spoilt = cv2.GaussianBlur(spoilt, (0, 0), rng.uniform(0.4, 1.4))
    elif rng.random() < 0.4:  # many cameras sharpen, and rendered pictures have little detail
        soft = cv2.GaussianBlur(spoilt, (0, 0), rng.uniform(0.6, 2.0))
        amount = rng.uniform(0.3, 1.5)
        spoilt = cv2.addWeighted(spoilt, 1 + amount, soft, -amount, 0)
    if rng.random() < 0.3:
        noise = rng.normal(0, rng.uniform(2, 12), spoilt.shape)
        spoilt = np.clip(spoilt + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
        decoded = cv2.imdecode(cv2.imencode(".jpg", spoilt, quality)[1], cv2.IMREAD_COLOR)
        spoilt = spoilt if decoded is None else decoded
    return spoilt.astype(np.uint8, copy=False)


def _load(pictures: Sequence[Picture], spoilt: float, rng: np.random.Generator) -> Sample:
    picture = pictures[int(rng.integers(len(pictures)))]
    image = read_image(picture.path)
    if image is None:
        raise InputError(f"{picture.path}: missing, or no picture")
    if rng.random() < spoilt:
        image = spoil(image, rng)
    return Sample(image, picture.boxes, picture.ignored)


def _mosaic(
    pictures: Sequence[Picture], size: tuple[int, int], spoilt: float, rng: np.random.Generator
) -> Sample:
    """Four samples of half the size, two by two."""
    half = size[0] // 2, size[1] // 2
    canvas = np.full((*size, 3), _PADDING, np.uint8)
    boxes, ignored = [], []
    for top, left in ((0, 0), (0, half[1]), (half[0], 0), (half[0], half[1])):
        part = place(_load(pictures, spoilt, rng), half, rng)
        canvas[top : top + half[0], left : left + half[1]] = part.image
        boxes.append(part.boxes + np.array([left, top, left, top]))
        ignored.append(part.ignored)
    return Sample(canvas, np.concatenate(boxes), np.concatenate(ignored))


def _mirrored(sample: Sample) -> Sample:
    width = sample.image.shape[1]
    boxes = sample.boxes.copy()
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    return Sample(np.ascontiguousarray(sample.image[:, ::-1]), boxes, sample.ignored)


def _cut(sample: Sample) -> Sample:
    """Cut the boxes at the canvas; who is mostly outside or tiny is ignored, who is out is gone."""
    height, width = sample.image.shape[:2]
    cut = np.clip(sample.boxes, 0, [width, height, width, height])
    area, left = _areas(sample.boxes), _areas(cut)
    little = (left < _LEAST_SHARE * area) | (cut[:, 3] - cut[:, 1] < _LEAST_PX)
    seen = left > 0
    return Sample(sample.image, cut[seen], (sample.ignored | little)[seen])


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
