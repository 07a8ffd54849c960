"""How identities survive noise in the looks: IDF1 over the noise of the embeddings.

    python tools/identity_curve.py [--output DIR] [--seeds N] [--noises ...]

Four cameras in the corners of the tests' room (tests/tracker/world.py), no pictures. People enter
by two doors, walk about, cross, leave, and come back after minutes; every other one is dressed
like the one before. Noise is added to each picture's embedding on its own: its length is stated
as a multiple of the embedding's. Scored on the ground at 1 m; without calibration, the
tracker gets none, and the boxes' feet are put on the ground for the scoring alone.
"""

import csv
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

from calibration.rig import Rig
from tracker.evaluation.comparison import Trajectories
from tracker.evaluation.mtmc.scene import Annotation, Scene, Truth
from tracker.evaluation.mtmc.scoring import score_scene
from tracker.evaluation.table import format_table
from tracker.scene_settings import SceneSettings
from tracker.scene_tracker import SceneTracker
from tracker.types import FloatArray, Sightings

WORLD = runpy.run_path(str(Path(__file__).parents[1] / "tests" / "tracker" / "world.py"))
RATE = 4.0  # ticks/s
DIMENSION = 64
ALIKE = 0.75
DOORS = np.array([[0.8, 3.0], [7.2, 3.0]])  # metres
NOISES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
VARIANTS = {"calibrated": True, "uncalibrated": False}

Way = Callable[[float], FloatArray | None]


@dataclass(frozen=True)
class Story:
    """Who goes where, and how they look. ways: a person each. looks: (N, D) unit rows."""

    ways: list[Way]
    looks: FloatArray
    ticks: int


def identity_curve(
    output: Path = Path("identity-curve"),
    seeds: int = 3,
    noises: tuple[float, ...] = NOISES,
) -> None:
    """Measure, and write curve.csv and curve.png.

    Args:
        output: Folder for them.
        seeds: Stories that every noise is tried on.
        noises: Lengths of the noise, as multiples of the embedding's.
    """
    rows = []
    for noise in noises:
        rows.append([noise])
        for calibrated in VARIANTS.values():
            scores = [
                idf1(story(seed), noise, seed, calibrated=calibrated) for seed in range(seeds)
            ]
            rows[-1] += [float(np.mean(scores)), float(np.min(scores)), float(np.max(scores))]
        print(" ".join(f"{value:.1f}" for value in rows[-1]), flush=True)
    header = ["noise", *(f"{v} {k}" for v in VARIANTS for k in ("mean", "lowest", "highest"))]
    print(format_table(header, [[f"{value:.1f}" for value in row] for row in rows]))
    output.mkdir(parents=True, exist_ok=True)
    with (output / "curve.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    _draw(np.array(rows), output / "curve.png", seeds)


def story(seed: int, people: int = 6, seconds: float = 200.0, alike: float = ALIKE) -> Story:
    """People who visit the room again and again; away for one to two minutes in between.

    alike: how much of the looks of the one before every other one has.
    """
    random = np.random.default_rng(seed)
    looks = _unit(0.7 * _unit(random.normal(size=DIMENSION)) + _units(random, people))
    for person in range(1, people, 2):
        looks[person] = _unit(alike * looks[person - 1] + (1 - alike) * looks[person])
    return Story([_way(random, seconds) for _ in looks], looks, int(seconds * RATE))


def follow(
    told: Story, noise: float, seed: int, *, calibrated: bool
) -> tuple[Scene, list[Sightings]]:
    """The story as a scene with truth, and what the tracker made of it."""
    cameras = WORLD["cameras"]()
    rig = Rig(tuple(cameras), cameras, area=WORLD["AREA"])
    tracker = SceneTracker(list(cameras), None, SceneSettings(), rig=rig if calibrated else None)
    feed = WORLD["ticks"](
        told.ways,
        told.ticks,
        rate=RATE,
        looks=told.looks,
        look_noise=noise / np.sqrt(DIMENSION),
        seed=seed,
        missed=0.05,
    )
    sightings: list[Sightings] = []
    truth = []
    for tick, (frames, found, where) in enumerate(feed):
        sightings += tracker.update(frames, found)
        truth += [(tick, person, *place) for person, place in where.items()]
    sightings += tracker.finish()
    values = np.array(truth).reshape(-1, 4)
    rows = Trajectories(values[:, 0].astype(int), values[:, 1].astype(int), values[:, 2:])
    return Scene("visits", rig, RATE, Truth(Annotation.of_all(rows))), sightings


def idf1(told: Story, noise: float, seed: int, *, calibrated: bool) -> float:
    """In percent, at 1 m."""
    scene, sightings = follow(told, noise, seed, calibrated=calibrated)
    return float(score_scene(scene, sightings).ground[1.0].table()["IDF1"])


def _way(random: np.random.Generator, seconds: float) -> Way:
    """Visits of 15 to 40 s, from one door through four places to a door."""
    visits = []
    start = random.uniform(0, 60)
    while start < seconds:
        inside = random.uniform([1.0, 1.0], [7.0, 5.0], (4, 2))
        points = np.vstack([DOORS[random.integers(2)], inside, DOORS[random.integers(2)]])
        lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
        times = start + np.concatenate([[0], np.cumsum(lengths)]) / random.uniform(0.5, 1.0)
        visits.append((times, points))
        start = times[-1] + random.uniform(60, 120)

    def at(time: float) -> FloatArray | None:
        for times, points in visits:
            if times[0] <= time <= times[-1]:
                return np.array([np.interp(time, times, points[:, k]) for k in (0, 1)])
        return None

    return at


def _draw(rows: FloatArray, path: Path, seeds: int) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    for number, variant in enumerate(VARIANTS):
        mean, low, high = rows[:, 1 + 3 * number : 4 + 3 * number].T
        axes.plot(rows[:, 0], mean, marker="o", label=f"{variant}: mean of {seeds} stories")
        axes.fill_between(rows[:, 0], low, high, alpha=0.2, label="lowest to highest", linewidth=0)
    axes.set_xlabel("length of each picture's noise / length of its embedding")
    axes.set_ylabel("IDF1 on the ground at 1 m (%)")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 101)
    axes.set_title("Returning people, four cameras, every other one dressed like another")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=2)
    figure.savefig(path, dpi=150)


def _units(random: np.random.Generator, count: int) -> FloatArray:
    return _unit(random.normal(size=(count, DIMENSION)))


def _unit(rows: FloatArray) -> FloatArray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


if __name__ == "__main__":
    tyro.cli(identity_curve)
