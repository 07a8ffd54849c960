"""How every command of the project begins, with which settings, and how it ends."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from configs.errors import InputError
from configs.settings import Settings, read_settings

__all__ = ["run", "starting_settings"]

S = TypeVar("S", bound=Settings)


def run(command: Callable[[], None]) -> int:
    """Run a command's body and return its exit code.

    0 it went well; 1 it failed half-way (a bug, a full disk); 2 the user's input was at fault
    (`InputError`); 130 it was interrupted with Ctrl-C. Bodies flush what they have written in
    their own `finally` blocks, so that partial results stay readable in every case.
    """
    try:
        command()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: what was written so far is complete", file=sys.stderr)
        return 130
    except Exception as error:
        logging.getLogger(__name__).debug("the command failed", exc_info=True)
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def starting_settings(model: type[S], arguments: Sequence[str]) -> S:
    """The settings that a command's other flags override: of the file or preset that `--config`
    names among its arguments, else the model's defaults. Raises InputError as `read_settings`.
    """
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--config")
    config = early.parse_known_args(arguments)[0].config
    return read_settings(model, config) if config else model()
