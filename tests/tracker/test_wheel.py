"""The wheel: it holds what it needs, and runs where nothing can be fetched."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reid.packaged import packaged_models

ROOT = Path(__file__).parents[2]
BUILD = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
OFFLINE = """
import socket

def refuse(*arguments):
    raise OSError("the network is off")

socket.socket.connect = socket.getaddrinfo = refuse
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy with made-up weights beside the real ones, so that some are there."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for entry in ("tracker", "reid", "calibration", "configs"):
        shutil.copytree(ROOT / entry, copy / entry)
    for entry in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / entry, copy)
    for package in ("reid", "tracker/detection"):
        (copy / package / "weights").mkdir(exist_ok=True)
        for name in ("made-up.onnx", "made-up.md"):
            (copy / package / "weights" / name).write_text("weights")
    subprocess.run([sys.executable, "-c", BUILD, str(out)], cwd=copy, check=True)
    (path,) = out.glob("*.whl")
    return path


def test_it_holds_all_weights_and_their_cards(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    shipped = [
        f"{package.replace('.', '/')}/weights/{name}{suffix}"
        for package in ("reid", "tracker.detection")
        for name in (*packaged_models(package), "made-up")
        for suffix in (".onnx", ".md")
    ]
    assert set(shipped) <= held
    assert not [name for name in held if name.startswith(("tests", "tools"))]


def test_it_installs_and_follows_somebody_with_the_network_off(wheel, make_video, tmp_path):
    site = tmp_path / "site"
    install = ["pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(site)]
    environment = {**os.environ, "PYTHONPATH": str(site), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([sys.executable, "-m", *install, str(wheel)], check=True, env=environment)
    (site / "sitecustomize.py").write_text(OFFLINE)
    make_video("door.mp4", frames=10, rate=10, size=(160, 120))
    rows = [f"{n},-1,{5 + 3 * n},31,30,80,0.9" for n in range(1, 11)]
    (tmp_path / "door.txt").write_text("\n".join(rows) + "\n")
    command = [sys.executable, "-m", "tracker.cli", "--videos", "door.mp4"]
    result = subprocess.run(
        [*command, "--detector", "door.txt", "--output", "out", "--reid", "histogram"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out" / "door.txt").read_text().count("\n") == 10
    where = [sys.executable, "-c", "import tracker; print(tracker.__file__)"]
    used = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert Path(used.stdout.strip()).is_relative_to(site)
