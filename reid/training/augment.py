"""Augmentation of whole batches: every random draw and every pixel operation runs on all images
at once, which on a CPU is several times cheaper than one image after the other. Torchvision's
transforms (v2) serve where they take batches; those that draw once for a whole batch don't.
"""

import math

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms.v2 import functional as transforms

from configs.settings import Settings
from reid.images import Preprocessing
from reid.models.smoothing import blur_matrices
from reid.training.resampling import apply_separable, crop_matrices, low_resolution_matrix

__all__ = ["AugmentSettings", "augment", "cached_size", "normalise"]

Range = tuple[float, float]
_ERASING_TRIES = 20
_DETAIL = 5.0  # standard deviation, pixels of a 160-row input, of what counts as coarse
_LIGHT_GRID = 4, 3  # rows and columns of light and shadow on a person


class AugmentSettings(Settings):
    """What is changed at random in a training image. Probabilities are per image.

    The defaults are the paper's (flip, crop, erasing); the rest is off. Colours and resolution
    matter when the training pictures are rendered.
    """

    flip: float = Field(0.5, ge=0, le=1)
    """Probability of mirroring."""
    crop: float = Field(0.5, ge=0, le=1)
    """Probability of cutting a window from the image enlarged by `crop_scale`."""
    crop_scale: float = Field(1.125, ge=1, le=2)
    """How much larger the decoded images are than the input."""
    loose_crop: float = Field(0, ge=0, le=0.5)
    """Every side of the crop moves by up to this share of the image's size, in or out, as a
    detector's boxes do."""
    erasing: float = Field(0.5, ge=0, le=1)
    """Probability of erasing a rectangle."""
    erasing_area: Range = (0.02, 0.4)
    """Share of the image that it covers."""
    erasing_aspect: Range = (0.3, 3.3)
    """Its height over its width."""
    saturation: Range | None = None
    """Factor on the colourfulness, such as 0.1, 1; 0 is grey."""
    gamma: Range | None = None
    """Exponent on the brightness 0..1, such as 0.6, 1.6."""
    cast: float = Field(0, ge=0, le=0.9)
    """Colour cast: each channel is multiplied by 1 - cast .. 1 + cast."""
    contrast: Range | None = None
    """Factor on the distance from the image's mean brightness."""
    exposure: Range | None = None
    """Factor on the light, such as 0.6, 1.6; what gets too bright is clipped."""
    shading: float = Field(0, ge=0, le=0.9)
    """Uneven light: a factor of 1 - shading .. 1 + shading that varies smoothly over the image."""
    detail: Range | None = None
    """Factor on what is finer than some ten of 160 rows: folds, prints, edges, sharpening."""
    grey: float = Field(0, ge=0, le=1)
    """Probability of losing all colour."""
    low_resolution: float = Field(0, ge=0, le=1)
    """Probability of shrinking and enlarging again."""
    lowest_resolution: float = Field(0.25, gt=0, le=1)
    """Share of rows and columns kept, at the least."""
    blur: float = Field(0, ge=0, le=1)
    """Probability of blurring."""
    blur_sigma: Range = (0.3, 2.0)
    """Standard deviation of the blur, pixels of a 160-row input."""
    jpeg: float = Field(0, ge=0, le=1)
    """Probability of compressing as JPEG."""
    jpeg_quality: tuple[int, int] = (20, 90)
    """Quality of the compression, 1..100."""


def cached_size(settings: AugmentSettings, height: int, width: int) -> tuple[int, int]:
    """Rows and columns at which images are decoded for an input of this size."""
    return round(height * settings.crop_scale), round(width * settings.crop_scale)


def normalise(images: NDArray[np.uint8], preprocessing: Preprocessing) -> Tensor:
    """(N, 3, H, W) network input of decoded images (N, H, W, 3) BGR, without augmentation."""
    return _to_normal(_to_planes(images, preprocessing.rgb), preprocessing)


def augment(
    images: NDArray[np.uint8],
    settings: AugmentSettings,
    preprocessing: Preprocessing,
    generator: torch.Generator,
) -> Tensor:
    """(N, 3, height, width) network input of decoded images (N, H, W, 3) BGR; N may be 0.

    `preprocessing` has the size of the result. The same generator state gives the same batch.
    """
    planes = _to_planes(images, rgb=True)
    if not len(planes):
        return planes.new_zeros(0, 3, preprocessing.height, preprocessing.width)
    draw = _Draw(len(planes), generator)
    planes = _reframe(planes, settings, preprocessing, draw)
    planes = _recolour(planes, settings, draw)
    planes = _compress(planes, settings, draw)
    planes = _to_normal(planes if preprocessing.rgb else planes.flip(1), preprocessing)
    return _erase(planes, settings, draw)


class _Draw:
    """Random numbers for a batch of n images."""

    def __init__(self, n: int, generator: torch.Generator) -> None:
        self._n, self._generator = n, generator

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        unit = torch.rand(self._n, *shape, generator=self._generator)
        return low + (high - low) * unit

    def chosen(self, probability: float) -> Tensor:
        """(N,) bool."""
        return self.uniform(0, 1) < probability


def _to_planes(images: NDArray[np.uint8], rgb: bool) -> Tensor:
    """(N, 3, H, W) float32 in 0..1."""
    planes = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2)
    return (planes.flip(1) if rgb else planes).float() / 255


def _to_normal(planes: Tensor, preprocessing: Preprocessing) -> Tensor:
    return transforms.normalize(planes, list(preprocessing.mean), list(preprocessing.std))


def _reframe(planes: Tensor, settings: AugmentSettings, size: Preprocessing, draw: _Draw) -> Tensor:
    """Crop, loosen, mirror, shrink, blur: everything that moves pixels along rows or columns."""
    cropped = draw.chosen(settings.crop)
    kept = draw.uniform(settings.lowest_resolution, 1)
    kept[~draw.chosen(settings.low_resolution)] = 1
    low, high = settings.blur_sigma
    sigma = draw.uniform(low, high) * (size.height / 160)
    sigma[~draw.chosen(settings.blur)] = 0
    axes = []
    for n_in, n_out in zip(planes.shape[2:], (size.height, size.width), strict=True):
        starts, lengths = _windows(n_in, cropped, settings, draw)
        matrices = crop_matrices(starts, lengths, n_in, n_out)
        if settings.low_resolution:
            rows = [low_resolution_matrix(n_out, max(2, round(n_out * k))) for k in kept.tolist()]
            matrices = torch.stack(rows) @ matrices
        if settings.blur:
            matrices = blur_matrices(sigma, n_out) @ matrices
        axes.append(matrices)
    flipped = draw.chosen(settings.flip)
    axes[1][flipped] = axes[1][flipped].flip(1)
    return apply_separable(planes, axes[0], axes[1])


def _windows(
    n_in: int, cropped: Tensor, settings: AugmentSettings, draw: _Draw
) -> tuple[Tensor, Tensor]:
    """Starts and lengths (N,) of the windows along an axis of `n_in` pixels."""
    inside = n_in / settings.crop_scale
    lengths = torch.where(cropped, inside, float(n_in))
    starts = draw.uniform(0, 1) * (n_in - lengths)
    moved = draw.uniform(-settings.loose_crop, settings.loose_crop, 2) * n_in
    return starts + moved[:, 0], lengths + moved[:, 1] - moved[:, 0]


