"""Detectors by name: where each comes from, under which licence, and how it is fetched safely."""

import hashlib
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from configs.errors import InputError

__all__ = ["MODELS", "NamedModel", "cache_folder", "fetch"]

CHUNK = 1 << 16


@dataclass(frozen=True)
class NamedModel:
    """A published network: sha256 and size in bytes are those of the file at `url`."""

    name: str
    url: str
    sha256: str
    size: int
    licence: str


_YOLOX = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0"

MODELS = {
    model.name: model
    for model in (
        NamedModel(
            "yolox-nano",
            f"{_YOLOX}/yolox_nano.onnx",
            "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
            3_659_407,
            "Apache-2.0",
        ),
        NamedModel(
            "yolox-tiny",
            f"{_YOLOX}/yolox_tiny.onnx",
            "427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7",
            20_219_662,
            "Apache-2.0",
        ),
        NamedModel(
            "yolox-s",
            f"{_YOLOX}/yolox_s.onnx",
            "c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063",
            35_858_002,
            "Apache-2.0",
        ),
    )
}


def cache_folder() -> Path:
    """Where fetched models are kept: $XDG_CACHE_HOME/track-mtmc or ~/.cache/track-mtmc."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "track-mtmc"


def fetch(model: NamedModel, folder: Path, *, offline: bool = False, timeout: float = 30.0) -> Path:
    """The model's file in `folder`, downloaded if it isn't there yet.

    A download that broke off is resumed; a file is used only if its sha256 is right, and takes
    its name only then. `timeout` is seconds without data.

    Raises InputError: not there and `offline`, no network, the wrong bytes.
    """
    target = folder / f"{model.name}.onnx"
    if target.is_file() and _digest(target) == model.sha256:
        return target
    if offline:
        raise InputError(
            f"model {model.name!r} is not in {folder} and --offline forbids fetching it; "
            f"put the file from {model.url} there as {target.name}, or give a path"
        )
    folder.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    try:
        _download(model, part, timeout)
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise InputError(
            f"model {model.name!r} can't be fetched from {model.url} ({reason}); "
            "what has come is kept and the next try goes on from there, or give a path"
        ) from None
    if _digest(part) != model.sha256:
        part.unlink()
        raise InputError(
            f"model {model.name!r}: the file at {model.url} is not the expected one (sha256); "
            "deleted"
        )
    part.replace(target)
    return target


def _download(model: NamedModel, part: Path, timeout: float) -> None:
    """Bring `part` to its full size, from where an earlier try left it."""
    have = part.stat().st_size if part.exists() else 0
    if have == model.size:
        return
    if have > model.size:
        have = 0
    request = urllib.request.Request(model.url, headers={"User-Agent": "track-mtmc"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    columns = (
        TextColumn(f"fetching {model.name} ({model.licence})"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with urllib.request.urlopen(request, timeout=timeout) as response:
        resumed = response.status == 206
        have = have if resumed else 0
        with (
            part.open("ab" if resumed else "wb") as file,
            Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        ):
            task = progress.add_task("", total=model.size, completed=have)
            while have <= model.size and (chunk := response.read(CHUNK)):
                file.write(chunk)
                have += len(chunk)
                progress.update(task, completed=have)
    if have != model.size:
        raise ValueError(f"{have} of {model.size} bytes came")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
