"""The files of a run, written as soon as a row is final, so that a crash leaves them readable."""

import itertools
import json
import math
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TextIO

import numpy as np
import yaml

from configs.errors import InputError
from tracker.boxes import xyxy2xywh
from tracker.identity_records import IdentityEvent, IdentitySummary
from tracker.motchallenge import FIRST_PIXEL
from tracker.replacement import Replacement
from tracker.types import FloatArray, Sightings

__all__ = ["ResultWriter", "claim_folder", "result_rows"]


def claim_folder(folder: Path | None, *, exist_ok: bool) -> Path:
    """The folder that a run may write to; None picks runs/track, or the next one that is free.

    Raises InputError if the folder has something in it and `exist_ok` isn't given.
    """
    if folder is None:
        names = itertools.chain(["track"], (f"track-{number}" for number in itertools.count(2)))
        folder = next(path for name in names if not _is_used(path := Path("runs") / name))
    elif folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; --output needs a folder")
    elif _is_used(folder) and not exist_ok:
        raise InputError(f"{folder}: exists and isn't empty; --exist-ok overwrites its results")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: can't be made ({error.strerror})") from None
    return folder


def result_rows(sightings: Sightings) -> str:
    """`frame,id,left,top,width,height,confidence,x,y,z` lines, as MOTChallenge has them.

    Frames and pixels count from 1; the id is the scene-wide identity; x, y, z are metres in the
    world, or -1 each where the position isn't known.
    """
    ltwh = xyxy2xywh(sightings.boxes) + FIRST_PIXEL
    known = np.isfinite(sightings.positions).all(axis=1, keepdims=True)
    world = np.where(known, sightings.positions, -1.0)
    numbers = np.hstack([ltwh, sightings.scores[:, None], world]).tolist()
    frame = sightings.index + 1
    return "".join(
        f"{frame},{identity},{left:.2f},{top:.2f},{width:.2f},{height:.2f},{score:.4f},"
        f"{_metres(x)},{_metres(y)},{_metres(z)}\n"
        for identity, (left, top, width, height, score, x, y, z) in zip(
            sightings.identities.tolist(), numbers, strict=True
        )
    )


class ResultWriter:
    """`<camera>.txt`, `events.jsonl`, `identities.jsonl`, `doors.yaml` and `summary.json` in one
    folder."""

    def __init__(self, folder: Path, cameras: Sequence[str]) -> None:
        self._folder = folder
        self._rows = {camera: _open(folder / f"{camera}.txt") for camera in cameras}
        self._events = _open(folder / "events.jsonl")

    def __enter__(self) -> "ResultWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def write(self, sightings: Sightings) -> None:
        """Append one camera's frame to its file."""
        file = self._rows[sightings.camera]
        file.write(result_rows(sightings))
        file.flush()

    def write_event(self, event: IdentityEvent) -> None:
        """Append one decision, with the distances and probabilities that decided it."""
        self._events.write(_event_line(event))
        self._events.flush()

    def revise(
        self,
        number: Callable[[str, int, int], int],
        events: Iterable[IdentityEvent],
        files: Replacement,
    ) -> None:
        """Give each row its final identity: number(camera, frame from 0, identity so far); append
        the events that say why. No more rows and events after it."""
        self._close()
        for camera in self._rows:
            path = self._folder / f"{camera}.txt"
            with path.open(encoding="utf-8") as rows, files.open(path) as renumbered:
                for row in rows:
                    frame, identity, rest = row.split(",", 2)
                    person = number(camera, int(frame) - 1, int(identity))
                    renumbered.write(f"{frame},{person},{rest}")
        path = self._folder / "events.jsonl"
        with path.open(encoding="utf-8") as before, files.open(path) as after:
            shutil.copyfileobj(before, after)
            after.writelines(_event_line(event) for event in events)

    def write_identities(
        self,
        identities: Iterable[IdentitySummary],
        best_crops: Mapping[int, str],
        files: Replacement,
    ) -> None:
        """One line for each person; `best_crops` names the picture of each, where there is one."""
        with files.open(self._folder / "identities.jsonl") as file:
            for person in identities:
                record = {
                    "identity": person.identity,
                    "first_time": round(person.first_time, 4),
                    "last_time": round(person.last_time, 4),
                    "cameras": list(person.cameras),
                    "reentries": person.reentries,
                    "best_crop": best_crops.get(person.identity),
                }
                file.write(json.dumps(record) + "\n")

    def write_doors(self, doors: Mapping[str, FloatArray], files: Replacement) -> None:
        """Doors that were learned, (K, 2) metres by name, as `cameras.yaml` takes them."""
        places = {name: np.round(door, 2).tolist() for name, door in doors.items()}
        with files.open(self._folder / "doors.yaml") as file:
            yaml.safe_dump({"doors": places}, file, sort_keys=False, default_flow_style=None)

    def write_summary(self, summary: Mapping[str, object], files: Replacement) -> None:
        """The run in numbers."""
        with files.open(self._folder / "summary.json") as file:
            file.write(json.dumps(summary, indent=2) + "\n")

    def _close(self) -> None:
        for file in (*self._rows.values(), self._events):
            file.close()


def _is_used(folder: Path) -> bool:
    return folder.exists() and any(folder.iterdir())


def _open(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="\n")


def _event_line(event: IdentityEvent) -> str:
    record = {
        "kind": event.kind,
        "time": round(event.time, 4),
        "camera": event.camera,
        "track": event.track,
        "identity": event.identity,
        "why": event.why,
        "posterior": _finite(event.posterior),
        "threshold": _finite(event.threshold),
        "candidates": [
            {
                "identity": candidate.identity,
                "distance": _finite(candidate.distance),
                "posterior": _finite(candidate.posterior),
                "active": candidate.active,
            }
            for candidate in event.candidates
        ],
    }
    return json.dumps(record) + "\n"


def _metres(value: float) -> str:
    return "-1" if value == -1.0 else f"{value:.3f}"


def _finite(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None
