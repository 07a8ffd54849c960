"""calibrate-cameras as people run it."""

import sys

import cv2
import numpy as np
import pytest

from calibration.camera import Camera
from calibration.cli import main
from calibration.rig import Rig, read_rig, write_rig

SIZE = (1280, 720)
K = np.array([[900.0, 0, 640], [0, 900, 360], [0, 0, 1]])
TILT = np.radians(30)
R = np.array([[1, 0, 0], [0, -np.sin(TILT), -np.cos(TILT)], [0, np.cos(TILT), -np.sin(TILT)]])
GROUND = np.array([[-1.0, 4.0], [1.0, 4.0], [2.0, 7.0], [-2.0, 7.0], [0.3, 5.0]])


def camera_at(x):
    return Camera.from_intrinsics(K, [], R, -R @ [x, 0.0, 3.0], SIZE)


@pytest.fixture
def command(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["calibrate-cameras", *map(str, arguments)])
        return main(), capsys.readouterr()

    return call


def test_pose_then_check(tmp_path, command):
    pixels, _ = camera_at(0.0).ground2image(GROUND)
    rows = [" ".join(map(str, row)) for row in np.column_stack([GROUND, pixels])]
    (tmp_path / "hall.txt").write_text("\n".join(rows))
    cv2.imwrite(str(tmp_path / "hall.png"), np.full((720, 1280, 3), 90, np.uint8))
    rig = tmp_path / "cameras.yaml"
    points = ("--points", tmp_path / "hall.txt", "--picture", tmp_path / "hall.png")
    code, said = command("pose", "--camera", "hall", *points, "--output", rig)
    assert code == 0, said.err
    np.testing.assert_allclose(read_rig(rig).cameras["hall"].position, [0, 0, 3], atol=1e-3)
    assert (tmp_path / "hall-grid.png").is_file()
    flags = ("--points", tmp_path, "--output", tmp_path / "out")
    code, said = command("check", rig, *flags)
    assert code == 0, said.err
    assert "5 points: rms 0.00 px" in said.out
    drawn = cv2.imread(str(tmp_path / "out" / "hall-grid.png"))
    assert drawn.shape == (720, 1280, 3)
    assert len(np.unique(drawn)) > 10


def test_convert_and_its_mistakes(tmp_path, command):
    P = K @ np.column_stack([R, -R @ [0, 0, 3.0]])
    np.savetxt(tmp_path / "yard.txt", P)
    rig = tmp_path / "cameras.yaml"
    flags = ("--layout", "matrix", "--output", rig)
    code, said = command("convert", tmp_path / "yard.txt", *flags)
    assert code == 2
    assert "--image-size" in said.err
    code, said = command("convert", tmp_path / "yard.txt", *flags, "--image-size", 1280, 720)
    assert code == 0, said.err
    assert list(read_rig(rig).cameras) == ["yard"]
    np.savetxt(tmp_path / "yard.txt", P / [1000, 1000, 1000, 1])
    code, said = command("convert", tmp_path / "yard.txt", *flags, "--image-size", 1280, 720)
    assert code == 2
    assert "millimetres" in said.err


def test_offsets_of_a_run(tmp_path, command):
    cameras = {"a": camera_at(0.0), "b": camera_at(0.5)}
    rig = tmp_path / "cameras.yaml"
    write_rig(Rig(("a", "b"), cameras, frame_rates={"a": 10.0, "b": 10.0}), rig)
    for name, late in (("a", 0.0), ("b", 1.0)):
        rows = []
        for frame in range(1, 301):
            t = (frame - 1) / 10 + late
            for person in range(3):
                at = [np.sin((0.5 + 0.2 * person) * t) + 0.25, 5.5 + np.cos(0.6 * t + 2 * person)]
                (x, y), _ = (v[0] for v in cameras[name].ground2image([at]))
                rows.append(f"{frame},{person + 1},{x - 30},{y - 200},60,200,1,-1,-1,-1")
        (tmp_path / f"{name}.txt").write_text("\n".join(rows))
    code, said = command("offsets", rig, "--results", tmp_path)
    assert code == 0, said.err
    assert read_rig(rig).time_offsets["b"] == pytest.approx(1.0, abs=0.1)
    (tmp_path / "b.txt").write_text("1,2,three\n")
    code, said = command("offsets", rig, "--results", tmp_path)
    assert code == 2
    assert "b.txt:1: expected frame" in said.err
