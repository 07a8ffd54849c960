"""People's ground tracks from the result files of a run, to tell the cameras' offsets from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.files import read_text
from calibration.rig import Rig
from calibration.timing import GroundTracks
from configs.errors import InputError

__all__ = ["BoxTracks", "box_tracks", "ground_tracks_of_run"]

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


def box_tracks(path: Path, frame_rate: float, image_size: Sequence[int]) -> BoxTracks:
    """Tracks of a MOTChallenge file, without boxes that the image's edge cuts. Raises InputError.

    Rows are `frame,id,left,top,width,height,...`, frames from 1.
    """
    rows = _read_rows(path)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    boxes = np.column_stack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]])
    whole = (boxes[:, :2] > EDGE).all(axis=1) & (boxes[:, 2:] < np.subtract(image_size, EDGE)).all(axis=1)
    whole &= (rows[:, 4:6] > 0).all(axis=1)
    return BoxTracks((rows[whole, 0] - 1) / frame_rate, rows[whole, 1].astype(int), boxes[whole])


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
        rate = rig.frame_rates.get(name, frame_rate)
        if rate is None:
            raise InputError(f"camera {name}: its frame rate is unknown; give --frame-rate")
        rows = _read_rows(path)
        feet = rows[:, 2:4] + rows[:, 4:6] * [0.5, 1.0]
        points, valid = camera.image2ground(feet)
        keep = valid & camera.in_image(rows[:, 2:4]) & camera.in_image(np.add(feet, [0, 2]))
        times = (rows[keep, 0] - 1) / rate
        tracks[name] = GroundTracks(times, rows[keep, 1].astype(int), points[keep])
    if len(tracks) < 2:
        raise InputError(f"{folder}: {len(tracks)} files of calibrated cameras; two are needed")
    return tracks


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
