"""Comma-separated tables with a header line, for the layouts that people prepare by hand."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from configs.errors import InputError
from tracker.types import FloatArray

__all__ = ["Table", "read_table"]

LARGEST_FILE = 1 << 28  # bytes


class Table:
    """Rows of text by the names of their columns, and the line of each in its file."""

    def __init__(self, path: Path, columns: dict[str, list[str]], lines: list[int]) -> None:
        self.path = path
        self._columns = columns
        self._lines = np.array(lines, np.int64)

    def __len__(self) -> int:
        return len(self._lines)

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self._columns

    def words(self, name: str) -> np.ndarray:
        """(N,) texts."""
        return np.array(self._columns[name], dtype=np.str_)

    def numbers(self, *names: str, whole: bool = False, empty: bool = False) -> FloatArray:
        """(N, K) float64. whole: refuse fractions. empty: NaN for an empty cell, else refused."""
        values = np.empty((len(self), len(names)))
        for k, name in enumerate(names):
            for row, cell in enumerate(self._columns[name]):
                values[row, k] = _number(cell, empty)
            bad = np.isinf(values[:, k]) | (whole & (values[:, k] != np.rint(values[:, k])))
            if bad.any():
                what = "a whole number" if whole else "a number"
                self.refuse(bad, f"column {name} must be {what}")
        return values

    def refuse(self, bad: np.ndarray, why: str) -> None:
        """Raise InputError with the line of the first row that is `bad` (N,), if any is."""
        if bad.any():
            raise InputError(f"{self.path}:{self._lines[np.flatnonzero(bad)[0]]}: {why}")


def read_table(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """Read a table whose header names all `required` columns, in any order.

    Raises InputError: no such file, a column that is missing or unknown, a row of another length.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"{path}: {path.stat().st_size} bytes is larger than {LARGEST_FILE}")
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    rows = [(n, line.split(",")) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    header = [cell.strip() for cell in rows[0][1]] if rows else []
    missing = [name for name in required if name not in header]
    unknown = [name for name in header if name not in {*required, *optional}]
    if missing or unknown or len(set(header)) < len(header):
        raise InputError(
            f"{path}:1: expected the columns {','.join(required)}"
            + (f" and maybe {','.join(optional)}" if optional else "")
            + f", found {','.join(header)[:80]!r}"
        )
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            raise InputError(f"{path}:{line}: {len(cells)} cells, but {len(header)} columns")
    columns = {name: [cells[i].strip() for _, cells in rows[1:]] for i, name in enumerate(header)}
    return Table(path, columns, [line for line, _ in rows[1:]])


def _number(cell: str, empty: bool) -> float:
    if not cell and empty:
        return float("nan")
    try:
        value = float(cell)
    except ValueError:
        return float("inf")
    return value if np.isfinite(value) else float("inf")
