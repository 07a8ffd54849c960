"""The cost of the offline pass, for a few tracklets."""

import runpy
from pathlib import Path

import pytest

TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "benchmark_regrouping.py"))


def test_a_line_for_each_number_of_tracklets_with_everybody_found(capsys):
    TOOL["main"](tracklets=(210, 120), dimension=256)
    head, *lines = capsys.readouterr().out.splitlines()
    rows = [[float(number) for number in line.split()] for line in lines]
    assert head.split()[-2:] == ["memory", "GB"]
    assert [row[0] for row in rows] == [120, 210]
    for _, people, online, offline, processor, wall, memory in rows:
        assert online > 1.5 * people
        assert offline == people
        assert processor > 0
        assert wall > 0
        assert 0.05 < memory < 10


@pytest.mark.parametrize("count", [1, 60])
def test_as_many_tracklets_are_made_up_as_asked(count):
    book, _ = TOOL["visits"](count, 8)
    assert len(book.tracklets()) == count
