"""Work spread over processes, each with its own OpenGL context."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.queues import Queue
from typing import Any, TypeVar

__all__ = ["run_shares"]


S = TypeVar("S")
R = TypeVar("R")


def run_shares(work: Callable[[S], Iterator[R]], shares: Sequence[S]) -> Iterator[R]:
    """Run `work` on every share at once, one process each; yield results as they come.

    A single share runs in this process. An exception in a process is raised here and ends them
    all; they also end, within a result, when this process was killed.
    """
    if len(shares) == 1:
        yield from work(shares[0])
        return
    context = multiprocessing.get_context("spawn")
    results: Queue[tuple[str, Any]] = context.Queue()
    processes = [
        context.Process(target=_report, args=(work, share, results), daemon=True)
        for share in shares
    ]
    for process in processes:
        process.start()
    try:
        running = len(processes)
        while running:
            kind, value = results.get()
            if kind == "failed":
                raise value
            if kind == "ended":
                running -= 1
            else:
                yield value
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _report(work: Callable[[S], Iterator[R]], share: S, results: "Queue[tuple[str, Any]]") -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    try:
        for value in work(share):
            if not parent.is_alive():
                return
            results.put(("result", value))
        results.put(("ended", None))
    except Exception as error:
        results.put(("failed", error))
