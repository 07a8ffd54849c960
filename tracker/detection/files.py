"""Detections that were made before: MOTChallenge files beside the videos."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from configs.errors import InputError
from tracker.motchallenge import MotRows, read_detections
from tracker.types import Detections, Frame

__all__ = ["FileDetector"]


class FileDetector:
    """Serves the rows `frame,-1,left,top,width,height,score` that belong to each frame.

    Frames count from 1 in the files, and count all frames of the camera's source.
    """

    def __init__(self, path: Path, cameras: Sequence[str]) -> None:
        """path: a file, for a single camera, or a folder that holds `<camera>.txt` for each.

        Raises InputError: a camera without a file, a malformed row (with its line).
        """
        self._detections = {}
        for camera in cameras:
            rows = read_detections(_file_of(path, camera, len(cameras)))
            self._detections[camera] = _by_frame(rows)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """See `tracker.types.Detector`; a frame without rows has nobody in it."""
        return [
            self._detections[frame.camera].get(frame.index + 1) or Detections.empty()
            for frame in frames
        ]


def _file_of(path: Path, camera: str, n_cameras: int) -> Path:
    if path.is_dir():
        file = path / f"{camera}.txt"
        if not file.is_file():
            raise InputError(f"{path}: has no {camera}.txt with the detections of that camera")
        return file
    if not path.is_file():
        raise InputError(f"{path}: no such file of detections")
    if n_cameras > 1:
        raise InputError(
            f"{path}: one file of detections for {n_cameras} cameras; "
            "give a folder that holds <camera>.txt for each"
        )
    return path


def _by_frame(rows: MotRows) -> dict[int, Detections]:
    """Frame -> its detections, best score first; `rows` are in the order of their frames."""
    boxes = rows.boxes
    frames, starts = np.unique(rows.frames, return_index=True)
    stops = np.append(starts, len(rows))[1:]
    found = {}
    for frame, start, stop in zip(frames.tolist(), starts, stops, strict=True):
        best_first = start + np.argsort(-rows.scores[start:stop], kind="stable")
        found[frame] = Detections(boxes[best_first], rows.scores[best_first])
    return found
