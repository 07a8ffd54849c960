"""Files that belong together, replaced together."""

from pathlib import Path
from types import TracebackType
from typing import TextIO

__all__ = ["Replacement"]


class Replacement:
    """New contents of files, which take the place of the old ones once all of them are written.

    A context manager: contents are written beside the files, as `<name>.part`, and renamed one
    after the other at the end of the block. If the block raises, as on a full disk, the parts are
    deleted and all files are as they were.
    """

    def __init__(self) -> None:
        self._changed: list[Path] = []
        self._needless: list[Path] = []

    def open(self, path: Path) -> TextIO:
        """The new text of a file, to be written and closed within the block."""
        self._changed.append(path)
        return _part(path).open("w", encoding="utf-8", newline="\n")

    def write(self, path: Path, content: bytes) -> None:
        """The new content of a file."""
        self._changed.append(path)
        _part(path).write_bytes(content)

    def remove(self, path: Path) -> None:
        """A file that is to be there no more, when the others are in place."""
        self._needless.append(path)

    def __enter__(self) -> "Replacement":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                for path in self._changed:
                    _part(path).replace(path)
                for path in self._needless:
                    path.unlink()
        finally:
            for path in self._changed:
                _part(path).unlink(missing_ok=True)


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")
