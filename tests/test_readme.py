"""What the README says is so: its commands, its settings, its lines of Python."""

import re
from pathlib import Path

import pytest

import tracker
from tracker.cli import TrackCommand
from tracker.config import TrackSettings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_ci_runs_the_test_command_of_the_readme():
    command = next(line for line in README.splitlines() if line.endswith("-m pytest"))
    quiet = (ROOT / ".ci" / "run").read_text().replace(" --quiet", "")
    assert command in quiet


def known_flags():
    """Every flag of track-mtmc, by the settings' names."""

    def walk(model, prefix=""):
        for name, field in model.model_fields.items():
            bare = prefix + name.replace("_", "-")
            kind = field.annotation
            if isinstance(kind, type) and hasattr(kind, "model_fields"):
                flat = bare in {"settings", "video", "output"} and kind is not Path
                yield from walk(kind, "" if flat else bare + ".")
            else:
                yield bare
                yield f"no-{bare}"

    return set(walk(TrackCommand))


def test_every_flag_that_the_readme_names_exists():
    section = README.split("## Layout")[0] + README.split("## Use it responsibly")[1]
    named = set(re.findall(r"`--([a-z][\w.-]*)`", section))
    assert named
    assert named <= known_flags() | {"help", "config"}


def test_the_lines_of_python_run(monkeypatch, capsys, make_readme_video):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    seen = []

    def track(videos, settings):
        assert isinstance(settings, TrackSettings)
        seen.extend(videos)
        replaced = settings.model_copy(
            update={"detector": str(make_readme_video.with_suffix(".txt"))}
        )
        return original([str(make_readme_video)], replaced)

    original = tracker.track
    monkeypatch.setattr(tracker, "track", track)
    exec(compile(code, "README.md", "exec"), {})
    assert seen == ["cams/door.mp4", "cams/hall.mp4"]
    assert "person 1 on door" in capsys.readouterr().out


@pytest.fixture
def make_readme_video(tmp_path):
    import av
    import numpy as np

    path = tmp_path / "door.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(10):
            image = np.zeros((120, 160, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    rows = "".join(f"{n},-1,{20 + n},20,30,80,0.9\n" for n in range(1, 11))
    path.with_suffix(".txt").write_text(rows)
    return path
