"""Cameras that nobody measured: from people's tracks to one world."""

import sys

import cv2
import numpy as np
import pytest

from calibration.cli import main
from calibration.overlap import calibrate_overlap
from calibration.placed import Placed
from calibration.result_tracks import BoxTracks, Watch
from calibration.rig import Rig, read_rig, write_rig
from calibration.self_calibration import View
from configs.errors import InputError

PLACES = np.stack(np.meshgrid(np.linspace(1, 7, 10), np.linspace(1, 5, 8)), -1).reshape(-1, 2)
LATE = {"door": 0.0, "hall": 2.6, "yard": 0.0}


@pytest.fixture(scope="module")
def cameras(people):
    return {
        "door": people.look_at([0, 0, 3.0], [4.5, 3, 0.8], 800, np.radians(1)),
        "hall": people.look_at([8.2, -0.3, 3.4], [4, 3, 0.8], 700),
    }


@pytest.fixture(scope="module")
def watches(people, cameras):
    """Two cameras of one room, 2.6 s out of step, and one that sees other people."""
    heights = [1.7, 1.62, 1.78, 1.66, 1.75]
    inside, outside = ([people.walker(first + n) for n in range(5)] for first in (0, 300))
    seen = {
        name: people.watch(camera, inside, late=LATE[name], seed=seed, heights=heights)
        for seed, (name, camera) in enumerate(cameras.items())
    }
    return seen | {"yard": people.watch(cameras["door"], outside, seed=9, heights=heights)}


@pytest.fixture(scope="module")
def command_result(watches, tmp_path_factory):
    """The whole command on the three cameras' result files."""
    folder = tmp_path_factory.mktemp("run")
    for name, watch in watches.items():
        (folder / f"{name}.txt").write_text(result_text(watch.tracks, 5.0))
    rig = folder / "rig" / "cameras.yaml"
    rig.parent.mkdir()
    write_rig(Rig(("door", "hall", "yard"), frame_rates=dict.fromkeys(LATE, 5.0)), rig)
    with pytest.MonkeyPatch.context() as patch:
        flags = ["--image-size", "1280", "720", "--output", str(rig)]
        patch.setattr(sys, "argv", ["calibrate-cameras", "overlap", str(folder), *flags])
        assert main() == 0
    return rig


def result_text(tracks, rate):
    rows = []
    for time, track, (left, top, right, bottom) in zip(
        tracks.times, tracks.ids, tracks.boxes, strict=True
    ):
        box = f"{left:.2f},{top:.2f},{right - left:.2f},{bottom - top:.2f}"
        rows.append(f"{round(time * rate) + 1},{track},{box},0.9,-1,-1,-1\n")
    return "".join(rows)


def test_the_command_finds_places_and_clocks(command_result, cameras, people):
    rig = read_rig(command_result)
    assert set(rig.cameras) == {"door", "hall"}
    errors, scale = people.distances(rig.cameras, cameras, PLACES)
    for name in cameras:
        assert np.median(errors[name]) < 0.15
        assert errors[name].max() < 0.4
    # The scale is people's mean height: the world's five are 1.702 m on average.
    assert scale == pytest.approx(1, abs=0.06)
    assert rig.time_offsets["hall"] - rig.time_offsets["door"] == pytest.approx(2.6, abs=0.05)


def test_the_command_keeps_the_rig_and_draws_grids(command_result):
    rig = read_rig(command_result)
    assert rig.names == ("door", "hall", "yard")
    assert rig.frame_rates == dict.fromkeys(LATE, 5.0)
    for name in ("door", "hall"):
        drawn = cv2.imread(str(command_result.with_name(f"{name}-grid.png")))
        assert drawn.shape == (720, 1280, 3)
        assert len(np.unique(drawn)) > 10
    assert not command_result.with_name("yard-grid.png").exists()


def test_who_is_left_out_is_told_why(watches):
    with pytest.raises(InputError) as refused:
        calibrate_overlap({name: watches[name] for name in ("hall", "yard")})
    message = str(refused.value)
    assert "hall and yard: people's ways agree no better than by chance" in message
    assert "\n" not in message
    nobody = Watch(BoxTracks(np.zeros(0), np.zeros(0, int), np.zeros((0, 4))), (1280, 720))
    with pytest.raises(InputError, match="no two cameras"):
        calibrate_overlap({})
    with pytest.raises(InputError, match="hall: 0 boxes of whole people"):
        calibrate_overlap({"hall": nobody, "door": nobody})


def test_mistakes_of_the_command_are_one_line(tmp_path, monkeypatch, capsys):
    def call(*flags):
        arguments = [str(tmp_path), "--output", str(tmp_path / "cameras.yaml"), *flags]
        monkeypatch.setattr(sys, "argv", ["calibrate-cameras", "overlap", *arguments])
        return main(), capsys.readouterr().err.strip()

    code, said = call()
    assert code == 2
    assert "two are needed" in said
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text("1,1,10,10,20,60,1,-1,-1,-1\n")
    assert "--frame-rate" in call()[1]
    assert "--image-size" in call("--frame-rate", "5")[1]
    code, said = call("--frame-rate", "5", "--image-size", "640", "480")
    assert code == 2
    assert "a: 1 boxes of whole people" in said
    assert len(said.splitlines()) == 1


def test_a_measured_camera_of_another_world_is_not_mixed_in(watches, cameras, tmp_path):
    from calibration.overlap import Overlap
    from calibration.overlap_report import describe_overlap, with_overlap

    found = Overlap({"door": cameras["door"]}, {"door": 0.5}, {"hall": "nobody"}, {})
    with pytest.raises(InputError, match="camera hall is calibrated already"):
        with_overlap(Rig(("hall",), {"hall": cameras["hall"]}), found)
    rig = with_overlap(Rig(("door",), sources={"door": "door.mp4"}), found)
    assert rig.sources == {"door": "door.mp4"}
    assert rig.time_offsets["door"] == 0.5
    assert describe_overlap(found) == ["door: clock +0.500 s", "hall: not told: nobody"]


def test_a_view_beside_another_lies_where_the_alignment_says():
    from calibration.ground_alignment import Alignment

    base = Placed(View(800, 0.3, 0, 3), 1.0, 2.0, np.pi / 2, 0.5)
    beside = base.beside(View(700, 0.2, 0, 2), Alignment(np.pi / 2, (3.0, 0.0), 0.25, 9.0))
    # A quarter turn: 3 m along the base's x are along the world's y.
    np.testing.assert_allclose(beside.numbers()[4:], [1.0, 5.0, np.pi, 0.75])
    again = Placed.from_numbers(beside.numbers())
    np.testing.assert_allclose(again.numbers(), beside.numbers())
    np.testing.assert_allclose(beside.camera((1280, 720)).position, [1, 5, 2], atol=1e-9)
