"""Any scene of one's own.

    ROOT/cameras.yaml             the rig: calibrations, area, and videos where there are any
    ROOT/truth.csv                who really was where (below)
    ROOT/detections/CAMERA.txt    MOTChallenge rows frame,-1,left,top,width,height,score; or
    ROOT/detections/CAMERA.npz    frames (N,), boxes (N, 4) left top right bottom, scores (N,), and
                                  maybe embeddings (N, D)

or folders of that kind inside ROOT, each a sequence. Detections may be missing where videos are
there. `truth.csv` has a header and the columns

    frame,camera,identity,left,top,width,height,visible,x,y

frame: of that camera, from 1, as in result files. left ... height: pixels from the image's corner
(0, 0), empty where boxes aren't annotated. visible: the share of the person that can be seen, 0..1;
below 0.1 nobody has to find the person there. x, y: metres on the ground, empty where unknown. A
person is to be found on the ground if any camera sees enough of him.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.rig import Rig, read_rig
from configs.errors import InputError
from tracker.boxes import xywh2xyxy
from tracker.evaluation.comparison import Trajectories
from tracker.evaluation.mtmc.given_detections import read_given
from tracker.evaluation.mtmc.scene import Annotation, Scene, Truth, clock_ticks
from tracker.evaluation.mtmc.tables import Table, read_table
from tracker.types import BoolArray, FloatArray, IntArray
from tracker.video import CameraSource, VideoSettings, open_source

__all__ = ["read_positions", "read_scene_folder", "read_scenes"]

COLUMNS = ("frame", "camera", "identity", "left", "top", "width", "height", "visible", "x", "y")
LEAST_VISIBLE = 0.1
USUAL_RATE = 25.0  # frames/s where the rig doesn't tell


def read_scenes(root: Path, sequences: Sequence[str]) -> list[Scene]:
    """The scene in `root`, or those in its folders, all if none are named.

    Raises InputError: no scene there, an unknown name, a malformed file (with its line).
    """
    if (root / "cameras.yaml").is_file():
        return [read_scene_folder(root)]
    found = sorted(path.parent.name for path in root.glob("*/cameras.yaml"))
    if not found:
        raise InputError(f"{root}: no scene here; expected cameras.yaml and truth.csv")
    for name in set(sequences) - set(found):
        raise InputError(f"{root}: no sequence {name!r}; expected one of {', '.join(found)}")
    return [read_scene_folder(root / name) for name in (sequences or found)]


def read_scene_folder(
    folder: Path, frame_rate: float = USUAL_RATE, *, positions_only: bool = False
) -> Scene:
    """Read one scene. frame_rate: of cameras for which neither the rig nor the video tells it.

    positions_only: `truth.csv` is `frame,identity,x,y` (`read_positions`).
    Raises InputError: a missing or malformed file (with its line).
    """
    rig = read_rig(folder / "cameras.yaml")
    rates = {name: _frame_rate(rig, name, frame_rate) for name in rig.names}
    clock = max(rates.values())
    detections = {name: read_given(folder / "detections", name) for name in rig.names}
    given = {name: found for name, found in detections.items() if found is not None}
    missing = [name for name in rig.names if name not in given and name not in rig.sources]
    if missing:
        raise InputError(
            f"{folder}: camera {missing[0]} has neither a source in cameras.yaml nor "
            f"detections/{missing[0]}.txt or .npz"
        )
    path = folder / "truth.csv"
    truth = read_positions(path) if positions_only else _read_truth(path, rig, rates, clock)
    return Scene(
        folder.resolve().name, rig, clock, truth, given if len(given) == len(rig.names) else {}
    )


def _frame_rate(rig: Rig, name: str, usual: float) -> float:
    """Frames/s by the rig, else by the video if it is there, else the usual."""
    source = rig.sources.get(name)
    if name in rig.frame_rates or source is None or not Path(source).exists():
        return rig.frame_rates.get(name, usual)
    return open_source(CameraSource(name, source), VideoSettings(image_rate=usual)).rate


def _read_truth(path: Path, rig: Rig, rates: dict[str, float], clock: float) -> Truth:
    table = read_table(path, COLUMNS)
    cameras = table.words("camera")
    table.refuse(~np.isin(cameras, rig.names), f"no such camera; expected {', '.join(rig.names)}")
    frames, ids = _frames_and_identities(table)
    _refuse_repeated(table, frames, ids, cameras)
    boxes = xywh2xyxy(table.numbers("left", "top", "width", "height", empty=True))
    visible = table.numbers("visible", empty=True)[:, 0]
    seen = np.isnan(visible) | (visible >= LEAST_VISIBLE)
    places = table.numbers("x", "y", empty=True)
    times = np.zeros(len(table))
    views = {}
    for name in rig.names:
        here = cameras == name
        times[here] = frames[here] / rates[name] + rig.time_offsets[name]
        boxed = here & np.isfinite(boxes).all(1)
        if boxed.any():
            rows = Trajectories(frames[boxed], ids[boxed], boxes[boxed])
            views[name] = Annotation(rows, seen[boxed])
    return Truth(_ground(clock_ticks(times, clock), ids, places, seen), views)


def read_positions(path: Path) -> Truth:
    """Read `frame,identity,x,y`: positions in metres by tick of the scene's clock, from 1.

    Raises InputError: a missing or malformed file (with its line).
    """
    table = read_table(path, ("frame", "identity", "x", "y"))
    frames, ids = _frames_and_identities(table)
    _refuse_repeated(table, frames, ids, np.zeros(len(table)))
    rows = Trajectories(frames, ids, table.numbers("x", "y"))
    return Truth(Annotation.of_all(rows) if len(rows) else None)


def _frames_and_identities(table: Table) -> tuple[IntArray, IntArray]:
    whole = table.numbers("frame", "identity", whole=True).astype(np.int64)
    table.refuse(whole[:, 0] < 1, "frames count from 1")
    return whole[:, 0] - 1, whole[:, 1]


def _ground(
    ticks: IntArray, ids: IntArray, places: FloatArray, seen: BoolArray
) -> Annotation | None:
    """One row for a person at a tick, whatever number of cameras has him; None without any."""
    known = np.isfinite(places).all(1)
    if not known.any():
        return None
    keys = np.column_stack([ticks, ids])[known]
    people, first, groups = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    seen_by_any = np.bincount(groups.ravel(), seen[known]) > 0
    return Annotation(Trajectories(people[:, 0], people[:, 1], places[known][first]), seen_by_any)


def _refuse_repeated(
    table: Table, frames: IntArray, ids: IntArray, cameras: NDArray[np.generic]
) -> None:
    _, numbers = np.unique(cameras, return_inverse=True)
    _, first = np.unique(np.column_stack([frames, ids, numbers]), axis=0, return_index=True)
    repeated = np.ones(len(table), bool)
    repeated[first] = False
    table.refuse(repeated, "this identity is already in this frame of this camera")
