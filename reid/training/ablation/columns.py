"""The columns of Table 2, what the paper reports for them, and what a run of ours gave."""

from dataclasses import dataclass
from pathlib import Path

from configs import read_settings
from reid.models import create_model
from reid.training.records import read_rows
from reid.training.settings import TrainSettings

__all__ = ["COLUMNS", "MODIFICATIONS", "Column", "Outcome", "column_settings", "read_outcome"]

MODIFICATIONS = (
    "BagOfTricks",
    "Soft triplet",
    "L2",
    "Shuffle",
    "Soft margin",
    "GeM",
    "Deeper",
    "SWAG",
)


@dataclass(frozen=True)
class Column:
    """A column: the modifications that are on, and the paper's rank-1 and mAP on Market-1501.

    paper is None for set-ups that the paper mentions without figures. base is the column whose
    finished run this one continues.
    """

    name: str
    on: frozenset[str]
    paper: tuple[float, float] | None = None
    base: str | None = None


def _column(
    name: str, marks: str, paper: tuple[float, float] | None = None, base: str | None = None
) -> Column:
    """marks: one character per modification, `x` where it is on."""
    on = {trick for trick, mark in zip(MODIFICATIONS, marks, strict=True) if mark == "x"}
    return Column(name, frozenset(on), paper, base)


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        _column("hacnn", "........", (91.2, 75.7)),
        _column("a", "x.......", (93.2, 82.0)),
        _column("b", "x.xx.xx.", (94.1, 85.3)),
        _column("c", "xx.xxxx.", (94.5, 85.7)),
        _column("d", "xxx.xxx.", (94.9, 86.6)),
        _column("e", "xxxx.xx.", (95.1, 87.1)),
        _column("f", "xxxxx.x.", (95.3, 87.9)),
        _column("g", "xxxxxx..", (95.4, 87.3)),
        _column("h", "xxxxxx.x", (95.8, 88.7), base="g"),
        _column("i", "xxxxxxx.", (95.7, 88.1)),
        _column("robust", "xxxxxxxx", (96.2, 89.7), base="i"),
        _column("setup1", "xxx.x..x", (94.5, 85.3)),
        _column("max", "xxxxx..."),
        _column("average-max", "xxxxx..."),
        _column("bn-neck", "xx.xxx.."),
        _column("batch-hard", "x.xxxx.."),
        _column("shuffle-only", "xx.x.x.."),
    )
}
"""Table 2's columns in the paper's order, Table 3's first set-up, and what section 3.3 tried."""


@dataclass(frozen=True)
class Outcome:
    """What a run gave, percent: (rank-1, mAP), None where the run hasn't come so far.

    converged: after the main schedule. cyclic: the last iterate of the averaging stage. averaged:
    its mean model. parameters: of the network without classifiers. epochs: finished ones.
    """

    converged: tuple[float, float] | None
    cyclic: tuple[float, float] | None
    averaged: tuple[float, float] | None
    parameters: int
    epochs: int

    @property
    def final(self) -> tuple[float, float] | None:
        """The figure for Table 2."""
        return self.averaged or self.converged


def column_settings(name: str, base: TrainSettings, epochs: int | None) -> TrainSettings:
    """A column's settings over `base`, with its schedule and its cycles shortened alike.

    Raises InputError for a column that no preset describes.
    """
    settings = read_settings(TrainSettings, f"ablation/{name}", base=base)
    if epochs is None:
        return settings
    share = epochs / settings.schedule.epochs
    cycle_epochs = max(1, round(settings.swag.cycle_epochs * share))
    swag = settings.swag.model_copy(update={"cycle_epochs": cycle_epochs})
    schedule = settings.schedule.shortened(epochs)
    return settings.model_copy(update={"schedule": schedule, "swag": swag})


def read_outcome(folder: Path, settings: TrainSettings) -> Outcome:
    """From the records of a run, which may be unfinished."""
    rows = read_rows(folder / "curves.csv")
    scored = {int(row["epoch"]): row for row in rows if "rank1" in row}
    main = scored.get(settings.schedule.epochs)
    last = scored.get(settings.total_epochs) if settings.swag.cycles else None
    return Outcome(
        (main["rank1"], main["mAP"]) if main else None,
        (last["rank1"], last["mAP"]) if last else None,
        (last["swag_rank1"], last["swag_mAP"]) if last and "swag_mAP" in last else None,
        sum(parameter.numel() for parameter in create_model(settings.model).parameters()),
        int(rows[-1]["epoch"]) if rows else 0,
    )
