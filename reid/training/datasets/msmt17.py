"""MSMT17 (Wei et al. 2018), in the layouts of both releases."""

from pathlib import Path, PurePosixPath

import numpy as np

from configs.errors import InputError
from reid.training.datasets.files import find_root, require_folder
from reid.training.samples import ReidData, Samples, Trial

__all__ = ["read_msmt17"]

_FOLDERS = {"train": "test", "mask_train_v2": "mask_test_v2"}  # first release, second release
_LISTS = ("list_train.txt", "list_val.txt", "list_query.txt", "list_gallery.txt")


def read_msmt17(root: Path) -> ReidData:
    """MSMT17: 32,621 images of 1,041 people to train (both of its training lists), 11,659 queries
    among 82,161 gallery images of 3,060 others, 15 cameras.

    The first release has the folders `train` and `test`, the second `mask_train_v2` and
    `mask_test_v2`; the four lists beside them are the same in form.
    """
    root = find_root(root, ("MSMT17_V2", "MSMT17_V1", "MSMT17"), _LISTS[0])
    train_name = next((name for name in _FOLDERS if (root / name).is_dir()), "train")
    train_folder = require_folder(root, train_name, "MSMT17")
    test_folder = require_folder(root, _FOLDERS[train_name], "MSMT17")
    train = [
        *_read_list(root / _LISTS[0], train_folder),
        *_read_list(root / _LISTS[1], train_folder),
    ]
    query, gallery = (_read_list(root / name, test_folder) for name in _LISTS[2:])
    rows = np.arange(len(query) + len(gallery))
    trial = Trial(rows[: len(query)], rows[len(query) :])
    return ReidData("msmt17", Samples.of(train), Samples.of([*query, *gallery]), (trial,))


def _read_list(path: Path, folder: Path) -> list[tuple[Path, int, int]]:
    """Rows `0000/0000_000_01_0303morning_0008_0.jpg 0`: image and identity; the camera is the
    third part of the name.
    """
    if not path.is_file():
        raise InputError(f"{path.parent} lacks the file {path.name}, which MSMT17 has")
    rows = []
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        name, _, identity = line.strip().rpartition(" ")
        parts = PurePosixPath(name).name.split("_")
        camera = parts[2] if len(parts) > 2 else ""
        leaves = PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts
        if leaves or not (identity.isdecimal() and camera.isdecimal()):
            raise InputError(
                f"{path}:{number}: expected an image and its identity, found {line[:80]!r}"
            )
        rows.append((folder / name, int(identity), int(camera)))
    return rows
