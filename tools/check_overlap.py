"""How far cameras calibrated from people alone map people from where they really are.

    python tools/check_overlap.py --cmc DIR [--detections fairmot]
    python tools/check_overlap.py --trials 40 [--seed 1000]

On CMC, each sequence is tracked without calibration; `calibrate-cameras overlap` does the rest with
its own settings. Every annotated person that a camera shows is mapped by the true projection into
its image and by the found camera back to the ground. The found world is laid over the true one by
one rigid motion without scale (robust: least absolute distances). Prints the metres that remain,
the scale that would fit best, how far two cameras put one person apart, and the time offsets (the
recordings are in step: 0 is right).

Trials do the same in simulated rooms, each drawn by its own seed: two or three cameras, few or many
people, wide or narrow, short or long recordings, good or bad detectors, furniture before the feet,
clocks a second late, a camera that stands elsewhere. Prints how many answers were right and
accepted, wrong and accepted, refused though they were right, and refused.
"""

import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import tyro
from numpy.typing import NDArray
from simulated_crowds import RATE, crowd_scene

from calibration.camera import Camera
from calibration.overlap import Overlap, calibrate_overlap
from calibration.overlap_report import describe_overlap
from calibration.result_tracks import Watch, watches_of_run
from calibration.rig import Rig
from calibration.self_calibration import View
from configs.errors import InputError
from tracker.config import TrackSettings
from tracker.evaluation.mtmc.cmc import read_cmc
from tracker.evaluation.mtmc.feed import given_ticks
from tracker.evaluation.mtmc.scene import Scene, area_of
from tracker.results import result_rows
from tracker.scene_tracker import SceneTracker
from tracker.types import Detections

Floats = NDArray[np.floating]

IMAGE_SIZE = 1280, 720
LATE = 1.0  # seconds that a clock may be late
FURNITURE, HIDDEN = 0.35, 0.25  # of the image's width, and of a person's height behind it
OUTCOMES = "accepted right", "accepted wrong", "refused though right", "refused"
FAR, OUT_OF_STEP = 0.5, 0.3  # metres of a camera's median person, seconds: what is wrong


def main(
    cmc: Path | None = None,
    detections: str = "fairmot",
    sequences: tuple[str, ...] = (),
    trials: int = 0,
    seed: int = 1000,
) -> None:
    """Calibrate cameras from people, and compare with the truth.

    Args:
        cmc: Folder of the data set.
        detections: Of CMC: fairmot or faster_rcnn.
        sequences: Of CMC; all if left out.
        trials: Simulated rooms.
        seed: Of the first trial; the next one's is one more.
    """
    if cmc is not None:
        for scene in read_cmc(cmc, sequences, detections):
            print(f"{scene.name}, detections {detections}, tracked without calibration")
            check_scene(scene)
    outcomes = Counter(trial_outcome(trial_scene(one)) for one in range(seed, seed + trials))
    if trials:
        print("; ".join(f"{outcome}: {outcomes[outcome]}" for outcome in OUTCOMES))


def check_scene(scene: Scene) -> None:
    """Calibrate a scene's cameras and print how far off they are."""
    try:
        found = calibrate_overlap(tracked_alone(scene))
    except InputError as error:
        print(f"  refused: {error}", flush=True)
        return
    print("\n".join(f"  {line}" for line in describe_overlap(found)))
    assert scene.truth.ground is not None
    compare(found.cameras, scene.rig.cameras, scene.truth.ground.rows.places)


def trial_outcome(scene: Scene) -> str:
    """One of `OUTCOMES`; prints it with its reason."""
    right, wrong, though_right, refused = OUTCOMES
    watches = tracked_alone(scene)
    try:
        fault = answer_fault(calibrate_overlap(watches), scene)
        outcome, reason = (right, "") if fault is None else (wrong, fault)
    except InputError as error:
        outcome, reason = refused, str(error)
        with suppress(InputError):
            if answer_fault(calibrate_overlap(watches, trusting=True), scene) is None:
                outcome = though_right
    print(f"{scene.name}: {outcome}{reason and f': {reason}'}", flush=True)
    return outcome


def trial_scene(seed: int) -> Scene:
    """A simulated room; the rig's time offsets are what is to be found, and a camera that isn't
    in the rig's room has none of its people: its name is "elsewhere"."""
    random = np.random.default_rng(seed)
    rig = trial_rig(random)
    people, seconds = int(random.choice([2, 3, 5, 8])), int(random.choice([15, 30, 45, 60]))
    hard = bool(random.random() < 0.5)
    ticks = round((seconds + LATE) * RATE)
    scene, other = (crowd_scene(rig, people, s, hard, ticks) for s in (seed, seed + 1_000_000))
    late = {name: LATE * int(random.integers(2)) for name in rig.names}
    detections = {}
    for name, offset in late.items():
        seen = (other if name == "elsewhere" else scene).detections[name]
        start = round(offset * RATE)
        detections[name] = seen[start : start + round(seconds * RATE)]
        if random.random() < 0.5:
            middle = random.random()
            detections[name] = [feet_hidden(found, middle) for found in detections[name]]
    title = f"{seed}: {len(rig.names)} cameras, {people} people, {seconds} s{', hard' * hard}"
    return replace(scene, name=title, rig=replace(rig, time_offsets=late), detections=detections)


