"""Check the readers on the real files of public data sets, given by flag.

    python tools/check_calibration.py --cmc DIR --pets DIR --wildtrack DIR --multiviewx DIR

Every camera: the largest error of `image2ground(world2image(p))` over points of the annotated area
that it sees, in metres, on the ground and at a body's middle. PETS: the share of the annotated feet
of view 1 that lie in the walkable area, and how tall the annotated boxes are. CMC: the share of
annotated people's middles that lie inside a detection of each camera. MultiviewX: annotated
positions against the lower edge of annotated boxes. Exit code 1 where a figure misses its aim.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tyro
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.files import read_xml
from calibration.formats import (
    multiviewx_positions,
    read_matrix,
    read_multiviewx,
    read_tsai,
    read_wildtrack,
)
from calibration.sanity import camera_fault

Floats = NDArray[np.floating]

# Where one can walk in view 1 of PETS 2009, S2.L1, metres: in front of the tape, and up the road
# between its kerbs. Read off the picture with the ground's grid drawn into it.
PETS_WALKABLE = (
    (-4.5, 14.0), (-5.0, 3.0), (-4.0, -1.0), (-1.0, -4.0), (9.5, -4.5), (25.0, -6.0),
    (25.0, -9.0), (0.7, -10.1), (-2.2, -11.3), (-5.5, -13.8), (-9.0, -19.0),
    (-28.0, -19.0), (-28.0, 14.0),
)  # fmt: skip
# The smaller area in which later work tracks.
PETS_AREA = (-14.0696, 4.9813, -14.274, 1.7335)
CMC_AREA = (2.03, 6.30, 0.0, 3.41)
WILDTRACK_AREA = (-3.0, 9.0, -9.0, 27.0)
MULTIVIEWX_AREA = (0.0, 25.0, -16.0, 0.0)
CMC_SIZE = (1920, 1024)


@dataclass(frozen=True)
class Arguments:
    """Folders of the data sets; those left out aren't checked."""

    cmc: Path | None = None
    pets: Path | None = None
    wildtrack: Path | None = None
    multiviewx: Path | None = None


def main() -> int:
    """Print every figure; 1 where one misses its aim."""
    arguments = tyro.cli(Arguments, description=__doc__)
    passed = [ok for check in checks(arguments) for ok in check]
    print(f"{sum(passed)} of {len(passed)} checks passed")
    return 0 if passed and all(passed) else 1


def checks(arguments: Arguments) -> Iterator[Iterator[bool]]:
    """The checks of each data set that was given."""
    if arguments.wildtrack is not None:
        yield check_wildtrack(arguments.wildtrack)
    if arguments.multiviewx is not None:
        yield check_multiviewx(arguments.multiviewx)
    if arguments.pets is not None:
        yield check_pets(arguments.pets)
    if arguments.cmc is not None:
        yield check_cmc(arguments.cmc)


def check_wildtrack(root: Path) -> Iterator[bool]:
    """Round trips, of the published pictures and of the original videos."""
    for intrinsics in ("intrinsic_zero", "intrinsic_original"):
        for name, camera in read_wildtrack(root / "calibrations", intrinsics=intrinsics).items():
            yield round_trip(f"wildtrack {intrinsics} {name}", camera, WILDTRACK_AREA)


def check_multiviewx(root: Path) -> Iterator[bool]:
    """Round trips; annotated positions against annotated boxes."""
    cameras = read_multiviewx(root / "calibrations")
    for name, camera in cameras.items():
        yield round_trip(f"multiviewx {name}", camera, MULTIVIEWX_AREA)
    misses = []
    for path in sorted((root / "annotations_positions").glob("*.json")):
        for person in json.loads(path.read_text()):
            ground = multiviewx_positions([person["positionID"]])
            for view in person["views"]:
                if view["ymax"] > 0:
                    pixels, valid = cameras[f"Camera{view['viewNum'] + 1}"].ground2image(ground)
                    # Feet beside a camera may lie behind it, though a box of the rest is annotated.
                    misses.append(abs(pixels[0, 1] - view["ymax"]) if valid[0] else np.inf)
    yield report(
        "multiviewx: feet's row against the box, 95 % within px", np.percentile(misses, 95), below=3
    )


