"""Detections that come from files."""

import pytest

from configs.errors import InputError
from tracker.detection import DetectionSettings, open_detector
from tracker.types import Frame


def serve(path, cameras, *indices):
    detector = open_detector(str(path), cameras, DetectionSettings())
    return detector.detect([Frame(cameras[0], index, 0.0, None) for index in indices])


def test_rows_reach_their_frames_best_first(tmp_path):
    path = tmp_path / "det.txt"
    path.write_text("3,-1,11,21,5,10,0.2\n1,-1,1,1,2,2,0.5\n3,-1,31,41,5,10,0.9\n")
    first, second, third = serve(path, ["cam"], 0, 1, 2)
    assert first.boxes.tolist() == [[0.0, 0.0, 2.0, 2.0]]
    assert len(second) == 0
    assert third.scores.tolist() == [0.9, 0.2]
    assert third.boxes[1].tolist() == [10.0, 20.0, 15.0, 30.0]


def test_a_folder_has_a_file_for_each_camera(tmp_path):
    (tmp_path / "door.txt").write_text("1,-1,1,1,2,2,0.5\n")
    assert len(serve(tmp_path, ["door"], 0)[0]) == 1
    with pytest.raises(InputError, match=r"has no hall\.txt"):
        open_detector(str(tmp_path), ["door", "hall"], DetectionSettings())


def test_one_file_for_two_cameras_is_refused(tmp_path):
    path = tmp_path / "det.txt"
    path.write_text("")
    with pytest.raises(InputError, match="one file of detections for 2 cameras"):
        open_detector(str(path), ["a", "b"], DetectionSettings())


def test_a_malformed_row_is_named_by_its_line(tmp_path):
    path = tmp_path / "det.txt"
    path.write_text("1,-1,1,1,2,2,0.5\n1,-1,x,1,2,2,0.5\n")
    with pytest.raises(InputError, match=r"det\.txt:2"):
        open_detector(str(path), ["a"], DetectionSettings())
