"""MOTChallenge's files: what is read, what is refused with its line, and the way back."""

import numpy as np
import pytest

from configs.errors import InputError
from tracker.motchallenge import (
    find_sequences,
    read_detections,
    read_ground_truth,
    read_results,
    read_sequence,
    results,
    write_results,
)
from tracker.types import CameraTracks

SEQINFO = """[Sequence]
name=MOT16-02
imDir=img1
frameRate=30
seqLength=600
imWidth=1920
imHeight=1080
imExt=.jpg
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_an_empty_file_holds_no_rows(tmp_path):
    path = write(tmp_path / "x.txt", "\n")
    for read in (read_detections, read_results):
        assert read(path).boxes.shape == (0, 4)
    assert len(read_ground_truth(path).classes) == 0


def test_detections_are_ordered_by_frame_and_count_pixels_from_zero(tmp_path):
    path = write(
        tmp_path / "det.txt", "# made by hand\n3,-1,1,1,10,20,0.5\n\n1, -1, 4.5,2,3,4, -1\n"
    )
    rows = read_detections(path)
    assert rows.frames.tolist() == [1, 3]
    assert rows.boxes.tolist() == [[3.5, 1, 6.5, 5], [0, 0, 10, 20]]
    assert rows.ltwh.tolist() == [[4.5, 2, 3, 4], [1, 1, 10, 20]]
    assert rows.scores.tolist() == [-1, 0.5]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("1,-1,1,1,10,20,1\n1,-1,1,1,10,20\n", 2, "columns"),
        ("1,-1,1,1,10,20,1\n\n1,-1,1,1,ten,20,1\n", 3, "expected"),
        ("# header\n1,-1,1,1,10,nan,1\n", 2, "finite"),
        ("1,-1,1,1,10,20,inf\n", 1, "finite"),
        ("2,-1,1,1,10,20,1\n1,-1,1,1,-10,20,1\n", 2, "negative"),
        ("2,-1,1,1,10,20,1\n1,-1,1,1,0,20,1\n", 2, "above 0"),
        ("0,-1,1,1,10,20,1\n", 1, "frame"),
        ("1.5,-1,1,1,10,20,1\n", 1, "frame"),
        ("1e30,-1,1,1,10,20,1\n", 1, "frame"),
        ("1,0.5,1,1,10,20,1\n", 1, "id"),
        ("1 -1 1 1 10 20 1\n", 1, "expected"),
    ],
)
def test_a_malformed_detection_names_file_and_line(tmp_path, text, line, word):
    path = write(tmp_path / "det.txt", text)
    with pytest.raises(InputError, match=rf"det\.txt:{line}: .*{word}") as caught:
        read_detections(path)
    assert "\n" not in str(caught.value)


def test_truth_of_mot16_has_classes_and_that_of_mot15_has_none(tmp_path):
    new = write(tmp_path / "new.txt", "1,1,912,484,97,109,0,7,0.25\n1,2,1,1,5,5,1,1,1\n")
    old = write(tmp_path / "old.txt", "1,1,88,99,61.08,218.56,1,4.4852,5.5016,0\n")
    assert read_ground_truth(new).classes.tolist() == [7, 1]
    assert read_ground_truth(new).visibilities.tolist() == [0.25, 1]
    assert read_ground_truth(new).rows.scores.tolist() == [0, 1]
    assert read_ground_truth(old).classes.tolist() == [1]
    assert read_ground_truth(old).visibilities.tolist() == [1]


def test_an_id_twice_in_a_frame_is_refused_at_its_second_line(tmp_path):
    path = write(tmp_path / "r.txt", "2,1,1,1,5,5\n1,1,1,1,5,5\n2,1,9,9,5,5\n")
    with pytest.raises(InputError, match=r"r\.txt:3: this id"):
        read_results(path)
    with pytest.raises(InputError, match=r"s\.txt:1: the id must not"):
        read_results(write(tmp_path / "s.txt", "2,-1,1,1,5,5\n"))


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_detections(tmp_path / "det.txt")


def test_results_come_back_as_they_were_scored(tmp_path):
    def frame(index, n):
        generator = np.random.default_rng(index)
        left_top = generator.uniform(-9, 500, (n, 2))
        boxes = np.hstack([left_top, left_top + generator.uniform(1, 99, (n, 2))])
        ids, nothing = np.arange(n) + 5, np.zeros(n, np.int64)
        return CameraTracks(
            "1", index, index / 30, ids, boxes, generator.uniform(0, 1, n), nothing > 0, nothing,
            nothing[:0],
        )  # fmt: skip

    rows = results([frame(0, 3), frame(1, 0), frame(4, 2)])
    write_results(tmp_path / "out" / "MOT16-02.txt", rows)
    back = read_results(tmp_path / "out" / "MOT16-02.txt")
    assert back.frames.tolist() == [1, 1, 1, 5, 5]
    np.testing.assert_array_equal(back.ltwh, rows.ltwh)
    np.testing.assert_array_equal(back.scores, rows.scores)
    np.testing.assert_allclose(back.boxes[:3], frame(0, 3).boxes, atol=0.0101)


def test_no_tracks_write_an_empty_file(tmp_path):
    write_results(tmp_path / "empty.txt", results([]))
    assert (tmp_path / "empty.txt").read_text() == ""


def test_sequences_are_found_in_the_root_or_its_train_folder(tmp_path):
    for name in ("MOT16-02", "MOT16-05"):
        text = SEQINFO.replace("MOT16-02", name)
        write(tmp_path / "train" / name / "seqinfo.ini", text)
    assert [s.name for s in find_sequences(tmp_path)] == ["MOT16-02", "MOT16-05"]
    (only,) = find_sequences(tmp_path / "train", ["MOT16-05"])
    assert (only.length, only.frame_rate, only.width, only.height) == (600, 30, 1920, 1080)
    assert only.image_path(7) == tmp_path / "train" / "MOT16-05" / "img1" / "000007.jpg"
    assert [s.name for s in find_sequences(tmp_path, ["05", "02", "MOT16"])] == [
        "MOT16-05",
        "MOT16-02",
    ]
    with pytest.raises(InputError, match="no sequence 'MOT16-99'; expected one of MOT16-02, MOT16"):
        find_sequences(tmp_path, ["MOT16-99"])
    with pytest.raises(InputError, match="no sequence here"):
        find_sequences(tmp_path / "train" / "MOT16-02")
    with pytest.raises(InputError, match="no such folder"):
        find_sequences(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "change",
    [
        ("seqLength=600", ""),
        ("seqLength=600", "seqLength=many"),
        ("seqLength=600", "seqLength=0"),
        ("frameRate=30", "frameRate=nan"),
        ("imDir=img1", "imDir=../../elsewhere"),
        ("imDir=img1", "imDir=/etc"),
        ("[Sequence]", ""),
        ("[Sequence]", "[Other]"),
    ],
)
def test_a_damaged_seqinfo_is_refused_in_one_line(tmp_path, change):
    write(tmp_path / "seqinfo.ini", SEQINFO.replace(*change))
    with pytest.raises(InputError, match=r"seqinfo\.ini: ") as caught:
        read_sequence(tmp_path)
    assert "\n" not in str(caught.value)
