"""Pictures of people for their galleries: which are worth an embedding, and how good each is."""

from collections.abc import Sequence

import numpy as np

from configs.compiling import kernel
from tracker.types import (
    BoolArray,
    CameraTracks,
    Detections,
    Embedder,
    FloatArray,
    Frame,
    Image,
)

__all__ = ["crop", "embed_tracks", "image_quality", "visible_share"]


def visible_share(boxes: FloatArray) -> FloatArray:
    """(N,) the share of each box that no box of somebody nearer covers, at least.

    Nearer is whose lower edge is lower in the image. Covers are added up, so where two of them
    overlap each other the share is an underestimate; it ends at 0.
    """
    return _visible_share(np.ascontiguousarray(boxes, np.float64))


@kernel("f8[::1](f8[:, ::1])")
def _visible_share(boxes: FloatArray) -> FloatArray:
    """The same, one box after another."""
    shares = np.empty(len(boxes))
    for n in range(len(boxes)):
        left, top, right, bottom = boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3]
        covered = 0.0
        for other in range(len(boxes)):
            if boxes[other, 3] > bottom:
                width = min(right, boxes[other, 2]) - max(left, boxes[other, 0])
                height = bottom - max(top, boxes[other, 1])
                covered += max(width, 0.0) * max(height, 0.0)
        area = max(right - left, 0.0) * max(bottom - top, 0.0)
        shares[n] = max(1 - covered / max(area, 1e-9), 0.0)
    return shares


def image_quality(boxes: FloatArray, scores: FloatArray, *, full_height: float) -> FloatArray:
    """(N,) in 0..1: how much each box promises for ReID.

    The product of the detection score, of the share that is visible, and of the box's height over
    `full_height` pixels, up to 1. A box much wider than a standing person loses too.
    """
    sizes = np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-9)
    height = np.minimum(sizes[:, 1] / full_height, 1)
    upright = np.minimum(0.7 * sizes[:, 1] / sizes[:, 0], 1)
    return np.clip(scores, 0, 1) * visible_share(boxes) * height * upright


def crop(image: Image, box: FloatArray) -> Image:
    """The part of an image inside a box, at least one pixel, as a view."""
    height, width = image.shape[:2]
    left, top = np.clip(np.floor(box[:2]).astype(int), 0, [width - 1, height - 1])
    right, bottom = np.maximum(
        np.clip(np.ceil(box[2:]).astype(int), 0, [width, height]), [left + 1, top + 1]
    )
    return image[top:bottom, left:right]


def embed_tracks(
    frames: Sequence[Frame],
    detections: Sequence[Detections],
    tracks: Sequence[CameraTracks],
    wanted: Sequence[BoolArray],
    embedder: Embedder | None,
) -> list[FloatArray | None]:
    """Embeddings of the wanted tracks of one tick, all cameras in one call of the embedder.

    Returns for each camera (K, D) unit rows for its K wanted tracks in order, or None where there
    is nothing to embed with: the detections bring no embeddings, and there is no embedder or no
    picture. Embeddings that come with the detections are preferred; a wanted track must then have
    a detection in this frame.
    """
    given: list[FloatArray | None] = []
    crops: list[Image] = []
    cameras: list[str] = []
    counts = []
    for frame, found, followed, rows in zip(frames, detections, tracks, wanted, strict=True):
        before = len(crops)
        if found.embeddings is not None:
            given.append(found.embeddings[followed.detection_rows[rows]])
        else:
            given.append(None)
            if embedder is not None and frame.image is not None:
                crops.extend(crop(frame.image, box) for box in followed.boxes[rows])
        counts.append(len(crops) - before)
        cameras.extend([frame.camera] * counts[-1])
    if embedder is None or not crops:
        return given
    made = np.split(embedder.embed(crops, cameras), np.cumsum(counts)[:-1])
    return [
        ours if ours is not None else (theirs if frame.image is not None else None)
        for ours, theirs, frame in zip(given, made, frames, strict=True)
    ]
