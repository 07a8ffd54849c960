"""A camera whose clock is wrong: found from a run's results, and what putting it right is worth."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.cli import main
from calibration.rig import Rig, read_rig, write_rig
from tracker.config import TrackSettings
from tracker.evaluation.comparison import Trajectories
from tracker.evaluation.mtmc.feed import given_ticks
from tracker.evaluation.mtmc.scene import Annotation, Scene, Truth
from tracker.evaluation.mtmc.scoring import score_scene
from tracker.results import result_rows
from tracker.scene_tracker import SceneTracker

RATE, COUNT, LATE = 4.0, 120, 1.0


@pytest.fixture(scope="module")
def world():
    """The module `world.py` beside this file."""
    spec = importlib.util.spec_from_file_location("world", Path(__file__).with_name("world.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def walker(seed):
    """Straight from one random place of the area to the next at 1.3 m/s."""
    points = np.random.default_rng(seed).uniform([1, 1], [7, 5], (60, 2))
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    times = np.concatenate([[0], np.cumsum(lengths / 1.3)])
    return lambda time: np.array([np.interp(time, times, points[:, k]) for k in (0, 1)])


@pytest.fixture(scope="module")
def scene(world):
    """Six people in the room; the clock of `east` is 1 s behind, and nobody knows."""
    ways = [walker(seed) for seed in range(6)]
    early = [lambda time, way=way: way(time + LATE) for way in ways]
    detections = {name: [] for name in world.cameras()}
    rows = []
    for punctual, late in zip(
        world.ticks(ways, COUNT), world.ticks(early, COUNT, seed=1), strict=True
    ):
        for name, on_time, delayed in zip(detections, punctual[1], late[1], strict=True):
            detections[name].append(delayed if name == "east" else on_time)
        index = punctual[0][0].index
        rows += [(index, person, *place) for person, place in punctual[2].items()]
    table = np.array(rows)
    truth = Trajectories(table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2:])
    cameras = world.cameras()
    rates = dict.fromkeys(cameras, RATE)
    rig = Rig(tuple(cameras), cameras, frame_rates=rates, area=world.AREA)
    return Scene("room", rig, RATE, Truth(Annotation.of_all(truth)), detections)


def follow(scene, rig):
    """The sightings of a run with a rig, or with none."""
    tracker = SceneTracker(list(scene.rig.names), None, TrackSettings(), rig=rig)
    sightings = []
    for frames, found in given_ticks(scene):
        sightings += tracker.update(frames, found)
    return sightings + tracker.finish()


def idf1(scene):
    return score_scene(scene, follow(scene, scene.rig)).ground[1.0].identity.idf1


def test_the_offset_is_found_and_identities_profit(scene, tmp_path, monkeypatch):
    alone = follow(scene, None)  # fusion would move people to where the other cameras are late
    for name in scene.rig.names:
        rows = [result_rows(seen) for seen in alone if seen.camera == name]
        (tmp_path / f"{name}.txt").write_text("".join(rows))
    path = tmp_path / "cameras.yaml"
    write_rig(scene.rig, path)
    flags = ["offsets", str(path), "--results", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["calibrate-cameras", *flags])
    assert main() == 0
    rig = read_rig(path)
    punctual = [rig.time_offsets[name] for name in ("north", "south", "west")]
    assert rig.time_offsets["east"] - np.mean(punctual) == pytest.approx(LATE, abs=0.15)
    assert np.ptp(punctual) < 0.15
    before, after = idf1(scene), idf1(replace(scene, rig=rig))
    assert after > before + 0.1
