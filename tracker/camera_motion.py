"""How the camera itself moved between two frames, from its images or from the tracks alone."""

import cv2
import numpy as np

from tracker.types import FloatArray, Image

__all__ = ["common_shift", "image_motion", "small_gray"]

WIDTH = 480  # pixels: flow on the reduced image is fast and still right to a fraction of a pixel
MIN_POINTS = 12  # background points that must agree before a motion is believed


def small_gray(image: Image) -> tuple[Image, float]:
    """The grey image at most `WIDTH` wide, and its scale (small / full)."""
    scale = min(1.0, WIDTH / image.shape[1])
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False), scale


def image_motion(before: Image, after: Image, scale: float, people: FloatArray) -> FloatArray:
    """(2, 3) similarity that maps points of the frame before to this one, full-size pixels.

    before, after: grey images of `small_gray`, of the same size. people: (N, 4) full-size boxes
    in the frame before, whose pixels move by themselves and are left out. Corners are followed by
    sparse optical flow (Lucas-Kanade) and fitted by RANSAC; where too few agree, or nothing is to
    be seen, the camera is taken to rest.
    """
    rest = np.eye(2, 3)
    mask = np.full(before.shape, 255, np.uint8)
    for left, top, right, bottom in (people * scale).round().clip(0, 1e5).astype(int):
        mask[top:bottom, left:right] = 0
    points = cv2.goodFeaturesToTrack(before, 400, 0.01, 8, mask=mask)
    if points is None or len(points) < MIN_POINTS:
        return rest
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, np.empty_like(points))
    good = found[:, 0] == 1
    if np.count_nonzero(good) < MIN_POINTS:
        return rest
    transform, inliers = cv2.estimateAffinePartial2D(
        points[good], moved[good], method=cv2.RANSAC, ransacReprojThreshold=1.5
    )
    if transform is None or np.count_nonzero(inliers) < MIN_POINTS:
        return rest
    transform[:, 2] /= scale
    return transform


def common_shift(errors: FloatArray) -> FloatArray:
    """(2,) pixels by which a frame's tracks were seen beside where they were predicted.

    errors: (2, N) of their centres, N >= 1. The median over the tracks: people err each in their
    own way, a moving camera shifts them all.
    """
    ordered = errors.copy()
    ordered.sort(axis=1)
    count = errors.shape[1]
    return (ordered[:, (count - 1) // 2] + ordered[:, count // 2]) / 2
