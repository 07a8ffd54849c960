"""What a run leaves behind beside its weights: a row per epoch, as CSV and for TensorBoard."""

import csv
import os
from pathlib import Path
from typing import Any

from configs.errors import InputError

__all__ = ["Records", "read_rows"]

Row = dict[str, float]
_COLUMNS = (
    "epoch", "steps", "images", "height", "width", "learning_rate",
    "loss", "identity_global", "identity_local", "triplet_global", "triplet_local", "accuracy",
    "seconds", "data_seconds",
    "rank1", "rank5", "rank10", "mAP", "mINP", "swag_rank1", "swag_mAP",
)  # fmt: skip


class Records:
    """The rows of a run, in `curves.csv`; blank where an epoch wasn't evaluated.

    epoch counts from 1. steps, images: of the epoch, over all processes. The losses and the
    accuracy (share of training images classified rightly, mean of both branches) are means over
    the epoch. seconds: of training; data_seconds: of making batches, beside it.
    """

    def __init__(
        self, folder: Path, *, finished_epochs: int = 0, tensorboard: bool = False
    ) -> None:
        """Rows after `finished_epochs` are dropped: a resumed run writes them again."""
        self._path = folder / "curves.csv"
        self.rows = [row for row in read_rows(self._path) if row["epoch"] <= finished_epochs]
        self._board = _board(folder) if tensorboard else None

    def add(self, row: Row) -> None:
        """Append an epoch's row and write the file anew, whole."""
        self.rows.append(row)
        partial = self._path.with_suffix(".partial")
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, _COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(self.rows)
        os.replace(partial, self._path)
        if self._board is not None:
            for name, value in row.items():
                self._board.add_scalar(name, value, row["epoch"])
            self._board.flush()


def read_rows(path: Path) -> list[Row]:
    """The rows of a `curves.csv`, without their blanks; none where the file is missing."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]


def _board(folder: Path) -> Any:  # noqa: ANN401 - the package is optional
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise InputError("--tensorboard needs the package tensorboard: pip install it") from None
    return SummaryWriter(str(folder / "tensorboard"))
