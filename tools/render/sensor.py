"""What a camera makes of light: exposure, colour, blur, noise, resolution and compression."""

from dataclasses import dataclass

import cv2
import numpy as np
from assets import FloatArray
from numpy.typing import NDArray

__all__ = ["Sensor", "draw_sensor", "expose", "record"]

Image = NDArray[np.uint8]
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Sensor:
    """One camera's response; ranges are (least, most), drawn anew for every picture."""

    gain: tuple[float, float]
    gamma: float
    saturation: float
    cast: FloatArray  # (3,) RGB factors
    tint: FloatArray  # (3,) RGB offsets, 0-1: haze
    blur: tuple[float, float]  # sigma, pixels
    motion: float  # share of pictures with motion blur
    noise: tuple[float, float]  # standard deviation, 0-255
    quality: tuple[int, int]  # JPEG
    sharpening: float
    pixels_high: tuple[float, float]  # true resolution of a person's crop, rows


def draw_sensor(rng: np.random.Generator) -> Sensor:
    """A surveillance camera: some crisp and colourful, most soft, pale or tinted."""
    exposure = rng.uniform(0.75, 1.4)
    quality = int(rng.integers(40, 88))
    low = rng.uniform(75, 160)
    return Sensor(
        gain=(exposure * 0.85, exposure * 1.15),
        gamma=float(np.exp(rng.normal(0, 0.2))),
        saturation=float(rng.uniform(0.45, 1.3)),
        cast=np.exp(rng.normal(0, 0.08, 3)).astype(np.float32),
        tint=(rng.uniform(0, 0.1) + rng.normal(0, 0.02, 3)).astype(np.float32),
        blur=(0.2, float(rng.uniform(0.4, 0.9))),
        motion=float(rng.uniform(0, 0.15)),
        noise=(0.5, float(rng.uniform(1, 5))),
        quality=(quality, min(quality + 15, 95)),
        sharpening=float(rng.uniform(0, 1.2) * (rng.random() < 0.5)),
        pixels_high=(low, low * rng.uniform(1.3, 2.5)),
    )


def expose(
    image: FloatArray, sensor: Sensor, rng: np.random.Generator, *, rescale: bool = True
) -> bytes:
    """JPEG bytes of a scene `image` (H, W, 3) RGB, 0-255, as this camera records it.

    `rescale` lets the true resolution vary (crops); a whole frame has its own.
    """
    height, width = image.shape[:2]
    rows = rng.uniform(*sensor.pixels_high)
    if rescale and rows < height:
        small = (max(round(width * rows / height), 8), max(round(rows), 20))
        image = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA))
    stored = cv2.cvtColor(record(image, sensor, rng), cv2.COLOR_RGB2BGR)
    quality = int(rng.integers(sensor.quality[0], sensor.quality[1] + 1))
    if stored.shape[0] == height:
        return _jpeg(stored, quality)
    compressed = np.frombuffer(_jpeg(stored, quality), np.uint8)
    decoded = np.asarray(cv2.imdecode(compressed, cv2.IMREAD_COLOR))
    return _jpeg(cv2.resize(decoded, (width, height), interpolation=cv2.INTER_LINEAR), 90)


def record(image: FloatArray, sensor: Sensor, rng: np.random.Generator) -> Image:
    """(H, W, 3) RGB of a scene `image` (H, W, 3) RGB, 0-255, before compression."""
    image = _optics(image, sensor, rng)
    picture = _response(image * np.float32(1 / 255), sensor, float(rng.uniform(*sensor.gain)))
    strength = float(rng.uniform(*sensor.noise))
    picture = _with_noise(picture * 255, strength, rng) if strength else picture * 255
    return np.clip(picture, 0, 255).astype(np.uint8)


def _jpeg(image: cv2.typing.MatLike, quality: int) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def _optics(image: FloatArray, sensor: Sensor, rng: np.random.Generator) -> FloatArray:
    sigma = rng.uniform(*sensor.blur)
    if sigma > 0.25:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma))
    if rng.random() < sensor.motion:
        length = int(rng.integers(2, 6))
        kernel = np.zeros((length, length), np.float32)
        if rng.random() < 0.8:
            kernel[length // 2] = 1 / length
        else:
            np.fill_diagonal(kernel, 1 / length)
        image = np.asarray(cv2.filter2D(image, -1, kernel))
    if sensor.sharpening:
        image = image + sensor.sharpening * (image - cv2.GaussianBlur(image, (0, 0), 1.2))
    return image


def _response(image: FloatArray, sensor: Sensor, gain: float) -> FloatArray:
    """Saturation, exposure, cast and haze, which are linear, then the tone curve. All 0-1."""
    saturation = sensor.saturation * np.eye(3) + (1 - sensor.saturation) * LUMA
    scale = (gain * sensor.cast * (1 - sensor.tint))[:, None]
    linear = np.column_stack([scale * saturation, sensor.tint])
    picture = np.asarray(cv2.transform(image, linear.astype(np.float32)), np.float32).clip(0, 1)
    return picture if sensor.gamma == 1 else np.power(picture, sensor.gamma)


def _with_noise(image: FloatArray, strength: float, rng: np.random.Generator) -> FloatArray:
    height, width = image.shape[:2]
    luma = rng.standard_normal((height, width, 1), np.float32)
    coarse = rng.standard_normal((-(-height // 2), -(-width // 2), 3), np.float32)
    chroma = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))
    return image + strength * (0.8 * luma + 0.5 * chroma)