def feet_hidden(found: Detections, middle: float) -> Detections:
    """As if furniture stood before the feet round a place of the image, in shares of its width."""
    boxes = found.boxes.copy()
    apart = np.abs(boxes[:, [0, 2]].mean(axis=1) / IMAGE_SIZE[0] - middle)
    behind = apart < FURNITURE / 2
    boxes[behind, 3] -= HIDDEN * (boxes[behind, 3] - boxes[behind, 1])
    return replace(found, boxes=boxes)


def trial_rig(random: np.random.Generator) -> Rig:
    """Two or three cameras that look into a room from its corners, or one of them into another."""
    room = random.uniform([5.0, 2.0], [9.0, 6.0])
    corners = random.permutation([[0, 0], [1, 0], [1, 1], [0, 1]])[: random.integers(2, 4)]
    names = [f"cam{n}" for n in range(1, len(corners) + 1)]
    if random.random() < 0.15:
        names[-1] = "elsewhere"
    cameras = {}
    for name, corner in zip(names, corners, strict=True):
        place = corner * room + np.where(corner, 0.4, -0.4)
        ahead = room * random.uniform(0.4, 0.6, 2) - place
        height = random.uniform(2.3, 3.4)
        tilt = np.arctan2(height - random.uniform(0.5, 1.0), np.linalg.norm(ahead))
        focal = random.uniform(0.5, 0.7) * IMAGE_SIZE[0]
        view = View(focal, float(tilt), np.radians(random.normal()), height)
        turn = np.arctan2(ahead[1], ahead[0]) - np.pi / 2
        cameras[name] = view.camera(IMAGE_SIZE, (*place.tolist(), float(turn)))
    return Rig(tuple(names), cameras, area=area_of((0.0, 0.0), (room[0], room[1])))


def answer_fault(found: Overlap, scene: Scene) -> str | None:
    """What is wrong with an answer, or None."""
    if "elsewhere" in found.cameras:
        return "a camera that stands elsewhere is laid over the others"
    assert scene.truth.ground is not None
    places = scene.truth.ground.rows.places
    mapped = {n: as_mapped(c, scene.rig.cameras[n], places) for n, c in found.cameras.items()}
    first = next(iter(mapped))
    for name, errors in world_errors(mapped, places)[0].items():
        true_seconds = scene.rig.time_offsets[name] - scene.rig.time_offsets[first]
        late = found.seconds[name] - found.seconds[first] - true_seconds
        apart = float(np.nanmedian(errors))
        if apart > FAR or abs(late) > OUT_OF_STEP:
            return f"{name}: {apart:.2f} m, {late:+.2f} s off"
    return None


def tracked_alone(scene: Scene) -> dict[str, Watch]:
    """What each camera saw by the result files of a run without calibration."""
    tracker = SceneTracker(list(scene.rig.names), None, TrackSettings(), rig=None)
    sightings = []
    for frames, found in given_ticks(scene):
        sightings += tracker.update(frames, found)
    sightings += tracker.finish()
    size = next(iter(scene.rig.cameras.values())).image_size
    with tempfile.TemporaryDirectory() as folder:
        for name in scene.rig.names:
            rows = [result_rows(seen) for seen in sightings if seen.camera == name]
            Path(folder, f"{name}.txt").write_text("".join(rows))
        return watches_of_run(Path(folder), Rig(()), scene.frame_rate, size, None)


def compare(found: Mapping[str, Camera], true: Mapping[str, Camera], places: Floats) -> None:
    """Print how far the found cameras are off where people were (N, 2 metres)."""
    mapped = {name: as_mapped(camera, true[name], places) for name, camera in found.items()}
    errors, scale = world_errors(mapped, places)
    error = np.concatenate([one[np.isfinite(one)] for one in errors.values()])
    print(
        f"  {len(error)} people in views: median {np.median(error):.3f} m, 90 % within "
        f"{np.quantile(error, 0.9):.3f} m; best scale {scale:.3f}"
    )
    for a, b in combinations(mapped, 2):
        apart = np.linalg.norm(mapped[a] - mapped[b], axis=1)
        print(f"  {a} and {b} put a person {np.nanmedian(apart):.3f} m apart (median)", flush=True)


def as_mapped(found: Camera, true: Camera, places: Floats) -> Floats:
    """(N, 2) where the found camera puts people that the true one sees; NaN unseen."""
    pixels, valid = true.ground2image(places)
    seen = valid & true.in_image(pixels)
    return np.where(seen[:, None], found.image2ground(pixels)[0], np.nan)


def world_errors(mapped: Mapping[str, Floats], places: Floats) -> tuple[dict[str, Floats], float]:
    """By camera (N,) metres left after one rigid motion, NaN unseen; the best scale."""
    ours = np.concatenate(list(mapped.values())) @ np.array([1, 1j])
    real = np.tile(places, (len(mapped), 1)) @ np.array([1, 1j])
    known = np.isfinite(ours)
    error = np.full(len(ours), np.nan)
    error[known], scale = laid_over(ours[known], real[known])
    return dict(zip(mapped, np.split(error, len(mapped)), strict=True)), scale


def laid_over(
    ours: NDArray[np.complexfloating], real: NDArray[np.complexfloating]
) -> tuple[Floats, float]:
    """(N,) metres left after one rigid motion without reflection, and the best scale."""
    weights = np.ones(len(ours))
    for _ in range(30):
        a = ours - np.average(ours, weights=weights)
        b = real - np.average(real, weights=weights)
        product = (weights * b * a.conj()).sum()
        error = np.abs(product / abs(product) * a - b)
        scale = abs(product) / (weights * np.abs(a) ** 2).sum()
        weights = 1 / np.maximum(error, 0.02)
    return error, float(scale)


if __name__ == "__main__":
    tyro.cli(main)
