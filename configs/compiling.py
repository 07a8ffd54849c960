"""Functions compiled to machine code, for plain loops over boxes and tracks.

NumPy pays about a microsecond for every operation on arrays as short as a frame's; a compiled loop
pays it once for all of them.
"""

import functools
import logging
from collections.abc import Callable
from typing import Any, Generic, TypeVar, TypeVarTuple

__all__ = ["Kernel", "kernel"]

A = TypeVarTuple("A")
R = TypeVar("R")

logger = logging.getLogger(__name__)


class Kernel(Generic[*A, R]):
    """A function that Numba compiles when it, or a kernel that calls it, is called first.

    Numba isn't imported before, so that nothing waits for it that doesn't track. The machine code
    is kept in `__pycache__` beside the module or, where that can't be written, in the user's cache
    folder; where there is neither, every process compiles anew. Kept code is known by its own
    module's file alone: a kernel must use no constant and no kernel of another module. Division by
    zero gives inf or nan, as in NumPy. Raises TypeError for arguments that don't fit `signature`.
    """

    def __init__(self, function: Callable[[*A], R], signature: str) -> None:
        """signature: result(arguments) in Numba's types, such as `f8[::1](f8[:, ::1], i8)`: plain
        arrays in C order, that can be written."""
        self.__doc__ = function.__doc__
        self._function, self._signature = function, signature
        self._compiled: Callable[[*A], R] | None = None

    def __call__(self, *args: *A) -> R:
        """What the function returns."""
        return (self._compiled or self._compile())(*args)

    @property
    def _numba_type_(self) -> object:
        """Read by Numba where a kernel calls this one."""
        return getattr(self._compiled or self._compile(), "_numba_type_")  # noqa: B009

    def _compile(self) -> Callable[[*A], R]:
        from numba import njit  # takes a third of a second

        compiled: Any
        try:
            compiled = njit(self._signature, cache=True, error_model="numpy")(self._function)
        except RuntimeError:  # no folder in which code could be kept
            compiled = njit(self._signature, error_model="numpy")(self._function)
        if any(compiled.stats.cache_misses.values()):
            _announce()
        self._compiled = compiled
        return self._compiled


@functools.cache  # the first kernel speaks for all
def _announce() -> None:
    """Tell the user what takes seconds."""
    logger.warning("compiling the tracker for this machine, once")


def kernel(signature: str) -> Callable[[Callable[[*A], R]], Kernel[*A, R]]:
    """Decorator that makes a function a `Kernel`."""
    return lambda function: Kernel(function, signature)
