"""Annotations as WILDTRACK has them, one JSON file for a frame: who stands in which grid cell."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from calibration.camera import Camera
from calibration.rig import Rig
from configs.errors import InputError
from tracker.evaluation.comparison import Trajectories
from tracker.evaluation.mtmc.scene import Annotation, Scene, Truth
from tracker.types import Detections, FloatArray, IntArray

__all__ = ["read_position_scenes"]

LARGEST_FILE = 1 << 26  # bytes
TEST_SHARE = 10  # the last tenth of the frames


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)
    viewNum: int = Field(ge=0, le=999)  # noqa: N815
    xmin: float
    ymin: float
    xmax: float
    ymax: float


class _Person(BaseModel):
    model_config = ConfigDict(frozen=True)
    personID: int = Field(ge=0)  # noqa: N815
    positionID: int = Field(ge=0)  # noqa: N815
    views: list[_View]


class _Rows(NamedTuple):
    frames: IntArray
    people: IntArray
    cells: IntArray
    view_frames: IntArray
    view_people: IntArray
    views: IntArray
    boxes: FloatArray


FRAME = TypeAdapter(list[_Person])


def read_position_scenes(
    root: Path,
    sequences: Sequence[str],
    cameras: Mapping[str, Camera],
    positions: Callable[[IntArray], FloatArray],
    frame_rate: float,
    area: FloatArray,
    truth_as_detections: bool,
) -> list[Scene]:
    """The sequences `test` (default) and `all` of such a data set.

    cameras: by name, in the order of the annotations' views. positions: cells (N,) to metres.
    truth_as_detections: take the annotated boxes for what a detector found.
    Raises InputError: a missing or malformed file, an unknown name.
    """
    for name in set(sequences) - {"test", "all"}:
        raise InputError(f"no sequence {name!r}; expected test or all")
    files = sorted((root / "annotations_positions").glob("*.json"))
    if not files:
        raise InputError(f"{root}: no annotations_positions/*.json here")
    scenes = []
    for name in sequences or ("test",):
        first = len(files) - max(1, len(files) // TEST_SHARE) if name == "test" else 0
        rows = _read_rows(files, first, len(cameras))
        truth = _truth(rows, list(cameras), positions)
        rig = Rig(tuple(cameras), cameras, sources=_sources(root, list(cameras)), area=area)
        given = _as_detections(truth, len(files)) if truth_as_detections else {}
        scenes.append(Scene(name, rig, frame_rate, truth, given, first_frame=first))
    return scenes


def _sources(root: Path, cameras: Sequence[str]) -> dict[str, str]:
    """Folders C1, C2, ... of pictures, for the cameras in order, as far as they are there."""
    folders = {name: root / "Image_subsets" / f"C{i}" for i, name in enumerate(cameras, 1)}
    return {name: str(folder) for name, folder in folders.items() if folder.is_dir()}


def _read_rows(files: Sequence[Path], first: int, cameras: int) -> _Rows:
    people, views = [], []
    for frame, path in enumerate(files[first:], first):
        persons = _read_frame(path)
        if len({person.personID for person in persons}) < len(persons):
            raise InputError(f"{path}: a personID is there twice")
        for person in persons:
            people.append((frame, person.personID, person.positionID))
            for view in person.views:
                if view.viewNum >= cameras:
                    raise InputError(f"{path}: viewNum {view.viewNum} of {cameras} cameras")
                if view.xmax > view.xmin and view.ymax > view.ymin:  # -1 where not in view
                    box = (view.xmin, view.ymin, view.xmax, view.ymax)
                    views.append((frame, person.personID, view.viewNum, *box))
    ground = np.array(people, np.int64).reshape(-1, 3)
    boxes = np.array(views, np.float64).reshape(-1, 7)
    whole = boxes[:, :3].astype(np.int64)
    return _Rows(
        frames=ground[:, 0],
        people=ground[:, 1],
        cells=ground[:, 2],
        view_frames=whole[:, 0],
        view_people=whole[:, 1],
        views=whole[:, 2],
        boxes=boxes[:, 3:],
    )


def _read_frame(path: Path) -> list[_Person]:
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"{path}: {path.stat().st_size} bytes is larger than {LARGEST_FILE}")
    try:
        return FRAME.validate_python(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: {where}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON: {error}") from None


def _truth(
    rows: _Rows, cameras: Sequence[str], positions: Callable[[IntArray], FloatArray]
) -> Truth:
    ground = Trajectories(rows.frames, rows.people, positions(rows.cells))
    views = {}
    for number, name in enumerate(cameras):
        here = rows.views == number
        boxes = Trajectories(rows.view_frames[here], rows.view_people[here], rows.boxes[here])
        views[name] = Annotation.of_all(boxes)
    return Truth(Annotation.of_all(ground), views)


def _as_detections(truth: Truth, frames: int) -> dict[str, list[Detections]]:
    return {
        name: [
            Detections(boxes := view.rows.places[view.rows.frames == frame], np.ones(len(boxes)))
            for frame in range(frames)
        ]
        for name, view in truth.views.items()
    }
