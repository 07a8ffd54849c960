"""The whole command on small generated sequences."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from configs.errors import InputError
from tracker.evaluation.mot16.cli import Arguments, benchmark
from tracker.motchallenge import read_results

DATA = Path(__file__).parent.parent / "data"
PEOPLES_BOXES = 203  # scored rows of the sequences 02 and 05 together
NAMES = {"MOT17-A": "MOT17-02-DPM", "MOT17-B": "MOT17-05-DPM", "MOT20-A": "MOT17-09-FRCNN"}


@pytest.fixture
def root(tmp_path):
    """Three sequences whose public detections are the people's true boxes."""
    for source, name in NAMES.items():
        folder = tmp_path / "train" / name
        shutil.copytree(DATA / source / "gt", folder / "gt")
        info = (DATA / source / "seqinfo.ini").read_text().replace(source, name)
        (folder / "seqinfo.ini").write_text(info)
        rows = np.loadtxt(folder / "gt" / "gt.txt", delimiter=",")
        rows = rows[rows[:, 7] == 1]
        detections = np.column_stack([rows[:, 0], -np.ones(len(rows)), rows[:, 2:6]])
        (folder / "det").mkdir()
        scores = np.full((len(rows), 1), 0.9)
        np.savetxt(folder / "det" / "det.txt", np.hstack([detections, scores]), delimiter=",")
    return tmp_path


@pytest.fixture
def looks(root):
    """A preset that compares appearance before overlap, and asks for the camera's motion."""
    path = root / "looks.yaml"
    stages = "[{by: appearance}, {min_similarity: 0.3}]"
    path.write_text(f"camera_tracker: {{image_motion: true, stages: {stages}}}\n")
    return str(path)


def run(root, **options):
    path = root / "scores.json"
    benchmark(Arguments(root=root, json=path, workers=1, **options))
    return json.loads(path.read_text())


def test_scores_are_in_percent_and_results_are_written(root, capsys):
    found = run(root, sequences=("02", "05"), output=root / "out")
    assert set(found["sequences"]) == {"MOT17-02-DPM", "MOT17-05-DPM"}
    # Everybody is found and nobody renamed. What is wrong is false alarms: 11 detections of rows
    # that aren't scored, and boxes predicted where the generated people vanish on the spot.
    combined = found["combined"]
    assert (combined["FN"], combined["IDs"], combined["Rcll"]) == (0, 0, 100)
    assert combined["MOTA"] == pytest.approx(100 * (1 - combined["FP"] / PEOPLES_BOXES))
    assert found["fps"] > 0
    assert found["detections"]["MOT17-02-DPM"] == "public DPM"
    assert len(read_results(root / "out" / "MOT17-02-DPM.txt")) > 0
    assert "camera_tracker" in (root / "out" / "settings.yaml").read_text()
    printed = capsys.readouterr().out
    assert "COMBINED" in printed
    assert "0 of 40 pictures: motion only" in printed


def test_without_predicted_boxes_only_detections_of_unscored_rows_are_wrong(root, capsys):
    path = root / "seen.yaml"
    path.write_text("camera_tracker: {max_predicted: 0, plausibility: null}\n")
    combined = run(root, sequences=("02", "05"), preset=str(path))["combined"]
    assert (combined["FP"], combined["FN"], combined["IDs"]) == (11, 0, 0)
    assert combined["MOTA"] == pytest.approx(100 * (1 - 11 / PEOPLES_BOXES))


@pytest.mark.parametrize("preset", ["sort", "bytetrack", "ocsort", "motdt"])
def test_every_preset_tracks_the_sequences(root, preset, capsys):
    found = run(root, sequences=("02", "05"), preset=preset)
    assert found["preset"] == preset
    assert found["combined"]["IDs"] == 0
    # Detections of score 0.9 begin tracks in all of them; up to two frames confirm each.
    assert found["combined"]["Rcll"] > 85
    assert f"preset {preset}, online" in capsys.readouterr().out


def test_the_offline_pass_is_said_and_scored(root, capsys):
    found = run(root, sequences=("02", "05"), offline_pass=True, output=root / "out")
    assert found["offline_pass"] is True
    assert found["combined"]["Rcll"] > 50
    assert "online and offline pass" in capsys.readouterr().out
    assert len(read_results(root / "out" / "MOT17-02-DPM.txt")) > 0


def test_two_detectors_are_also_combined_apart(root, capsys):
    found = run(root)
    assert set(found["by_detections"]) == {"public DPM", "public FRCNN"}
    assert "public DPM+public FRCNN" in capsys.readouterr().out
    assert set(run(root, detections="FRCNN")["sequences"]) == {"MOT17-09-FRCNN"}
    with pytest.raises(InputError, match="no sequence here has public detections by SDP"):
        run(root, detections="SDP")


