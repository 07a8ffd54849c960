"""How every command of the project ends: one line on stderr, and an exit code that tells why."""

import logging
import sys
from collections.abc import Callable

from configs.errors import InputError

__all__ = ["run"]


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
