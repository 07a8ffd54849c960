"""Are simulated crowds like real ones? The same measurements of both, side by side.

python tools/compare_crowds.py --root DIR [--people 10] [--seed 0]

DIR: CMC's layout (see tracker/evaluation/mtmc/cmc.py). For each sequence and each of its detectors,
and for the simulated crowds in place of both: how many people are found by the share of them that
nobody hides, how far the edges of their boxes are off, what is found that is nobody, and how fast
and how close people walk.
"""

import itertools
from pathlib import Path

import numpy as np
import tyro
from simulated_crowds import crowd_scene
from simulated_detector import SHARES

from calibration.camera_stack import CameraStack
from tracker.assignment import assign
from tracker.boxes import iou
from tracker.evaluation.mtmc.cmc import read_cmc
from tracker.evaluation.mtmc.scene import Scene
from tracker.silhouettes import expected_boxes, visible_shares
from tracker.types import FloatArray

BORDERS = np.array([0, *np.convolve(SHARES, [0.5, 0.5], "valid"), 1.01])
SAME = 0.4  # IoU with the expected box from which a detection is a person's
HEIGHT = 1.7  # metres


def compare(root: Path, people: int = 10, seed: int = 0) -> None:
    """Print it.

    Args:
        root: Folder of the data set.
        people: In the simulated crowd.
        seed: Of the simulated crowd.
    """
    easy, worse = (read_cmc(root, (), detector) for detector in ("fairmot", "faster_rcnn"))
    for name, scenes in (("FairMOT", easy), ("Faster R-CNN", worse)):
        for scene in scenes:
            report(f"{scene.name}, {name}", scene)
    for hard in (False, True):
        scene = crowd_scene(easy[0].rig, people, seed, hard)
        report(f"{scene.name}{', hard' if hard else ''}", scene)


def report(title: str, scene: Scene) -> None:
    found, false = sightings(scene)
    print(f"\n{title}: {false:.2f} detections of nobody in a frame")
    print("  visible  people  found %  errors of left, top, right, bottom in % of the height")
    for low, high in itertools.pairwise(BORDERS):
        rows = found[(found[:, 0] >= low) & (found[:, 0] < high)]
        hits = rows[np.isfinite(rows[:, 1]), 1:]
        if len(hits):
            spread = 148 * np.median(np.abs(hits - np.median(hits, axis=0)), axis=0)
            cells = " ".join(f"{v:5.1f}" for v in spread)
            print(
                f"  {low:.2f}-{high:.2f} {len(rows):6d} {100 * len(hits) / len(rows):8.0f}  {cells}"
            )
    speeds, gaps = motion(scene)
    for name, values in (("speed, m/s", speeds), ("nearest neighbour, m", gaps)):
        cells = " ".join(f"{v:.2f}" for v in np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95]))
        print(f"  {name}: 5, 25, 50, 75, 95 % below {cells}")


def sightings(scene: Scene) -> tuple[FloatArray, float]:
    """(N, 5) each annotated person in each view: the visible share, and the errors of the box's
    edges over its height, NaN where not found; and the mean number of other detections."""
    cameras = CameraStack([scene.rig.cameras[name] for name in scene.rig.names])
    truth, rows, false, frames = scene.truth.ground.rows, [], 0, 0
    for frame in np.unique(truth.frames):
        places = truth.places[truth.frames == frame]
        boxes = expected_boxes(cameras, places, HEIGHT)
        shares = visible_shares(cameras, places, boxes)
        for view, name in enumerate(scene.rig.names):
            if frame >= len(scene.detections[name]):
                continue
            detected = scene.detections[name][frame].boxes
            inside = np.flatnonzero(shares[view] > 0)
            limits = np.tile(scene.rig.cameras[name].image_size, 2)
            expected = np.clip(boxes[view, inside], 0, limits)
            mine, theirs = assign(1 - iou(expected, detected), 1 - SAME)
            errors = np.full((len(inside), 4), np.nan)
            tall = (expected[mine, 3] - expected[mine, 1])[:, None]
            errors[mine] = (detected[theirs] - expected[mine]) / tall
            rows.append(np.column_stack([shares[view, inside], errors]))
            false += len(detected) - len(theirs)
            frames += 1
    return np.concatenate(rows), false / frames


def motion(scene: Scene) -> tuple[FloatArray, FloatArray]:
    """Speeds, and distances to the nearest other person, of everybody in every frame."""
    truth, speeds, gaps = scene.truth.ground.rows, [], []
    for person in np.unique(truth.ids):
        mine = np.flatnonzero(truth.ids == person)
        mine = mine[np.argsort(truth.frames[mine])]
        steps = np.linalg.norm(np.diff(truth.places[mine], axis=0), axis=1)
        speeds.append(scene.frame_rate * steps[np.diff(truth.frames[mine]) == 1])
    for frame in np.unique(truth.frames):
        places = truth.places[truth.frames == frame]
        if len(places) > 1:
            apart = np.linalg.norm(places[:, None] - places, axis=2)
            np.fill_diagonal(apart, np.inf)
            gaps.append(apart.min(axis=1))
    return np.concatenate(speeds), np.concatenate(gaps)


if __name__ == "__main__":
    tyro.cli(compare)
