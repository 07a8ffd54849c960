"""The command `python -m reid.training.ablation`."""

import json
import logging
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import tyro
from rich.console import Console
from rich.logging import RichHandler

from configs import read_settings
from configs.command import run
from configs.errors import InputError
from reid.training.ablation.columns import COLUMNS, Outcome, column_settings, read_outcome
from reid.training.ablation.figures import draw_accuracy_by_size, draw_averaging
from reid.training.ablation.tables import averaging_table, column_table
from reid.training.records import read_rows
from reid.training.roots import place_sources
from reid.training.run import Place, train
from reid.training.settings import TrainSettings

__all__ = ["AblationArguments", "ablate", "main"]


@dataclass
class AblationArguments:
    """Run columns of the paper's Table 2, one after the other, and print them beside the paper's.

    A run that was cut off goes on where it stopped; a finished one isn't repeated. h goes on from
    g, and robust from i, if those were run before.
    """

    data: tuple[str, ...]
    """The data set's PATH, or NAME=PATH."""
    columns: tuple[str, ...] = ("hacnn", "a", "b", "c", "d", "e", "f", "g", "h", "i", "robust")
    """Columns of Table 2, setup1 of Table 3, or what section 3.3 tried."""
    output: Path = Path("runs/ablation")
    """Folder with a run per column, and the tables and figures of all."""
    config: str = "market1501"
    """What the columns have in common: a preset's name or a .yaml file."""
    epochs: int | None = None
    """Shorten the schedule; warm-up, drops and cycles keep their share. The paper has 350."""
    device: str = "cuda" if torch.cuda.is_available() else "cpu"
    """Where to train."""


def main() -> None:
    """Entry point of `python -m reid.training.ablation`."""
    handler = RichHandler(console=Console(stderr=True), show_time=False, show_path=False)
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])
    given = tyro.cli(AblationArguments, prog="python -m reid.training.ablation")
    sys.exit(run(lambda: ablate(given)))


def ablate(given: AblationArguments) -> None:
    """Train the columns and print the tables; those of finished columns after each."""
    if unknown := set(given.columns) - set(COLUMNS):
        raise InputError(
            f"no column is called {sorted(unknown)[0]!r}; expected one of {', '.join(COLUMNS)}"
        )
    shared = read_settings(TrainSettings, given.config)
    sources = place_sources(shared.sources, given.data)
    swag = shared.swag.model_copy(update={"cycles": 0})  # the columns say who averages
    shared = shared.model_copy(update={"sources": sources, "swag": swag})
    outcomes: dict[str, Outcome] = {}
    for name in given.columns:
        settings = column_settings(name, shared, given.epochs)
        folder = given.output / name
        _continue_from_base(name, settings, given.output)
        place = Place(folder, given.output / "cache", torch.device(given.device), resume=True)
        if read_outcome(folder, settings).epochs < settings.total_epochs:
            train(settings, place)
        outcomes[name] = read_outcome(folder, settings)
        if settings.swag.cycles:
            draw_averaging(
                read_rows(folder / "curves.csv"),
                folder / "averaging.png",
                from_epoch=settings.schedule.epochs,
            )
        _write(outcomes, given.output)
    print(column_table(outcomes))
    print(averaging_table(outcomes))


def _continue_from_base(name: str, settings: TrainSettings, output: Path) -> None:
    """Start a column that only adds the averaging stage from the column without it."""
    base = COLUMNS[name].base
    if base is None or (output / name / "latest.pt").exists():
        return
    finished = read_rows(output / base / "curves.csv")
    if finished and finished[-1]["epoch"] == settings.schedule.epochs:
        (output / name).mkdir(parents=True, exist_ok=True)
        for file in ("latest.pt", "curves.csv"):
            shutil.copy(output / base / file, output / name / file)


def _write(outcomes: dict[str, Outcome], output: Path) -> None:
    text = column_table(outcomes) + "\n" + averaging_table(outcomes)
    (output / "tables.md").write_text(text, encoding="utf-8")
    content = {name: asdict(outcome) for name, outcome in outcomes.items()}
    (output / "outcomes.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    draw_accuracy_by_size(outcomes, output / "accuracy-by-size.png")
