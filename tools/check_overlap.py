"""How far cameras calibrated from people alone map people from where they really are, on CMC.

    python tools/check_overlap.py --cmc DIR [--detections fairmot]

Each sequence is tracked without calibration; `calibrate-cameras overlap` does the rest with its own
settings. Every annotated person that a camera shows is mapped by the true projection into its image
and by the found camera back to the ground. The found world is laid over the true one by one rigid
motion without scale (robust: least absolute distances). Prints the metres that remain,
the scale that would fit best, how far two cameras put one person apart, and the time offsets (the
recordings are in step: 0 is right).
"""

import tempfile
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import tyro
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.overlap import calibrate_overlap
from calibration.overlap_report import describe_overlap
from calibration.result_tracks import Watch, watches_of_run
from calibration.rig import Rig
from configs.errors import InputError
from tracker.config import TrackSettings
from tracker.evaluation.mtmc.cmc import read_cmc
from tracker.evaluation.mtmc.feed import given_ticks
from tracker.evaluation.mtmc.scene import Scene
from tracker.results import result_rows
from tracker.scene_tracker import SceneTracker

Floats = NDArray[np.floating]


def main(cmc: Path, detections: str = "fairmot", sequences: tuple[str, ...] = ()) -> None:
    """Calibrate CMC's cameras from its people, and compare with its projections.

    Args:
        cmc: Folder of the data set.
        detections: fairmot or faster_rcnn.
        sequences: All if left out.
    """
    for scene in read_cmc(cmc, sequences, detections):
        print(f"{scene.name}, detections {detections}, tracked without calibration")
        try:
            found = calibrate_overlap(tracked_alone(scene))
        except InputError as error:
            print(f"  refused: {error}", flush=True)
            continue
        print("\n".join(f"  {line}" for line in describe_overlap(found)))
        assert scene.truth.ground is not None
        compare(found.cameras, scene.rig.cameras, scene.truth.ground.rows.places)


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
    mapped = {}
    for name, camera in found.items():
        pixels, valid = true[name].ground2image(places)
        seen = valid & true[name].in_image(pixels)
        mapped[name] = np.where(seen[:, None], camera.image2ground(pixels)[0], np.nan)
    ours = np.concatenate(list(mapped.values())) @ np.array([1, 1j])
    real = np.tile(places, (len(mapped), 1)) @ np.array([1, 1j])
    known = np.isfinite(ours)
    error, scale = laid_over(ours[known], real[known])
    print(
        f"  {len(error)} people in views: median {np.median(error):.3f} m, 90 % within "
        f"{np.quantile(error, 0.9):.3f} m; best scale {scale:.3f}"
    )
    for a, b in combinations(mapped, 2):
        apart = np.linalg.norm(mapped[a] - mapped[b], axis=1)
        print(f"  {a} and {b} put a person {np.nanmedian(apart):.3f} m apart (median)", flush=True)


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
