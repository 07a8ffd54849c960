"""What a tick of fusion costs: four cameras and a crowd, without pictures.

python tools/benchmark_fusion.py [--people 15] [--profile]

The cameras stand in the corners of a room of 7.7 x 3.4 m. Prints milliseconds of processor time a
tick, of the ground tracker alone and of the whole scene tracker with its identities, embeddings
given. The quickest of several runs counts.
"""

import cProfile
import pstats
import time
from collections.abc import Callable

import numpy as np
import tyro
from simulated_crowds import EVERY, crowd_scene

from calibration.camera import Camera
from calibration.rig import Rig
from tracker.evaluation.mtmc.feed import given_ticks
from tracker.ground import GroundTracker
from tracker.scene_settings import SceneSettings
from tracker.scene_tracker import SceneTracker

CORNERS = {"a": (0.2, 3.2), "b": (7.4, 3.2), "c": (7.4, 0.2), "d": (0.2, 0.2)}
MIDDLE = np.array([3.8, 1.7, 0.6])
HEIGHT = 2.2  # metres
ROOM = np.array([[0.0, 0.0], [7.7, 0.0], [7.7, 3.4], [0.0, 3.4]])


def measure(people: int = 15, ticks: int = 100, runs: int = 5, profile: bool = False) -> None:
    """Time it.

    Args:
        people: In the room.
        ticks: In a run.
        runs: Of each.
        profile: Print what each stage has of the time instead.
    """
    cameras = {name: _corner(place) for name, place in CORNERS.items()}
    rig = Rig(tuple(cameras), cameras, area=ROOM)
    full = EVERY * people  # ticks until everybody is in, and at most as many to leave
    scene = crowd_scene(rig, people, seed=0, hard=False, ticks=full + ticks + full)
    feed = list(given_ticks(scene))[full : full + ticks]

    def fusion() -> None:
        tracker = GroundTracker(rig.cameras, area=rig.area)
        for frames, detections in feed:
            tracker.update(frames, detections)

    def everything() -> None:
        tracker = SceneTracker(rig.names, None, SceneSettings(), rig=rig)
        for frames, detections in feed:
            tracker.update(frames, detections)

    if profile:
        everything()  # loads what is compiled
        profiler = cProfile.Profile()
        profiler.runcall(everything)
        stages = pstats.Stats(profiler).sort_stats("cumtime")
        stages.print_stats(r"/(tracker|reid|calibration)/", 50)
        return
    boxes = np.mean([sum(len(d) for d in detections) for _, detections in feed])
    print(f"{people} people, {len(cameras)} cameras, {boxes:.0f} boxes a tick")
    for name, work in (("fusion", fusion), ("fusion and identities", everything)):
        best = min(_processor_time(work) for _ in range(runs))
        print(f"  {name:24s}{1e3 * best / len(feed):8.2f} ms a tick")


def _processor_time(work: Callable[[], None]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _corner(place: tuple[float, float]) -> Camera:
    position = np.array([*place, HEIGHT])
    forward = (MIDDLE - position) / np.linalg.norm(MIDDLE - position)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward])
    K = [[1000, 0, 960], [0, 1000, 512], [0, 0, 1]]
    return Camera.from_intrinsics(K, [], R, -R @ position, (1920, 1024))


if __name__ == "__main__":
    tyro.cli(measure)
