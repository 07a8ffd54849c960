"""Files of MOTChallenge (MOT15, MOT16, MOT17, MOT20): sequences, detections, truth, results.

A sequence is a folder `SEQ/{seqinfo.ini, img1/000001.jpg, det/det.txt, gt/gt.txt}`. Rows are
`frame,id,left,top,width,height,...` where frames, ids and pixels count from 1: a box that begins
at the image's first pixel has left = 1. The project counts pixels from 0, so `MotRows.boxes` and
`results` shift by one pixel at this border, and nowhere else. `MotRows.ltwh` keeps the file's own
numbers: scores are computed on those, as the official evaluation does.
"""

import configparser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from configs.errors import InputError
from tracker.boxes import xywh2xyxy, xyxy2xywh
from tracker.number_rows import read_number_rows, refuse_rows
from tracker.types import BoolArray, CameraTracks, FloatArray, IntArray

__all__ = [
    "FIRST_PIXEL",
    "GroundTruth",
    "MotRows",
    "MotSequence",
    "find_sequences",
    "read_detections",
    "read_ground_truth",
    "read_results",
    "read_sequence",
    "result_rows",
    "results",
    "write_results",
]

ROW_FORM = "frame,id,left,top,width,height,..."
FIRST_PIXEL = np.array([1.0, 1.0, 0.0, 0.0])  # what MOTChallenge adds to left, top, width, height
LONGEST_SEQUENCE = 10_000_000  # frames; a limit on what a damaged seqinfo.ini may ask for


@dataclass(frozen=True)
class MotSequence:
    """What seqinfo.ini says. length: frames. frame_rate: frames/s. width, height: pixels."""

    name: str
    folder: Path
    length: int
    frame_rate: float
    width: int
    height: int
    image_folder: Path
    image_suffix: str

    def image_path(self, frame: int) -> Path:
        """Where the picture of a frame (from 1) lies, whether or not it is there."""
        return self.image_folder / f"{frame:06d}{self.image_suffix}"


@dataclass(frozen=True)
class MotRows:
    """Rows of a detection or result file, ordered by frame, else as in the file.

    frames: (N,) int64 from 1. ids: (N,) int64, -1 in detections. scores: (N,).
    ltwh: (N, 4) left, top, width, height in the file's pixels, which count from 1.
    """

    frames: IntArray
    ids: IntArray
    ltwh: FloatArray
    scores: FloatArray

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def boxes(self) -> FloatArray:
        """(N, 4) left, top, right, bottom in the project's pixels, which count from 0."""
        return xywh2xyxy(self.ltwh - FIRST_PIXEL)


@dataclass(frozen=True)
class GroundTruth:
    """The annotation of a sequence: `rows.scores` is the mark, 0 where a row isn't to be scored.

    classes: (N,) int64 of MOT16 and later, 1 is a pedestrian; all 1 in MOT15, which has none.
    visibilities: (N,) 0..1, 1 where the file doesn't tell.
    """

    rows: MotRows
    classes: IntArray
    visibilities: FloatArray


def find_sequences(root: Path, names: Sequence[str] = ()) -> list[MotSequence]:
    """The sequences in `root` or in `root/train` that are named; all if no names are given.

    A name may leave out parts: 02 and MOT17-02 both mean MOT17-02-DPM, MOT17-02-FRCNN, ...
    Raises InputError: no such folder, none in it, an unknown name (the known ones are named).
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; expected one that holds SEQ/seqinfo.ini")
    found = {path.parent.name: path.parent for path in sorted(root.glob("*/seqinfo.ini"))}
    if not found and (root / "train").is_dir():
        return find_sequences(root / "train", names)
    if not found:
        raise InputError(f"{root}: no sequence here; expected folders SEQ/seqinfo.ini")
    chosen = {name: [one for one in found if _is_meant(one, name)] for name in names}
    for name in (name for name, ones in chosen.items() if not ones):
        raise InputError(f"{root}: no sequence {name!r}; expected one of {', '.join(found)}")
    meant = dict.fromkeys(one for ones in chosen.values() for one in ones) if names else found
    return [read_sequence(found[name]) for name in meant]


def read_sequence(folder: Path) -> MotSequence:
    """Read `folder/seqinfo.ini`. Raises InputError where a field is missing or makes no sense."""
    path = folder / "seqinfo.ini"
    if not path.is_file():
        raise InputError(f"{path}: no such file; each sequence of MOTChallenge has one")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig", errors="replace"))
        fields = parser["Sequence"]
        images, suffix = fields.get("imDir", "img1"), fields.get("imExt", ".jpg")
        sequence = MotSequence(
            name=fields.get("name", folder.name),
            folder=folder,
            length=int(fields["seqLength"]),
            frame_rate=float(fields["frameRate"]),
            width=int(fields["imWidth"]),
            height=int(fields["imHeight"]),
            image_folder=folder / images,
            image_suffix=suffix,
        )
    except (configparser.Error, KeyError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: {reason}; expected [Sequence] with seqLength, ...") from None
    _check_sequence(path, sequence, images)
    return sequence


def read_detections(path: Path) -> MotRows:
    """Read `det.txt`: `frame,-1,left,top,width,height,score[,x,y,z]`; scores of any range.

    Raises InputError with file and line: a malformed row, a NaN, a box without an area.
    """
    values, order = _read(path, fewest=7)
    rows = _rows(values, order)
    _refuse(path, order, np.any(rows.ltwh[:, 2:] <= 0, axis=1), "width and height must be above 0")
    return rows


def read_ground_truth(path: Path) -> GroundTruth:
    """Read `gt.txt`: `frame,id,left,top,width,height,mark,class,visibility`, or MOT15's 10 columns.

    MOT15's rows end with a position in place of class and visibility.
    Raises InputError with file and line, also where a frame has an id twice.
    """
    values, order = _read(path, fewest=7)
    rows = _rows(values, order)
    _check_identified(path, order, rows)
    has_classes = values.shape[1] in (8, 9)
    classes = values[:, 7].astype(np.int64) if has_classes else np.ones(len(rows), np.int64)
    return GroundTruth(rows, classes, values[:, 8] if values.shape[1] == 9 else np.ones(len(rows)))


def read_results(path: Path) -> MotRows:
    """Read a tracker's result file: `frame,id,left,top,width,height[,score,x,y,z]`.

    Raises InputError with file and line, also where a frame has an id twice.
    """
    values, order = _read(path, fewest=6)
    rows = _rows(values, order)
    _check_identified(path, order, rows)
    return rows


def results(tracks: Sequence[CameraTracks]) -> MotRows:
    """One camera's tracks as rows of a result file; see `result_rows`."""
    counts = [len(frame) for frame in tracks]
    return result_rows(
        np.repeat(np.array([frame.index for frame in tracks], np.int64), counts),
        np.concatenate([np.zeros(0, np.int64), *(frame.ids for frame in tracks)]),
        np.concatenate([np.zeros((0, 4)), *(frame.boxes for frame in tracks)]),
        np.concatenate([np.zeros(0), *(frame.scores for frame in tracks)]),
    )


