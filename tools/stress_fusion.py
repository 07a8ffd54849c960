"""How fusion on the ground plane fares when things go wrong.

python tools/stress_fusion.py --root DIR [--sequences CMC2] [--seeds 2] [--reid none] [--json FILE]

DIR: CMC's layout (see tracker/evaluation/mtmc/cmc.py). Its sequences are spoilt in several ways,
by a seeded random generator; and crowds made up by `simulated_crowds.py` are followed
by the same cameras. Every row is the mean over the seeds.
"""

import json as jsonlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import tyro
from simulated_crowds import crowd_scene

from configs import read_settings
from tracker.config import TrackSettings
from tracker.evaluation.mtmc.cmc import read_cmc
from tracker.evaluation.mtmc.running import Mode, run_scene
from tracker.evaluation.mtmc.scene import Scene
from tracker.evaluation.table import format_table
from tracker.types import Detections

Spoil = Callable[[Scene, np.random.Generator], Scene]
SCORES = ("HOTA", "MOTA", "IDF1")


def stress(
    root: Path,
    sequences: tuple[str, ...] = (),
    detections: str = "fairmot",
    reid: str = "given",
    seeds: int = 2,
    crowds: tuple[int, ...] = (10, 15, 20),
    only: str = "",
    preset: str | None = None,
    json: Path | None = None,
) -> None:
    """Score the tracker over the grid.

    Args:
        root: Folder of the data set.
        sequences: Names; all if none are given.
        detections: fairmot or faster_rcnn.
        reid: given or none.
        seeds: Runs of each condition that draws lots.
        crowds: Numbers of people in the simulated crowds.
        only: Run just the conditions whose names contain this.
        preset: Name or .yaml file of settings.
        json: File for the scores.
    """
    settings = read_settings(TrackSettings, preset) if preset else TrackSettings()
    mode = Mode(None, reid, geometry=True)
    made = read_cmc(root, sequences, detections)
    rows, results = [], {}

    def measure(name: str, scenes: list[Scene]) -> None:
        runs = [run_scene(scene, settings, mode) for scene in scenes]
        scores = {
            reach: {
                key: float(np.mean([run.scores.ground[reach].table()[key] for run in runs]))
                for key in SCORES
            }
            for reach in (1.0, 0.5)
        }
        milliseconds = 1e3 * sum(r.seconds for r in runs) / sum(r.ticks for r in runs)
        results[name] = {str(reach): values for reach, values in scores.items()}
        cells = [f"{scores[reach][key]:.1f}" for reach in scores for key in SCORES]
        rows.append([name, *cells, f"{milliseconds:.1f}"])
        print(" ".join(rows[-1]), flush=True)

    for scene in made:
        for name, spoil in CONDITIONS.items():
            label = f"{scene.name} {name}"
            if only in label:
                generators = [np.random.default_rng(s) for s in range(_runs(name, seeds))]
                measure(label, [spoil(scene, random) for random in generators])
    for people in crowds:
        for hard in (False, True):
            label = f"crowd of {people}{', hard' if hard else ''}"
            if only in label:
                measure(label, [crowd_scene(made[0].rig, people, s, hard) for s in range(seeds)])
    header = ["", *(f"{key} {reach} m" for reach in ("1", "0.5") for key in SCORES), "ms"]
    rows.append(["mean", *(f"{v:.1f}" for v in np.mean([[*map(float, r[1:])] for r in rows], 0))])
    print(format_table(header, rows))
    if json is not None:
        json.write_text(jsonlib.dumps(results, indent=1) + "\n")


def _runs(name: str, seeds: int) -> int:
    return 1 if name in ("as it is", "1 camera fewer", "2 cameras fewer") else seeds


def drop(share: float) -> Spoil:
    """Leave out detections at random."""
    return _each(lambda found, random, rig: found[random.random(len(found)) >= share])


def jitter(share: float) -> Spoil:
    """Move every box's edges by a share of its height."""

    def move(found: Detections, random: np.random.Generator, _: object) -> Detections:
        noise = share * (found.boxes[:, 3:] - found.boxes[:, 1:2])
        boxes = found.boxes + noise * random.normal(size=found.boxes.shape)
        return replace(found, boxes=boxes)

    return _each(move)


def clutter(mean: float) -> Spoil:
    """Add false detections: boxes of people moved elsewhere, with looks of nobody."""

    def add(found: Detections, random: np.random.Generator, size: object) -> Detections:
        count = min(random.poisson(mean), len(found))
        rows = random.permutation(len(found))[:count]
        false = found.boxes[rows].copy()
        false[:, 0::2] += random.uniform(-500, 500, (count, 1))
        false[:, 1::2] += random.uniform(-150, 150, (count, 1))
        embeddings = None
        if found.embeddings is not None:
            looks = random.normal(size=(count, found.embeddings.shape[1]))
            looks /= np.linalg.norm(looks, axis=1, keepdims=True)
            embeddings = np.concatenate([found.embeddings, looks.astype(np.float32)])
        scores = np.concatenate([found.scores, random.uniform(0.4, 0.7, count)])
        return Detections(np.concatenate([found.boxes, false]), scores, embeddings)

    return _each(add)


def fewer_cameras(count: int) -> Spoil:
    """Leave out the last cameras."""

    def remove(scene: Scene, _: np.random.Generator) -> Scene:
        names = scene.rig.names[:-count]
        cameras = {name: scene.rig.cameras[name] for name in names}
        rig = replace(scene.rig, names=names, cameras=cameras, time_offsets={})
        return replace(scene, rig=rig, detections={n: scene.detections[n] for n in names})

    return remove


def blind_frames(share: float) -> Spoil:
    """Empty whole frames of single cameras."""
    return _each(lambda found, random, rig: found[: 0 if random.random() < share else len(found)])


def bursts(share: float, length: int = 8) -> Spoil:
    """Blind single cameras for so many frames on end."""

    def blind(scene: Scene, random: np.random.Generator) -> Scene:
        spoilt = {}
        for name, frames in scene.detections.items():
            starts = random.random(len(frames)) < share / length
            dark = np.convolve(starts, np.ones(length))[: len(frames)] > 0
            spoilt[name] = [f[: 0 if d else len(f)] for f, d in zip(frames, dark, strict=True)]
        return replace(scene, detections=spoilt)

    return blind


def _each(
    change: Callable[[Detections, np.random.Generator, object], Detections],
) -> Spoil:
    def spoil(scene: Scene, random: np.random.Generator) -> Scene:
        spoilt = {
            name: [change(found, random, scene.rig) for found in frames]
            for name, frames in scene.detections.items()
        }
        return replace(scene, detections=spoilt)

    return spoil


CONDITIONS: dict[str, Spoil] = {
    "as it is": lambda scene, random: scene,
    "10 % dropped": drop(0.1),
    "20 % dropped": drop(0.2),
    "30 % dropped": drop(0.3),
    "boxes +-5 %": jitter(0.05),
    "boxes +-10 %": jitter(0.1),
    "2 false a frame": clutter(2.0),
    "20 % blind frames": blind_frames(0.2),
    "20 % blind bursts": bursts(0.2),
    "1 camera fewer": fewer_cameras(1),
    "2 cameras fewer": fewer_cameras(2),
}


if __name__ == "__main__":
    tyro.cli(stress)
