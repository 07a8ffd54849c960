"""The detector's whole way as commands: train, export, evaluate; and what a user does wrong."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx

from reid.models.pedestrian import PedestrianDetector
from reid.training.detection.export import write_detector

ROOT = Path(__file__).parents[2]


def call(*arguments):
    command = [sys.executable, "tools/train_detector.py", *map(str, arguments)]
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def make_data(folder):
    """Two pictures: one with a person, one that doesn't matter."""
    (folder / "images").mkdir(parents=True)
    images, annotations = [], []
    for index in range(2):
        picture = np.full((96, 128, 3), 90, np.uint8)
        cv2.rectangle(picture, (40, 20), (59, 79), (30, 200, 240), -1)
        cv2.imwrite(str(folder / "images" / f"{index}.png"), picture)
        images.append({"id": index, "file_name": f"{index}.png"})
        annotations.append(
            {"image_id": index, "category_id": 1, "bbox": [40, 20, 20, 60], "ignore": index}
        )
    content = {"images": images, "annotations": annotations, "categories": []}
    (folder / "annotations.json").write_text(json.dumps(content))


def test_train_export_evaluate(tmp_path):
    data, out = tmp_path / "data", tmp_path / "run"
    make_data(data)
    sizes = ["--settings.sides", 64, "--settings.pixels", 8192]
    result = call("train", "--data", data, "--output", out, "--settings.steps", 2, *sizes)
    assert result.returncode == 0, result.stderr
    assert len((out / "losses.csv").read_text().splitlines()) == 3
    model = out / "detector.onnx"
    result = call("export", "--checkpoint", out / "last.pt", "--output", model)
    assert result.returncode == 0, result.stderr
    assert model.stat().st_size < 5e6
    result = call("evaluate", "--model", model, "--data", data, "--json", out / "ap.json")
    assert result.returncode == 0, result.stderr
    numbers = json.loads((out / "ap.json").read_text())
    assert numbers["pictures"] == 2
    assert 0 <= numbers["AP50"] <= 100


def test_pictures_of_nobody_are_kept_if_wanted(tmp_path):
    data, out = tmp_path / "data", tmp_path / "labelled"
    make_data(data)
    (data / "images" / "notes.txt").write_text("no picture")
    sees_nobody = write_detector(PedestrianDetector().eval(), {})
    onnx.save(sees_nobody, tmp_path / "teacher.onnx")
    command = ["label", "--source", data / "images", "--teacher", tmp_path / "teacher.onnx"]
    for every, flags, count in ((1, ["--keep-empty"], 2), (2, ["--keep-empty"], 1), (1, [], 0)):
        result = call(*command, "--output", out, "--every", every, *flags)
        assert result.returncode == 0, result.stderr
        assert len(json.loads((out / "annotations.json").read_text())["images"]) == count


def test_a_folder_without_annotations_is_named(tmp_path):
    result = call("train", "--data", tmp_path, "--output", tmp_path / "run")
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith(f"error: {tmp_path}: expected annotations")
