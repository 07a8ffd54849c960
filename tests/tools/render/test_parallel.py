"""Work in several processes comes back whole, and nobody is left when the first is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from parallel import run_shares

SCRIPT = """
import sys

sys.path.insert(0, {tools!r})
from parallel import run_shares
import beats

if __name__ == "__main__":
    for value in run_shares(beats.beats, [0, 1]):
        print(value, flush=True)
"""
BEATS = """
import os
import time


def beats(share):
    while True:
        yield os.getpid()
        time.sleep(0.02)
"""


def numbers(share):
    if share == 13:
        raise ValueError("thirteen")
    yield from range(share)


def test_all_results_come():
    assert sorted(run_shares(numbers, [2, 3])) == [0, 0, 1, 1, 2]
    assert list(run_shares(numbers, [2])) == [0, 1]


def test_an_exception_is_raised_here():
    with pytest.raises(ValueError, match="thirteen"):
        list(run_shares(numbers, [13, 1]))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX")
def test_killing_the_first_process_ends_the_others(tmp_path):
    tools = str(Path(__file__).parents[3] / "tools" / "render")
    (tmp_path / "main.py").write_text(SCRIPT.format(tools=tools))
    (tmp_path / "beats.py").write_text(BEATS)
    command = [sys.executable, "main.py"]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, **quiet) as first:
        others: set[int] = set()
        while len(others) < 2:
            others.add(int(first.stdout.readline()))
        first.kill()
    ended = time.monotonic() + 20
    while any(is_running(other) for other in others):
        assert time.monotonic() < ended
        time.sleep(0.05)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or ") Z " not in stat.read_text()  # nobody may collect it here
