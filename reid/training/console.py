"""Where progress is drawn: stderr, and nothing where stderr is no terminal."""

import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

__all__ = ["console", "run_progress"]


def console() -> Console:
    """A console on stderr that stays silent in files and pipes."""
    return Console(stderr=True, quiet=not sys.stderr.isatty())


def run_progress() -> Progress:
    """The bar of a whole run, with the time left; its tasks have a field `loss`."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>5.1f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]}"),
        console=console(),
    )
