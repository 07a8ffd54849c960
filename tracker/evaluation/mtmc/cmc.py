"""CMC: a real room with four overlapping cameras (Ong et al., "A Bayesian Filter for Multi-view
3D Multi-object Tracking with Occlusion Handling", TPAMI 2020).

    ROOT/camN_projection.txt                 3x4, metres, world to image
    ROOT/SEQ/gt_world.txt                    frame id -1 -1 -1 -1 -1 X Y Z [half extents]
    ROOT/SEQ/fairmot/camN.npz                by str(frame - 1): x1 y1 x2 y2 score, 128 embedding
    ROOT/SEQ/faster_rcnn/camN.txt            frame -1 left top width height ...
    ROOT/SEQ/mv_glmb_oc_world.txt            the published result, as the truth (optional)

Frames count from 1. Only people inside the area are annotated, so only there people are followed.
"""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from calibration.formats import read_matrix
from calibration.rig import Rig
from configs.errors import InputError
from tracker.boxes import xywh2xyxy
from tracker.evaluation.comparison import Trajectories
from tracker.evaluation.mtmc.scene import Annotation, Scene, Truth, area_of
from tracker.number_rows import read_number_rows, refuse_rows
from tracker.types import Detections

__all__ = ["read_cmc"]

FRAME_RATE = 4.0  # frames/s
IMAGE_SIZE = (1920, 1024)
AREA = area_of((2.03, 0.0), (6.30, 3.41))  # metres; beyond it people stand unannotated
DETECTORS = ("fairmot", "faster_rcnn")
LONGEST = 1_000_000  # frames
MOST = 10_000  # detections in a frame


def read_cmc(root: Path, sequences: Sequence[str], detections: str | None) -> list[Scene]:
    """Read sequences of CMC, all if none are named. detections: fairmot (default), faster_rcnn.

    Raises InputError: a file that is missing or malformed (with its line), an unknown name.
    """
    detector = detections or DETECTORS[0]
    if detector not in DETECTORS:
        raise InputError(f"no detections {detector!r}; CMC has {' and '.join(DETECTORS)}")
    found = sorted(path.parent.name for path in root.glob("*/gt_world.txt"))
    if not found:
        raise InputError(f"{root}: no CMC here; expected SEQ/gt_world.txt")
    for name in set(sequences) - set(found):
        raise InputError(f"{root}: no sequence {name!r}; expected one of {', '.join(found)}")
    rig = _read_rig(root)
    return [_read_sequence(root / name, rig, detector) for name in (sequences or found)]


def _read_rig(root: Path) -> Rig:
    paths = sorted(root.glob("cam*_projection.txt"))
    if not paths:
        raise InputError(f"{root}: no camN_projection.txt here")
    cameras = {path.name.split("_")[0]: read_matrix(path, image_size=IMAGE_SIZE) for path in paths}
    return Rig(tuple(cameras), cameras, area=AREA)


def _read_sequence(folder: Path, rig: Rig, detector: str) -> Scene:
    read = _read_fairmot if detector == "fairmot" else _read_faster_rcnn
    suffix = "npz" if detector == "fairmot" else "txt"
    detections = {name: read(folder / detector / f"{name}.{suffix}") for name in rig.names}
    rival = folder / "mv_glmb_oc_world.txt"
    return Scene(
        folder.name,
        rig,
        FRAME_RATE,
        Truth(Annotation.of_all(_read_world(folder / "gt_world.txt"))),
        detections,
        {"MV-GLMB-OC": _read_world(rival)} if rival.is_file() else {},
    )


def _read_world(path: Path) -> Trajectories:
    """Positions on the ground, by tick from 0."""
    values = read_number_rows(path, None, 10, "frame id -1 -1 -1 -1 -1 X Y Z ...")
    bad = (values[:, 0] < 1) | (values[:, 0] > LONGEST) | np.any(values[:, :2] % 1 != 0, axis=1)
    refuse_rows(path, bad, "frame and id must be whole numbers, the frame from 1")
    whole = values[:, :2].astype(np.int64)
    try:
        return Trajectories(whole[:, 0] - 1, whole[:, 1], values[:, 7:9])
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None


def _read_fairmot(path: Path) -> list[Detections]:
    """A `Detections` for each frame, with unit embeddings."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            frames = {name: np.asarray(file[name], np.float64) for name in file.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not a readable .npz ({error})") from None
    for name, rows in frames.items():
        if not re.fullmatch(r"\d{1,6}", name) or rows.ndim != 2 or not 6 <= rows.shape[1] <= 9999:
            raise InputError(f"{path}: entry {name!r} of shape {rows.shape}; expected (n, 133)")
        if len(rows) > MOST or not np.isfinite(rows).all():
            raise InputError(f"{path}: entry {name!r} has numbers that aren't finite, or too many")
    length = max(map(int, frames), default=-1) + 1
    return [_fairmot_frame(frames.get(str(index))) for index in range(length)]


def _fairmot_frame(rows: np.ndarray | None) -> Detections:
    if rows is None:
        return Detections.empty()
    lengths = np.linalg.norm(rows[:, 5:], axis=1, keepdims=True)
    embeddings = (rows[:, 5:] / np.maximum(lengths, 1e-12)).astype(np.float32)
    return Detections(rows[:, :4], rows[:, 4], embeddings)


def _read_faster_rcnn(path: Path) -> list[Detections]:
    """A `Detections` for each frame; the files have no scores, so all are 1."""
    values = read_number_rows(path, None, 6, "frame -1 left top width height ...")
    bad = (values[:, 0] < 1) | (values[:, 0] > LONGEST) | (values[:, 0] % 1 != 0)
    refuse_rows(path, bad, "the frame must be a whole number from 1")
    refuse_rows(path, np.any(values[:, 4:6] <= 0, axis=1), "width and height must be above 0")
    boxes = xywh2xyxy(values[:, 2:6])
    return [
        Detections(boxes[here], np.ones(int(here.sum())))
        for here in (values[:, 0] == n for n in range(1, int(values[:, 0].max(initial=0)) + 1))
    ]
