"""Detections that lie beside a scene, with or without embeddings."""

import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np

from configs.errors import InputError
from tracker.motchallenge import read_detections
from tracker.types import Detections, FloatArray, IntArray

__all__ = ["read_given"]

LONGEST = 1_000_000  # frames


def read_given(folder: Path, camera: str) -> list[Detections] | None:
    """A `Detections` for each frame up to the last one that has any; None if there is no file.

    Reads `<camera>.npz`, else `<camera>.txt` (see `scene_folder`).
    Raises InputError: a malformed file (with its line, where it has lines).
    """
    if (folder / f"{camera}.npz").is_file():
        return _read_arrays(folder / f"{camera}.npz")
    if not (folder / f"{camera}.txt").is_file():
        return None
    rows = read_detections(folder / f"{camera}.txt")
    return _by_frame(rows.frames - 1, Detections(rows.boxes, rows.scores))


def _read_arrays(path: Path) -> list[Detections]:
    arrays = _load(path)
    frames, boxes, scores = arrays["frames"], arrays["boxes"], arrays["scores"]
    embeddings = arrays.get("embeddings")
    n = len(frames)
    if frames.shape != (n,) or scores.shape != (n,) or boxes.shape != (n, 4):
        raise InputError(f"{path}: frames (N,), boxes (N, 4) and scores (N,) don't fit each other")
    if embeddings is not None and (embeddings.ndim != 2 or len(embeddings) != n):
        raise InputError(f"{path}: embeddings {embeddings.shape} for {n} boxes; expected (N, D)")
    bad = (frames < 1) | (frames > LONGEST) | (frames % 1 != 0)
    bad |= np.any(boxes[:, 2:] <= boxes[:, :2], axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(f"{path}: row {row}: frames count from 1, and boxes need an area")
    if embeddings is not None:
        lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
        embeddings = (embeddings / np.maximum(lengths, 1e-12)).astype(np.float32)
    order = np.argsort(frames, kind="stable")
    whole = frames[order].astype(np.int64) - 1
    return _by_frame(whole, Detections(boxes, scores, embeddings)[order])


def _load(path: Path) -> dict[str, FloatArray]:
    """The file's arrays as finite float64, at least those that have to be there."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays: dict[str, FloatArray] = {
                name: np.asarray(file[name], np.float64) for name in file.files
            }
    except (ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not a readable .npz of numbers ({error})") from None
    for name in ("frames", "boxes", "scores"):
        if name not in arrays:
            raise InputError(f"{path}: no array {name!r} in it")
    for name, values in arrays.items():
        if values.ndim == 0 or not np.isfinite(values).all():
            raise InputError(f"{path}: array {name!r} must hold finite numbers")
    return arrays


def _by_frame(frames: IntArray, detections: Detections) -> list[Detections]:
    """frames: (N,) ascending, from 0."""
    length = int(frames.max(initial=-1)) + 1
    starts = np.searchsorted(frames, np.arange(length + 1)).tolist()
    return [detections[start:end] for start, end in pairwise(starts)]
