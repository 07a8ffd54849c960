"""The clip of the README, followed by the whole command and scored against its exact truth.

The detector here subtracts the background, the median picture of each fixed camera, and gives the
boxes of what differs: half of the people and a fifth of nonsense, enough to see that everything
behind a detector works together.
"""

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tracker import cli
from tracker.evaluation.mtmc.scene import Annotation, Truth
from tracker.evaluation.mtmc.scene_folder import read_scene_folder
from tracker.evaluation.mtmc.scoring import score_scene
from tracker.types import Sightings

CLIP = Path(__file__).parents[1] / "data" / "room"
RATE = 15
FRAMES = 8 * RATE  # of 20 s, to be quick


def pictures(path):
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.reformat(320, 240, "bgr24").to_ndarray()


def moving_boxes(path):
    """For each frame the boxes (left, top, width, height) of what isn't background."""
    every = list(pictures(path))
    background = np.median(every[::12], axis=0).astype(np.uint8)
    for picture in every[:FRAMES]:
        differs = (cv2.absdiff(picture, background).max(axis=2) > 28).astype(np.uint8)
        whole = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, np.ones((5, 3), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(whole)
        yield [[2 * x for x in row[:4]] for row in stats[1:].tolist() if row[3] > 25]


@pytest.fixture
def found(tmp_path):
    """A folder of what the stand-in for a detector finds."""
    for video in CLIP.glob("*.mp4"):
        rows = [
            f"{frame},-1,{left + 1},{top + 1},{width},{height},0.9"
            for frame, boxes in enumerate(moving_boxes(video), 1)
            for left, top, width, height in boxes
        ]
        (tmp_path / "found").mkdir(exist_ok=True)
        (tmp_path / "found" / f"{video.stem}.txt").write_text("\n".join(rows) + "\n")
    return tmp_path / "found"


def read_run(folder, cameras):
    for camera in cameras:
        rows = np.loadtxt(folder / f"{camera}.txt", delimiter=",", ndmin=2)
        for frame in np.unique(rows[:, 0]).astype(int).tolist():
            here = rows[rows[:, 0] == frame]
            boxes = np.column_stack([here[:, 2:4] - 1, here[:, 2:4] - 1 + here[:, 4:6]])
            yield Sightings(
                camera, frame - 1, (frame - 1) / RATE, here[:, 1].astype(int),
                boxes, here[:, 6], here[:, 7:10],
            )  # fmt: skip


def test_four_cameras_know_where_everybody_is(found, tmp_path, monkeypatch):
    videos = sorted(map(str, CLIP.glob("*.mp4")))
    arguments = ["--videos", *videos, "--cameras", str(CLIP / "cameras.yaml"), "--stop", "8"]
    arguments += ["--detector", str(found), "--reid", "histogram", "--no-save-crops"]
    monkeypatch.setattr("sys.argv", ["track-mtmc", *arguments, "--output", str(tmp_path / "run")])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    scene = read_scene_folder(CLIP)
    truth = scene.truth.ground
    early = truth.rows.frames < FRAMES
    rows = replace(
        truth.rows,
        frames=truth.rows.frames[early],
        ids=truth.rows.ids[early],
        places=truth.rows.places[early],
    )
    scene = replace(scene, truth=Truth(Annotation(rows, truth.scored[early])))
    sightings = list(read_run(tmp_path / "run", scene.rig.names))
    scores = score_scene(scene, sightings).ground[1.0].table()
    assert scores["Rcll"] > 70
    assert scores["Prcn"] > 90
    assert scores["IDF1"] > 70
