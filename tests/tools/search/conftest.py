"""Scenes made by hand, and a folder of small generated sequences."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tracker.boxes import xyxy2xywh
from tracker.motchallenge import FIRST_PIXEL, GroundTruth, MotRows, MotSequence
from tracker.types import Detections

TOOL = Path(__file__).parents[3] / "tools" / "search"
sys.path.insert(0, str(TOOL))

RATE, LENGTH, WIDTH, HEIGHT = 10, 60, 640, 480


@pytest.fixture
def truth_of():
    """Rows (frame from 0, id, box, mark, class) -> GroundTruth."""

    def make(rows):
        frames, ids, boxes, marks, classes = zip(*rows, strict=True) if rows else [()] * 5
        ltwh = xyxy2xywh(np.array(boxes, float).reshape(-1, 4)) + FIRST_PIXEL
        numbered = np.array(frames, np.int64) + 1, np.array(ids, np.int64)
        named = MotRows(*numbered, ltwh, np.array(marks, float))
        return GroundTruth(named, np.array(classes, np.int64), np.ones(len(rows)))

    return make


@pytest.fixture
def scene_of(truth_of):
    """Truth and, for each frame, its detections (box, score) -> Scene at 10 frames a second."""
    from scenes import Scene

    def make(truth=(), detections=(), name="MOT17-02-FRCNN"):
        found = [
            Detections(
                np.array([box for box, _ in frame], float).reshape(-1, 4),
                np.array([score for _, score in frame], float),
            )
            for frame in detections
        ]
        size = len(found), RATE, WIDTH, HEIGHT
        sequence = MotSequence(name, Path(), *size, Path(), ".jpg")
        return Scene(sequence, truth_of(truth), found)

    return make


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """Two places, one of them with two detectors."""
    folder = tmp_path_factory.mktemp("sequences")
    for seed, name in enumerate(("MOT17-02-DPM", "MOT17-02-FRCNN", "MOT17-05-DPM")):
        _write_sequence(folder / name, np.random.default_rng(seed))
    return folder


def _write_sequence(folder, random):
    """Five people walk across, each unseen for a while, among false alarms with lower scores."""
    truth, found = [], []
    for person in range(5):
        start, speed = random.uniform(0, 400), random.uniform(-6, 6)
        hidden = random.integers(15, 40)
        for frame in range(10 * (person % 2), LENGTH):
            row = [start + speed * frame, 60 + 60 * person, 40, 100]
            truth.append([frame + 1, person + 1, *row, 1, 1, 1])
            if not 0 <= frame - hidden < 3 * person:
                noise = random.normal(0, 1.5, 4)
                found.append([frame + 1, -1, *(row + noise), random.uniform(0.6, 1)])
    for _ in range(60):
        place = random.uniform([0, 0], [WIDTH, HEIGHT])
        frame = random.integers(1, LENGTH)
        found += [
            [frame + k, -1, *(place + 2 * k), 40, 100, random.uniform(0.2, 0.8)] for k in (0, 1)
        ]
    for name, rows in (("gt", truth), ("det", found)):
        (folder / name).mkdir(parents=True)
        np.savetxt(folder / name / f"{name}.txt", rows, delimiter=",", fmt="%.8g")
    (folder / "seqinfo.ini").write_text(
        f"[Sequence]\nname={folder.name}\nframeRate={RATE}\nseqLength={LENGTH}\n"
        f"imWidth={WIDTH}\nimHeight={HEIGHT}\n"
    )
