"""One's own scenes: what is read, and what is refused with its line."""

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.rig import Rig, write_rig
from configs.errors import InputError
from tracker.evaluation.mtmc.feed import given_ticks
from tracker.evaluation.mtmc.lab import read_lab
from tracker.evaluation.mtmc.scene_folder import read_scenes

HEADER = "frame,camera,identity,left,top,width,height,visible,x,y\n"
ABOVE = Camera.from_homography([[100, 0, 0], [0, -100, 400], [0, 0, 1]], (500, 400))


@pytest.fixture
def folder(tmp_path):
    room = tmp_path / "room"
    rig = Rig(
        ("door", "desk"),
        {"door": ABOVE, "desk": ABOVE},
        frame_rates={"door": 10.0, "desk": 5.0},
        time_offsets={"desk": 1.0},
    )
    (room / "detections").mkdir(parents=True)
    write_rig(rig, room / "cameras.yaml")
    (room / "detections" / "door.txt").write_text("3,-1,1,1,10,20,0.5\n")
    save(room, frames=[2, 1, 2])
    (room / "truth.csv").write_text(HEADER)
    return room


def save(folder, frames, changes=None):
    n = len(frames)
    arrays = {
        "frames": np.array(frames),
        "boxes": np.tile([0.0, 0, 10, 20], (n, 1)),
        "scores": np.linspace(0.1, 0.9, n),
        "embeddings": np.tile([3.0, 4.0], (n, 1)),
    }
    np.savez(folder / "detections" / "desk.npz", **(arrays | (changes or {})))


def truth(folder, *lines):
    (folder / "truth.csv").write_text(HEADER + "".join(f"{line}\n" for line in lines))
    (scene,) = read_scenes(folder, ())
    return scene.truth


def test_detections_come_from_text_and_from_arrays(folder):
    (scene,) = read_scenes(folder, ())
    assert scene.name == folder.name
    assert [len(found) for found in scene.detections["door"]] == [0, 0, 1]
    assert scene.detections["door"][2].boxes.tolist() == [[0, 0, 10, 20]]
    assert [found.scores.tolist() for found in scene.detections["desk"]] == [[0.5], [0.1, 0.9]]
    np.testing.assert_allclose(scene.detections["desk"][0].embeddings, [[0.6, 0.8]])


def test_cameras_meet_on_the_clock_of_the_fastest(folder):
    (scene,) = read_scenes(folder, ())
    assert scene.frame_rate == 10
    ticks = [[(f.camera, f.index, f.time) for f in frames] for frames, _ in given_ticks(scene)]
    assert ticks == [
        [("door", 0, 0.0)], [("door", 1, 0.1)], [("door", 2, 0.2)],
        [("desk", 0, 1.0)], [("desk", 1, 1.2)],
    ]  # fmt: skip


def test_no_rows_of_truth_are_no_truth(folder):
    assert truth(folder).ground is None
    assert truth(folder).views == {}


def test_truth_is_laid_on_the_clock_and_hidden_people_are_not_scored(folder):
    found = truth(
        folder,
        "11,door,1,0,0,10,20,0.05,1,2",  # second 1.0
        "1,desk,1,5,5,10,20,0.9,1,2",  # the same moment, and here he can be seen
        "2,desk,4,,,,,0.02,3,4",
    )
    assert found.ground.rows.frames.tolist() == [10, 12]
    assert found.ground.rows.ids.tolist() == [1, 4]
    assert found.ground.scored.tolist() == [True, False]
    assert found.views["door"].rows.frames.tolist() == [10]
    assert found.views["door"].scored.tolist() == [False]
    assert found.views["desk"].rows.places.tolist() == [[5, 5, 15, 25]]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("0,door,1,0,0,10,20,1,1,2", "frames count from 1"),
        ("1.5,door,1,0,0,10,20,1,1,2", "column frame must be a whole number"),
        ("1,door,anna,0,0,10,20,1,1,2", "column identity must be a whole number"),
        ("1,hall,1,0,0,10,20,1,1,2", "no such camera; expected door, desk"),
        ("1,door,1,0,0,10,20,1,1,far", "column y must be a number"),
        ("1,door,1,0,0,10,20,1,1,inf", "column y must be a number"),
        ("1,door,1,0,0,10,20,1,1", "9 cells, but 10 columns"),
    ],
)
def test_a_malformed_row_of_truth_names_its_line(folder, line, why):
    with pytest.raises(InputError, match=rf"truth\.csv:3: {why}"):
        truth(folder, "2,door,1,0,0,10,20,1,1,2", line)


def test_an_identity_twice_in_a_frame_is_refused(folder):
    with pytest.raises(InputError, match=r"truth\.csv:3: this identity"):
        truth(folder, "2,door,1,0,0,10,20,1,1,2", "2,door,1,9,9,10,20,1,1,2")


def test_another_header_is_refused(folder):
    (folder / "truth.csv").write_text("frame,id\n")
    with pytest.raises(InputError, match=r"truth\.csv:1: expected the columns frame,camera"):
        read_scenes(folder, ())
    (folder / "truth.csv").unlink()
    with pytest.raises(InputError, match=r"truth\.csv: no such file"):
        read_scenes(folder, ())


@pytest.mark.parametrize(
    "change",
    [
        {"frames": np.array([0, 1])},
        {"frames": np.array([1.5, 1])},
        {"frames": np.array([np.nan, 1])},
        {"frames": np.array([1, 1, 1])},
        {"boxes": np.zeros((2, 4))},
        {"boxes": np.full((2, 4), np.nan)},
        {"boxes": np.zeros((2, 3))},
        {"embeddings": np.zeros(2)},
        {"embeddings": np.full((2, 3), np.inf)},
        {"boxes": np.array([{}, {}])},  # a pickle
    ],
)
def test_malformed_arrays_are_refused(folder, change):
    save(folder, [1, 2], change)
    with pytest.raises(InputError, match=r"desk\.npz: "):
        read_scenes(folder, ())


def test_a_damaged_file_is_refused(folder):
    (folder / "detections" / "desk.npz").write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(InputError, match=r"desk\.npz: not a readable"):
        read_scenes(folder, ())


def test_a_camera_needs_detections_or_a_source(folder):
    (folder / "detections" / "desk.npz").unlink()
    with pytest.raises(InputError, match="camera desk has neither a source"):
        read_scenes(folder, ())


def test_scenes_are_found_in_folders_by_name(folder):
    assert [s.name for s in read_scenes(folder.parent, ())] == [folder.name]
    with pytest.raises(InputError, match="no sequence 'elsewhere'; expected one of"):
        read_scenes(folder.parent, ["elsewhere"])
    with pytest.raises(InputError, match="no scene here"):
        read_scenes(folder / "detections", ())


def test_lab_takes_positions_alone(folder):
    (folder / "truth.csv").write_text("frame,identity,x,y\n1,3,0.5,0.5\n16,3,1.5,0.5\n")
    rig = Rig(("1", "2"), sources={"1": "1.avi", "2": "2.avi"})
    write_rig(rig, folder / "cameras.yaml")
    (scene,) = read_lab(folder)
    assert scene.frame_rate == 15
    assert scene.truth.ground.rows.frames.tolist() == [0, 15]
    assert scene.truth.views == {}
    with pytest.raises(InputError, match="no LAB here"):
        read_lab(folder / "detections")
