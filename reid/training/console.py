"""Where progress is drawn: stderr, and nothing where stderr is no terminal."""

import sys

from rich.console import Console

__all__ = ["console"]


def console() -> Console:
    """A console on stderr that stays silent in files and pipes."""
    return Console(stderr=True, quiet=not sys.stderr.isatty())
