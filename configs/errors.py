"""What a user did wrong, said in one line."""

__all__ = ["InputError"]


class InputError(ValueError):
    """The user's input can't be used: a missing file, an unknown setting, a malformed row.

    Its message is one line that says what is wrong, where, and what to do. Commands print it on
    stderr and end with exit code 2 (`configs.command.run`); a library's caller can catch it.
    """
