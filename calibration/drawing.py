"""Pictures that show whether a calibration fits: the ground's grid drawn into a camera's view."""

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.camera import Camera

__all__ = ["draw_ground_grid", "draw_points"]

Image = NDArray[np.uint8]
Floats = NDArray[np.floating]

COARSE = (60, 220, 255)  # BGR: every fifth line
FINE = (230, 230, 230)
X_AXIS, Y_AXIS = (60, 60, 255), (60, 220, 60)
MEASURED, PREDICTED = (255, 255, 0), (255, 0, 255)
STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # metres between lines
SUBPIXEL = 4  # binary digits of a pixel that OpenCV draws with


def draw_ground_grid(image: Image, camera: Camera, *, step: float | None = None) -> Image:
    """A copy of the picture with the ground's grid: fine lines, every fifth bold with its metres.

    x axis red, y axis green. step: metres between lines; None chooses one that suits the view. The
    camera is scaled where the picture has another size than the calibration's.
    """
    canvas = np.ascontiguousarray(image.copy())
    height, width = canvas.shape[:2]
    camera = camera.scaled((width / camera.image_size[0], height / camera.image_size[1]))
    extent = _visible_extent(camera)
    if extent is None:
        return canvas
    (x0, y0), (x1, y1) = extent
    step = step or _suitable_step(max(x1 - x0, y1 - y0))
    for axis, (low, high), (start, end) in ((0, (x0, x1), (y0, y1)), (1, (y0, y1), (x0, x1))):
        along = np.linspace(start, end, 400)
        for number in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1):
            across = np.full(len(along), number * step)
            line = np.stack([across, along] if axis == 0 else [along, across], axis=1)
            _draw_line(canvas, camera, line, number, axis)
    _draw_labels(canvas, camera, extent, step)
    return canvas


def draw_points(image: Image, measured: ArrayLike, predicted: ArrayLike) -> Image:
    """A copy with measured pixels (N, 2) as cyan circles, tied to the predicted ones, magenta."""
    canvas = np.ascontiguousarray(image.copy())
    radius = max(4, round(canvas.shape[1] / 250))
    for here, there in zip(_fixed(measured), _fixed(predicted), strict=True):
        cv2.line(canvas, here, there, PREDICTED, 2, cv2.LINE_AA, SUBPIXEL)
        cv2.circle(canvas, here, radius << SUBPIXEL, MEASURED, 2, cv2.LINE_AA, SUBPIXEL)
        cv2.circle(canvas, there, 3 << SUBPIXEL, PREDICTED, -1, cv2.LINE_AA, SUBPIXEL)
    return canvas


def _visible_extent(camera: Camera) -> tuple[Floats, Floats] | None:
    """Corners of the ground's rectangle that the view shows, without what is far away.

    Far: where a metre away from the camera is less than a 300th of the image's height.
    """
    width, height = camera.image_size
    columns, rows = np.meshgrid(np.linspace(0, width, 25), np.linspace(0, height, 49))
    pixels = np.column_stack([columns.ravel(), rows.ravel()])
    points, valid = camera.image2ground(pixels)
    spread = camera.ground_covariance(pixels, height / 300)
    near = valid & (np.linalg.norm(np.nan_to_num(spread, nan=1e9), axis=(1, 2)) < 1.0)
    if not near.any():
        return None
    return points[near].min(axis=0), points[near].max(axis=0)


def _suitable_step(extent: float) -> float:
    return next((step for step in STEPS if extent / step < 40), STEPS[-1])


def _draw_line(canvas: Image, camera: Camera, line: Floats, number: int, axis: int) -> None:
    """One line of the grid, in pieces that lie in front of the camera and near the picture."""
    pixels, valid = camera.ground2image(line)
    size = np.array(camera.image_size)
    near = valid & (np.abs(np.nan_to_num(pixels, nan=1e9) - size / 2) < 2 * size).all(axis=1)
    coarse = number % 5 == 0
    colour = COARSE if coarse else FINE
    if number == 0:
        colour = Y_AXIS if axis == 0 else X_AXIS
    for rows in np.split(np.arange(len(line)), np.flatnonzero(np.diff(near)) + 1):
        if len(rows) > 1 and near[rows[0]]:
            points = np.round(pixels[rows] * 2**SUBPIXEL).astype(np.int32)
            thickness = 3 if number == 0 else 2 if coarse else 1
            cv2.polylines(canvas, [points], False, colour, thickness, cv2.LINE_AA, SUBPIXEL)


def _draw_labels(canvas: Image, camera: Camera, extent: tuple[Floats, Floats], step: float) -> None:
    """Metres, at every crossing of two bold lines that the picture shows, unless crowded."""
    (x0, y0), (x1, y1) = np.asarray(extent) / (5 * step)
    columns = np.arange(np.ceil(x0), np.floor(x1) + 1)
    rows = np.arange(np.ceil(y0), np.floor(y1) + 1)
    crossings = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2) * 5 * step
    pixels, _ = camera.ground2image(crossings)
    scale = max(0.4, canvas.shape[1] / 2400)
    taken = np.zeros((0, 2))
    for crossing, pixel in zip(crossings, pixels, strict=True):
        free = (np.abs(taken - pixel) > [150 * scale, 40 * scale]).any(axis=1).all()
        if camera.in_image(pixel)[0] and free:
            taken = np.vstack([taken, pixel])
            label = f"{crossing[0]:g}, {crossing[1]:g}"
            place = (int(pixel[0]) + 4, int(pixel[1]) - 4)
            for colour, thickness in (((0, 0, 0), 3), (COARSE, 1)):
                cv2.putText(
                    canvas,
                    label,
                    place,
                    cv2.FONT_HERSHEY_SIMPLEX,
                    scale,
                    colour,
                    thickness,
                    cv2.LINE_AA,
                )


def _fixed(pixels: ArrayLike) -> list[tuple[int, int]]:
    """Pixels with `SUBPIXEL` binary digits, as OpenCV draws them; NaN far outside."""
    values = np.nan_to_num(np.asarray(pixels, float).reshape(-1, 2), nan=-1e5)
    fixed = np.round(np.clip(values, -1e5, 1e5) * 2**SUBPIXEL).astype(int)
    return [(int(x), int(y)) for x, y in fixed]