def test_the_published_rows_stand_beside_the_five_sequences_only(root, capsys):
    run(root)
    assert "Robust-ReID" not in capsys.readouterr().out
    for number in ("11", "13"):
        shutil.copytree(
            root / "train" / "MOT17-02-DPM", folder := root / "train" / f"MOT17-{number}-DPM"
        )
        info = (folder / "seqinfo.ini").read_text()
        (folder / "seqinfo.ini").write_text(info.replace("MOT17-02-DPM", folder.name))
    run(root)
    assert "Robust-ReID" in capsys.readouterr().out


def test_processes_give_the_same_as_one(root, capsys):
    alone = run(root)
    benchmark(Arguments(root=root, json=root / "two.json", workers=2))
    assert json.loads((root / "two.json").read_text())["sequences"] == alone["sequences"]


def test_a_sequence_without_truth_is_tracked_and_said(root, capsys):
    shutil.rmtree(root / "train" / "MOT17-02-DPM" / "gt")
    found = run(root, sequences=("02",), output=root / "out")
    assert found["combined"] == {}
    assert "not scored" in found["notes"]["MOT17-02-DPM"][1]
    assert (root / "out" / "MOT17-02-DPM.txt").is_file()


def test_detections_from_a_folder_of_files(root, capsys):
    (root / "mine").mkdir()
    (root / "mine" / "MOT17-02-DPM.txt").write_text("")
    found = run(root, sequences=("02",), detections=str(root / "mine"))
    assert found["combined"]["FN"] > 0
    assert found["combined"]["FP"] == 0


def test_a_detector_needs_all_pictures(root):
    with pytest.raises(InputError, match="0 of 40 pictures, and detector 'yolox-nano' needs"):
        run(root, detections="yolox-nano")


def draw_pictures(root):
    folder = root / "train" / "MOT17-02-DPM" / "img1"
    folder.mkdir()
    for frame in range(1, 41):
        cv2.imwrite(str(folder / f"{frame:06d}.jpg"), np.full((240, 320, 3), 99, np.uint8))


def test_embeddings_are_made_where_all_pictures_are_there_and_kept(root, looks, capsys):
    draw_pictures(root)
    cache = root / "cache"
    options = {"sequences": ("02",), "reid": "histogram", "cache": cache, "preset": looks}
    first = run(root, **options)
    assert first["notes"] == {}
    assert first["reid"] == "histogram"
    (cached,) = cache.iterdir()
    before = cached.stat().st_mtime_ns
    assert run(root, **options)["sequences"] == first["sequences"]
    assert cached.stat().st_mtime_ns == before
    cached.write_bytes(b"damaged")
    assert run(root, **options)["sequences"] == first["sequences"]
    assert cached.stat().st_mtime_ns > before


def test_a_broken_picture_is_named(root, looks):
    draw_pictures(root)
    path = root / "train" / "MOT17-02-DPM" / "img1" / "000007.jpg"
    path.write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"000007\.jpg: not a picture"):
        run(root, sequences=("02",), preset=looks)


def test_partial_pictures_mean_no_appearance(root, looks, capsys):
    folder = root / "train" / "MOT17-02-DPM" / "img1"
    folder.mkdir()
    (folder / "000001.jpg").write_bytes(b"")
    found = run(root, sequences=("02",), reid="histogram", preset=looks)
    (note,) = found["notes"]["MOT17-02-DPM"]
    assert note == "1 of 40 pictures: motion only, without --reid histogram"


def test_an_embedder_that_the_preset_does_not_use_is_said(root, capsys):
    draw_pictures(root)
    found = run(root, sequences=("02",), reid="histogram")
    assert found["reid"] == "none (this preset doesn't use histogram)"


def test_a_malformed_detection_names_its_line(root):
    path = root / "train" / "MOT17-02-DPM" / "det" / "det.txt"
    path.write_text("1,-1,5,5,10,20,1\n2,-1,nan,5,10,20,1\n")
    with pytest.raises(InputError, match=r"det\.txt:2: .*finite"):
        run(root, sequences=("02",))


def test_truth_beyond_the_sequence_is_refused(root):
    path = root / "train" / "MOT17-02-DPM" / "gt" / "gt.txt"
    path.write_text("41,1,5,5,10,20,1,1,1\n")
    with pytest.raises(InputError, match="frame 41 is beyond seqLength = 40"):
        run(root, sequences=("02",))