def _recolour(planes: Tensor, settings: AugmentSettings, draw: _Draw) -> Tensor:
    """Colour changes (N, 3, H, W) in 0..1; channels are red, green, blue."""
    changed = planes
    if settings.saturation is not None or settings.grey:
        low, high = settings.saturation or (1.0, 1.0)
        share = draw.uniform(low, high)
        share[draw.chosen(settings.grey)] = 0
        grey = transforms.rgb_to_grayscale(changed)
        changed = grey + share[:, None, None, None] * (changed - grey)
    if settings.exposure is not None:
        changed = (changed * draw.uniform(*settings.exposure, 1, 1, 1)).clamp(max=1)
    if settings.shading:
        changed = (changed * _light(planes, settings.shading, draw)).clamp(max=1)
    if settings.contrast is not None:
        mean = changed.mean((1, 2, 3), keepdim=True)
        changed = mean + draw.uniform(*settings.contrast, 1, 1, 1) * (changed - mean)
    if settings.detail is not None:
        coarse = _smoothed(changed, _DETAIL * planes.shape[2] / 160)
        changed = coarse + draw.uniform(*settings.detail, 1, 1, 1) * (changed - coarse)
    if settings.cast:
        changed = changed * draw.uniform(1 - settings.cast, 1 + settings.cast, 3, 1, 1)
    if settings.gamma is not None:
        changed = changed.clamp(1e-6, 1) ** draw.uniform(*settings.gamma, 1, 1, 1)
    return changed.clamp(0, 1)


def _smoothed(planes: Tensor, sigma: float) -> Tensor:
    rows, columns = (blur_matrices(torch.tensor([sigma]), n)[0] for n in planes.shape[2:])
    return rows @ (planes @ columns.T)


def _light(planes: Tensor, shading: float, draw: _Draw) -> Tensor:
    """(N, 1, H, W) factors, bilinear between random ones on a coarse grid."""
    grid = draw.uniform(1 - shading, 1 + shading, 1, *_LIGHT_GRID)
    return interpolate(grid, planes.shape[2:], mode="bilinear", align_corners=True)


def _compress(planes: Tensor, settings: AugmentSettings, draw: _Draw) -> Tensor:
    if not settings.jpeg:
        return planes
    low, high = settings.jpeg_quality
    qualities = draw.uniform(low, high + 1).floor().clamp(max=high)
    rows = draw.chosen(settings.jpeg).nonzero()[:, 0].tolist()
    images = (planes[rows] * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    for row, image in zip(rows, images, strict=True):
        # Red and blue change places for the codec, which wants blue first, and back.
        _, code = cv2.imencode(
            ".jpg", image[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, int(qualities[row]))
        )
        decoded = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))
        planes[row] = torch.from_numpy(decoded[..., ::-1].copy()).permute(2, 0, 1).float() / 255
    return planes


def _erase(planes: Tensor, settings: AugmentSettings, draw: _Draw) -> Tensor:
    """Zero a rectangle, which after normalising is the mean colour (Zhong et al. 2017)."""
    if not settings.erasing:
        return planes
    height, width = planes.shape[2:]
    area = draw.uniform(*settings.erasing_area, _ERASING_TRIES) * height * width
    flattest, tallest = settings.erasing_aspect
    aspect = draw.uniform(math.log(flattest), math.log(tallest), _ERASING_TRIES).exp()
    rows, columns = (area * aspect).sqrt().round(), (area / aspect).sqrt().round()
    fits = (rows < height) & (columns < width)
    first = fits.int().argmax(1, keepdim=True)  # of the tries, the first that fits
    rows, columns = rows.gather(1, first), columns.gather(1, first)
    erased = draw.chosen(settings.erasing) & fits.any(1)
    inside = [
        _inside(torch.floor(draw.uniform(0, 1, 1) * (n - length + 1)), length, n)
        for n, length in ((height, rows), (width, columns))
    ]
    mask = inside[0][:, :, None] & inside[1][:, None, :] & erased[:, None, None]
    return planes.masked_fill_(mask[:, None], 0)


def _inside(starts: Tensor, lengths: Tensor, n: int) -> Tensor:
    """(N, n) bool: the positions of the intervals; starts, lengths: (N, 1)."""
    positions = torch.arange(n)
    return (positions >= starts) & (positions < starts + lengths)
