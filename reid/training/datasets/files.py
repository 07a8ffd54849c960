"""Folders of images: finding them, and saying in one line what is missing."""

from pathlib import Path

from configs.errors import InputError

__all__ = ["find_root", "image_files", "require_folder"]

_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".webp"})


def require_folder(root: Path, name: str, dataset: str) -> Path:
    """The folder `name` inside `root`; InputError names it where it isn't there."""
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; expected the root of {dataset}")
    folder = root / name
    if not folder.is_dir():
        raise InputError(f"{root} lacks the folder {name}, which {dataset} has")
    return folder


def find_root(root: Path, inner: tuple[str, ...], marker: str) -> Path:
    """`root`, or the folder of an unpacked archive inside it (one of `inner`) that has `marker`."""
    candidates = (root, *(root / name for name in inner))
    return next((folder for folder in candidates if (folder / marker).exists()), root)


def image_files(folder: Path) -> list[Path]:
    """The images directly inside a folder, by name; InputError where there are none."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not files:
        raise InputError(f"{folder} holds no images")
    return files