def result_rows(frames: IntArray, ids: IntArray, boxes: FloatArray, scores: FloatArray) -> MotRows:
    """Rows of a result file, by frame, then by id. frames: (N,) from 0. boxes: (N, 4) pixels.

    Coordinates and scores are rounded to the two and four decimals that the file will hold, so that
    scoring these rows and scoring the file give the same.
    """
    order = np.lexsort([ids, frames])
    ltwh = np.round(xyxy2xywh(boxes[order]) + FIRST_PIXEL, 2)
    return MotRows(frames[order] + 1, ids[order], ltwh, np.round(scores[order], 4))


def write_results(path: Path, rows: MotRows) -> None:
    """Write `frame,id,left,top,width,height,score,-1,-1,-1`, which the official server takes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = np.column_stack([rows.frames, rows.ids, rows.ltwh, rows.scores])
    form = "%d,%d,%.2f,%.2f,%.2f,%.2f,%.4f,-1,-1,-1"
    np.savetxt(path, columns.reshape(-1, 7), fmt=form)


def _is_meant(sequence: str, name: str) -> bool:
    return name == sequence or sequence.startswith(f"{name}-") or name in sequence.split("-")


def _read(path: Path, fewest: int) -> tuple[FloatArray, IntArray]:
    """The file's values by ascending frame, and for each the place of its row in the file."""
    values = read_number_rows(path, ",", fewest, ROW_FORM)
    frames = values[:, 0]
    bad_frame = (frames < 1) | (frames > LONGEST_SEQUENCE) | (frames % 1 != 0)
    refuse_rows(path, bad_frame, "the frame must be a whole number from 1")
    bad_id = (values[:, 1] % 1 != 0) | (np.abs(values[:, 1]) > 2**53)
    refuse_rows(path, bad_id, "the id must be a whole number")
    refuse_rows(path, np.any(values[:, 4:6] < 0, axis=1), "width and height must not be negative")
    order = np.argsort(frames, kind="stable")
    return values[order], order


def _rows(values: FloatArray, order: IntArray) -> MotRows:
    scores = values[:, 6] if values.shape[1] > 6 else np.ones(len(order))
    whole = values[:, :2].astype(np.int64)
    return MotRows(whole[:, 0], whole[:, 1], values[:, 2:6], scores)


def _refuse(path: Path, order: IntArray, bad: BoolArray, why: str) -> None:
    """`refuse_rows` for rows that were sorted by `order`."""
    in_file = np.zeros(len(bad), bool)
    in_file[order] = bad
    refuse_rows(path, in_file, why)


def _check_identified(path: Path, order: IntArray, rows: MotRows) -> None:
    _refuse(path, order, rows.ids < 0, "the id must not be negative")
    _, first = np.unique(np.column_stack([rows.frames, rows.ids]), axis=0, return_index=True)
    repeated = np.ones(len(rows), bool)
    repeated[first] = False
    _refuse(path, order, repeated, "this id is already in this frame")


def _check_sequence(path: Path, sequence: MotSequence, images: str) -> None:
    if not 1 <= sequence.length <= LONGEST_SEQUENCE:
        raise InputError(f"{path}: seqLength = {sequence.length}; expected 1..{LONGEST_SEQUENCE}")
    if not (0 < sequence.frame_rate <= 1000 and sequence.width > 0 and sequence.height > 0):
        raise InputError(f"{path}: frameRate, imWidth and imHeight must be above 0")
    outside = PurePosixPath(images).is_absolute() or ".." in PurePosixPath(images).parts
    if outside or "/" in sequence.image_suffix or "/" in sequence.name:
        raise InputError(f"{path}: name, imDir and imExt must stay inside the sequence's folder")
