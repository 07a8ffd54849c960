"""Text files of numbers, one row a line, with errors that name the line."""

from pathlib import Path

import numpy as np

from configs.errors import InputError
from tracker.types import BoolArray, FloatArray

__all__ = ["read_number_rows", "refuse_rows"]

LARGEST_FILE = 1 << 29  # bytes; the largest public file, MOT20-05's detections, has 2**25


def read_number_rows(path: Path, separator: str | None, fewest: int, row_form: str) -> FloatArray:
    """(N, C) float64: the numbers in a file whose rows all have the same C >= `fewest` columns.

    separator: "," or None for blanks. Empty lines and those that begin with # are skipped; an
    empty file is (0, fewest). row_form: what a row looks like, for the message.
    Raises InputError: no such file, too large, a row that doesn't fit (with its line), a value
    that isn't a finite number.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"{path}: {path.stat().st_size} bytes is larger than {LARGEST_FILE}")
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if _holds_row(line)]
    if not lines:
        return np.zeros((0, fewest))
    try:
        values = np.loadtxt(lines, delimiter=separator, ndmin=2, comments=None)
    except ValueError:
        raise InputError(_first_fault(path, text, separator, fewest, row_form)) from None
    if values.shape[1] < fewest:
        raise InputError(_first_fault(path, text, separator, fewest, row_form))
    refuse_rows(path, np.any(~np.isfinite(values), axis=1), "a value is not a finite number")
    return values


def refuse_rows(path: Path, bad: BoolArray, why: str) -> None:
    """Raise InputError with the file's line of the first row that is `bad` (N,), if any is."""
    if not bad.any():
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    numbers = [n for n, line in enumerate(text.splitlines(), 1) if _holds_row(line)]
    line = numbers[int(np.flatnonzero(bad)[0])]
    found = text.splitlines()[line - 1].strip()[:80]
    raise InputError(f"{path}:{line}: {why} (found {found!r})")


def _holds_row(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _first_fault(path: Path, text: str, separator: str | None, fewest: int, form: str) -> str:
    """The message for the first row that isn't numbers or has another number of columns."""
    columns = None
    for number, line in enumerate(text.splitlines(), 1):
        if not _holds_row(line):
            continue
        cells = line.strip().split(separator)
        columns = columns or len(cells)
        where = f"{path}:{number}: expected {form}, found {line.strip()[:80]!r}"
        if len(cells) < fewest or len(cells) != columns:
            return f"{where} with {len(cells)} columns"
        if not all(_is_number(cell) for cell in cells):
            return where
    return f"{path}: expected {form}"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell
