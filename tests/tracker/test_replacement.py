"""Files that are replaced together or not at all."""

import pytest

from tracker.replacement import Replacement


@pytest.fixture
def folder(tmp_path):
    for name in "abc":
        (tmp_path / name).write_text(f"old {name}")
    return tmp_path


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_all_take_their_place_at_the_end(folder):
    with Replacement() as files:
        with files.open(folder / "a") as file:
            file.write("new a")
        files.write(folder / "d", b"new d")
        files.remove(folder / "b")
        assert contents(folder).items() >= {"a": "old a", "b": "old b", "c": "old c"}.items()
        assert not (folder / "d").exists()
    assert contents(folder) == {"a": "new a", "c": "old c", "d": "new d"}


def test_nothing_changes_if_something_goes_wrong(folder):
    before = contents(folder)

    def replace_some():
        with Replacement() as files:
            files.write(folder / "a", b"new a")
            files.remove(folder / "b")
            with files.open(folder / "c") as file:
                file.write("half")
                raise RuntimeError

    with pytest.raises(RuntimeError):
        replace_some()
    assert contents(folder) == before


@pytest.mark.parametrize("full", ["a", "c"])
def test_nothing_changes_on_a_full_disk(folder, full):
    before = contents(folder)
    (folder / f"{full}.part").symlink_to("/dev/full")

    def replace_all():
        with Replacement() as files:
            for name in "abc":
                with files.open(folder / name) as file:
                    file.write(f"new {name}")

    with pytest.raises(OSError, match="No space left"):
        replace_all()
    assert contents(folder) == before
