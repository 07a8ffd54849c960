"""Images decoded once into a memory-mapped file, so that no training step waits for a decoder."""

import hashlib
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from rich.progress import track

from configs.errors import InputError
from reid.images import Image, read_image, resize
from reid.training.console import console

__all__ = ["ImageCache", "report_undecodable"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImageCache:
    """images: (N, height, width, 3) uint8 BGR, memory-mapped. decoded: (N,) False where a file is
    no picture; its row is black.
    """

    images: Image
    decoded: NDArray[np.bool_]

    @classmethod
    def open(cls, paths: Sequence[Path], height: int, width: int, folder: Path) -> "ImageCache":
        """The images at one size: read from `folder` if they were decoded before, else decoded.

        The file's name follows from every image's path, size and time of change and from the
        size asked for, so a changed image is decoded anew. Costs `3 * N * height * width` bytes
        of disk; a run cut off half-way leaves no file that another would take for whole.
        """
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{_fingerprint(paths, height, width)}.npy"
        mask = file.with_suffix(".decoded.npy")
        if not (file.is_file() and mask.is_file()):
            _decode(paths, height, width, file, mask)
        images = np.load(file, mmap_mode="r", allow_pickle=False)
        return cls(images, np.load(mask, allow_pickle=False))

    def __len__(self) -> int:
        return len(self.images)


def report_undecodable(paths: Sequence[Path], decoded: NDArray[np.bool_]) -> list[str]:
    """The files that couldn't be decoded, logged with their number in one line.

    Raises InputError where none could be.
    """
    bad = [str(path) for path, good in zip(paths, decoded, strict=True) if not good]
    if bad and len(bad) == len(paths):
        raise InputError(f"none of {len(paths)} images can be decoded, the first is {bad[0]}")
    if bad:
        _log.warning(
            "%d of %d images can't be decoded and are left out: %s",
            len(bad), len(paths), ", ".join(bad),
        )  # fmt: skip
    return bad


def _decode(paths: Sequence[Path], height: int, width: int, file: Path, mask: Path) -> None:
    partial = file.with_suffix(f".{os.getpid()}.partial")
    shape = (len(paths), height, width, 3)
    if not paths:  # a file of no bytes can't be mapped, but one with a header can
        np.save(file, np.zeros(shape, np.uint8))
        return _save_whole(mask, np.zeros(0, bool))
    images = open_memmap(partial, "w+", np.uint8, shape)
    decoded = np.zeros(len(paths), bool)

    def decode(row: int) -> None:
        image = read_image(paths[row])
        if image is not None:
            images[row] = resize(image, height, width)
            decoded[row] = True

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = pool.map(decode, range(len(paths)))
        for _ in track(rows, "decoding images", len(paths), console=console(), transient=True):
            pass
    images.flush()
    partial.replace(file)
    _save_whole(mask, decoded)


def _save_whole(path: Path, array: NDArray[np.bool_]) -> None:
    partial = path.with_suffix(f".{os.getpid()}.partial.npy")
    np.save(partial, array)
    partial.replace(path)


def _fingerprint(paths: Sequence[Path], height: int, width: int) -> str:
    digest = hashlib.sha256(f"{height}x{width}".encode())
    for path in paths:
        try:
            status = path.stat()
            digest.update(f"\n{path.absolute()} {status.st_size} {status.st_mtime_ns}".encode())
        except OSError:
            digest.update(f"\n{path.absolute()} missing".encode())
    return digest.hexdigest()[:32]
