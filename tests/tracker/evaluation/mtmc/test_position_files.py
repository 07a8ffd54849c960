"""WILDTRACK's kind of annotation."""

import json

import numpy as np
import pytest

from calibration.camera import Camera
from configs.errors import InputError
from tracker.evaluation.mtmc.position_files import read_position_scenes
from tracker.evaluation.mtmc.scene import area_of

CAMERA = Camera.from_homography([[100, 0, 0], [0, -100, 400], [0, 0, 1]], (500, 400))
CAMERAS = {"one": CAMERA, "two": CAMERA}
AREA = area_of((0, 0), (9, 9))


def person(number, cell, *boxes):
    views = [
        {"viewNum": i, "xmin": b[0], "ymin": b[1], "xmax": b[2], "ymax": b[3]}
        for i, b in enumerate(boxes)
    ]
    return {"personID": number, "positionID": cell, "views": views}


def read(root, *names, truth_as_detections=True):
    return read_position_scenes(
        root, names, CAMERAS, lambda cells: np.column_stack([cells % 10, cells // 10]), 2.0, AREA,
        truth_as_detections,
    )  # fmt: skip


@pytest.fixture
def root(tmp_path):
    (tmp_path / "annotations_positions").mkdir()
    for frame in range(20):
        people = [person(4, 11, (1, 1, 3, 5), (-1, -1, -1, -1))]
        if frame == 19:
            people.append(person(9, 23, (-1, -1, -1, -1), (2, 2, 9, 9)))
        write(tmp_path, frame, people)
    (tmp_path / "Image_subsets" / "C2").mkdir(parents=True)
    return tmp_path


def write(root, frame, people):
    path = root / "annotations_positions" / f"{5 * frame:08d}.json"
    path.write_text(json.dumps(people))


def test_the_test_sequence_is_the_last_tenth(root):
    (test,) = read(root)
    assert (test.name, test.first_frame) == ("test", 18)
    assert test.truth.ground.rows.frames.tolist() == [18, 19, 19]
    assert test.truth.ground.rows.places.tolist() == [[1, 1], [1, 1], [3, 2]]
    assert test.truth.views["two"].rows.places.tolist() == [[2, 2, 9, 9]]
    assert [len(found) for found in test.detections["one"]][-2:] == [1, 1]
    every, again = read(root, "all", "test", truth_as_detections=False)
    assert len(every.truth.ground.rows) == 21
    assert again.detections == {}
    assert list(every.rig.sources) == ["two"]


def test_a_frame_without_people_is_a_case(root):
    for frame in range(20):
        write(root, frame, [])
    (test,) = read(root)
    assert len(test.truth.ground.rows) == 0


@pytest.mark.parametrize(
    ("people", "why"),
    [
        ([person(1, 1), person(1, 2)], "personID is there twice"),
        ([person(1, 1, *[(0, 0, 1, 1)] * 3)], "viewNum 2 of 2 cameras"),
        ([{"personID": 1}], "0.positionID: Field required"),
        ([{"personID": "x", "positionID": 1, "views": []}], "0.personID"),
        ({"a": 1}, "list"),
    ],
)
def test_malformed_annotations_name_the_file(root, people, why):
    write(root, 19, people)
    with pytest.raises(InputError, match=rf"00000095\.json: .*{why}") as caught:
        read(root)
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_said(root, tmp_path):
    with pytest.raises(InputError, match="no sequence 'train'; expected test or all"):
        read(root, "train")
    with pytest.raises(InputError, match="no annotations_positions"):
        read(root / "Image_subsets")
    (root / "annotations_positions" / "00000095.json").write_text("[")
    with pytest.raises(InputError, match="not valid JSON"):
        read(root)
