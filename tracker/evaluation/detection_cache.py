"""A sequence's detections and embeddings in one .npz file: a second run needs no network."""

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tracker.types import Detections

__all__ = ["cache_path", "file_origin", "load_detections", "save_detections"]


def cache_path(folder: Path, name: str, origin: str) -> Path:
    """Where the detections of that name and origin are kept."""
    return folder / f"{name}-{hashlib.sha256(origin.encode()).hexdigest()[:12]}.npz"


def file_origin(source: str | Path) -> str:
    """What names the content of a file, so that it changes when the file does; else the source."""
    path = Path(source)
    if not path.is_file():
        return str(source)
    return f"{path.resolve()}:{path.stat().st_size}:{path.stat().st_mtime_ns}"


def save_detections(path: Path, detections: Sequence[Detections], origin: str) -> None:
    """Write one `Detections` for each frame. origin: what they were made from and with."""
    path.parent.mkdir(parents=True, exist_ok=True)
    embedded = [found.embeddings for found in detections if found.embeddings is not None]
    noises = [found.edge_noise for found in detections if found.edge_noise is not None]
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(
            file,
            origin=np.array(origin),
            counts=np.array([len(found) for found in detections], np.int64),
            boxes=np.concatenate([np.zeros((0, 4)), *(found.boxes for found in detections)]),
            scores=np.concatenate([np.zeros(0), *(found.scores for found in detections)]),
            embeddings=np.concatenate(embedded) if embedded else np.zeros((0, 0), np.float32),
            edge_noise=np.concatenate(noises) if noises else np.zeros(0),
        )
    part.replace(path)


def load_detections(path: Path, origin: str, frames: int | None = None) -> list[Detections] | None:
    """Read them back; None if there is no such file or it is of another origin or length.

    frames: how many there must be; None for any number.
    """
    if not path.is_file():
        return None
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = dict(file)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):
        return None
    if not {"origin", "counts", "boxes", "scores", "embeddings", "edge_noise"} <= arrays.keys():
        return None
    if str(arrays["origin"]) != origin or frames not in (None, len(arrays["counts"])):
        return None
    embeddings = arrays["embeddings"] if arrays["embeddings"].shape[1] else None
    edge_noise = arrays["edge_noise"] if len(arrays["edge_noise"]) else None
    every = Detections(arrays["boxes"], arrays["scores"], embeddings, edge_noise)
    ends = np.cumsum(arrays["counts"]).tolist()
    if (ends or [0])[-1] != len(every):
        return None
    return [every[start:end] for start, end in zip([0, *ends][: len(ends)], ends, strict=True)]