def check_pets(root: Path) -> Iterator[bool]:
    """Round trips; the annotated feet of view 1."""
    paths = sorted((root / "calibration").glob("View_*.xml"))
    for path in paths:
        yield round_trip(f"pets2009 {path.stem}", read_tsai(path), PETS_AREA)
    boxes = read_xml(root / "S2L1" / "View_001_gt.xml").iter("box")
    values = np.array([[float(b.attrib[k]) for k in ("xc", "yc", "h")] for b in boxes])
    feet = np.column_stack([values[:, 0], values[:, 1] + values[:, 2] / 2])
    camera = read_tsai(root / "calibration" / "View_001.xml")
    points, valid = camera.image2ground(feet)
    walkable = np.array(PETS_WALKABLE, np.float32)
    inside = valid & [cv2.pointPolygonTest(walkable, tuple(p), False) >= 0 for p in points]
    yield report("pets2009 view 1: feet in the walkable area, %", 100 * inside.mean(), above=98)
    heights = values[:, 2] / camera.expected_height(feet, 1.0)
    low, middle, high = np.percentile(heights, [1, 50, 99])
    print(f"pets2009 view 1: the boxes are {low:.2f} to {high:.2f} m high (1 % to 99 %)")
    yield report("pets2009 view 1: median height of the boxes, m", middle, above=1.6, below=1.9)


def check_cmc(root: Path) -> Iterator[bool]:
    """Round trips; annotated people inside detections."""
    cameras = [
        read_matrix(root / f"cam{n}_projection.txt", image_size=CMC_SIZE) for n in range(1, 5)
    ]
    for number, camera in enumerate(cameras, 1):
        yield round_trip(f"cmc cam{number}", camera, CMC_AREA)
    for sequence in ("CMC1", "CMC2"):
        people = np.loadtxt(root / sequence / "gt_world.txt")
        inside, seen = 0, 0
        for number, camera in enumerate(cameras, 1):
            with np.load(
                root / sequence / "fairmot" / f"cam{number}.npz", allow_pickle=False
            ) as boxes:
                hits, total = inside_detections(camera, people, boxes)
            print(f"{sequence} cam{number}: {hits} of {total} = {100 * hits / max(total, 1):.2f} %")
            inside, seen = inside + hits, seen + total
        yield report(
            f"{sequence}: people's middles inside a detection, %", 100 * inside / seen, above=98.5
        )


def inside_detections(
    camera: Camera, people: Floats, boxes: np.lib.npyio.NpzFile
) -> tuple[int, int]:
    """How many annotated people that the camera sees lie inside a box, of how many."""
    pixels, valid = camera.world2image(people[:, 7:10])
    seen = valid & camera.in_image(pixels)
    hits = 0
    for frame in np.unique(people[:, 0]).astype(int):
        now = pixels[seen & (people[:, 0] == frame)][:, None]
        found = boxes[str(frame - 1)] if str(frame - 1) in boxes.files else np.zeros((0, 4))
        within = (now >= found[:, :2]).all(2) & (now <= found[:, 2:4]).all(2)
        hits += int(within.any(axis=1).sum())
    return hits, int(seen.sum())


def round_trip(name: str, camera: Camera, area: tuple[float, float, float, float]) -> bool:
    """The largest error over 20,000 random points of the area, on the ground and at 0.9 m."""
    rng = np.random.default_rng(0)
    points = rng.uniform(area[::2], area[1::2], (20_000, 2))
    worst, total = 0.0, 0
    for height in (0.0, 0.9):
        pixels, valid = camera.world2image(np.column_stack([points, np.full(len(points), height)]))
        seen = valid & camera.in_image(pixels)
        back, found = camera.image2ground(pixels[seen], height)
        error = np.where(found, np.abs(back - points[seen]).max(axis=1), np.inf)
        worst, total = max(worst, float(error.max(initial=0))), total + int(seen.sum())
    fault = camera_fault(camera)
    if fault is not None:
        print(f"{name}: {fault}")
    return report(f"{name}: round trip of {total} points, m", worst, below=1e-6) and total > 0


def report(name: str, value: float, *, above: float = -np.inf, below: float = np.inf) -> bool:
    """Print a figure with its aim."""
    ok = bool(above <= value <= below)
    aims = [("at least", above), ("at most", below)]
    aim = ", ".join(f"{word} {limit:g}" for word, limit in aims if np.isfinite(limit))
    print(f"{'ok  ' if ok else 'MISS'} {name}: {value:.4g} ({aim})")
    return ok


if __name__ == "__main__":
    sys.exit(main())
