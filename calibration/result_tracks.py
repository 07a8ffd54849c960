"""People's tracks from the result files of a run: what calibration from people begins with."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.files import read_text
from calibration.report import picture_of
from calibration.rig import Rig
from calibration.timing import GroundTracks
from configs.errors import InputError

__all__ = ["BoxTracks", "Watch", "ground_tracks_of_run", "watches_of_run"]

Floats = NDArray[np.floating]

EDGE = 2.0  # pixels from the image's border within which a box counts as cut off


@dataclass(frozen=True)
class BoxTracks:
    """The whole people that one camera saw, in its own time.

    times: (N,) seconds from the first frame's. ids: (N,) track ids. boxes: (N, 4) left, top, right,
    bottom in pixels. Ordered by time.
    """

    times: Floats
    ids: NDArray[np.integer]
    boxes: Floats


@dataclass(frozen=True)
class Watch:
    """What one camera saw: its tracks, and the size of its image in pixels."""

    tracks: BoxTracks
    image_size: tuple[int, int]


def watches_of_run(
    folder: Path,
    rig: Rig,
    frame_rate: float | None,
    image_size: tuple[int, int] | None,
    pictures: Path | None,
) -> dict[str, Watch]:
    """What the cameras saw that have a MOTChallenge file `<camera>.txt` in a folder, by name.

    rig: may know cameras' frame rates and sources. frame_rate, image_size: for cameras of which
    they aren't known. pictures: a folder of `<camera>.png` or .jpg, to tell sizes. Boxes that the
    image's edge cuts are left out. Raises InputError: fewer than two files, one that can't be read,
    an unknown size or rate.
    """
    paths = sorted(folder.glob("*.txt"))
    if len(paths) < 2:
        raise InputError(f"{folder}: {len(paths)} result files <camera>.txt; two are needed")
    watches = {}
    for path in paths:
        rate = _rate_of(path.stem, rig, frame_rate)
        picture = picture_of(rig, path.stem, pictures)
        size = image_size if picture is None else (picture.shape[1], picture.shape[0])
        if size is None:
            raise InputError(f"camera {path.stem}: its image's size is unknown; give --image-size")
        rows = _read_rows(path)
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        boxes = np.column_stack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]])
        inside = (boxes > EDGE) & (boxes < np.tile(size, 2) - EDGE)
        whole = inside.all(axis=1) & (rows[:, 4:6] > 0).all(axis=1)
        times = (rows[whole, 0] - 1) / rate
        watches[path.stem] = Watch(BoxTracks(times, rows[whole, 1].astype(int), boxes[whole]), size)
    return watches


def ground_tracks_of_run(
    rig: Rig, folder: Path, frame_rate: float | None = None
) -> dict[str, GroundTracks]:
    """Tracks of every calibrated camera that has a MOTChallenge file `<camera>.txt` in a folder.

    Rows are `frame,id,left,top,width,height,...`, frames from 1, in the camera's own time. A
    person stands at the middle of the box's lower edge; boxes that the image's edge cuts are left
    out. frame_rate: frames a second, for cameras whose rate isn't in the rig. Raises InputError.
    """
    tracks = {}
    for name, camera in rig.cameras.items():
        path = folder / f"{name}.txt"
        if not path.is_file():
            continue
        rate = _rate_of(name, rig, frame_rate)
        rows = _read_rows(path)
        feet = rows[:, 2:4] + rows[:, 4:6] * [0.5, 1.0]
        points, valid = camera.image2ground(feet)
        keep = valid & camera.in_image(rows[:, 2:4]) & camera.in_image(np.add(feet, [0, 2]))
        times = (rows[keep, 0] - 1) / rate
        tracks[name] = GroundTracks(times, rows[keep, 1].astype(int), points[keep])
    if len(tracks) < 2:
        raise InputError(f"{folder}: {len(tracks)} files of calibrated cameras; two are needed")
    return tracks


def _rate_of(name: str, rig: Rig, frame_rate: float | None) -> float:
    rate = rig.frame_rates.get(name, frame_rate)
    if rate is None or rate <= 0:
        raise InputError(f"camera {name}: its frame rate is unknown; give --frame-rate")
    return rate


def _read_rows(path: Path) -> np.ndarray:
    """(N, 6) frame, id, left, top, width, height."""
    rows = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if line.strip():
            try:
                row = [float(value) for value in line.split(",")[:6]]
            except ValueError:
                row = []
            if len(row) != 6 or not np.isfinite(row).all():
                raise InputError(f"{path}:{number}: expected frame,id,left,top,width,height")
            rows.append(row)
    return np.array(rows, float).reshape(-1, 6)
