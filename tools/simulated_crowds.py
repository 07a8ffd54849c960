"""Crowds made up of moving points, and what imperfect detectors would report of them.

The people behave as those of CMC's sequences do: one after another they come in through one door,
walk about without pause, and leave through it; as in CMC2, half of them have a neighbour within
0.7 m when ten of them share 14 m^2. `tools/compare_crowds.py` sets simulated and real side by side.
"""

import numpy as np
from simulated_detector import FAIRMOT, FASTER_RCNN, SimulatedCamera

from calibration.rig import Rig
from tracker.evaluation.comparison import Trajectories
from tracker.evaluation.mtmc.scene import Annotation, Scene, Truth
from tracker.types import FloatArray

RATE = 4.0  # frames/s
STEPS = 5  # of walking in a frame
ROOM = np.array([[0.3, 0.15], [7.4, 3.25]])  # metres: opposite corners
INSET = np.array([[0.25, 0.25], [-0.6, -0.3]])  # metres of the area that people keep clear of
SPEED = 1.0, 0.15  # m/s that people like to walk at: mean and standard deviation
FAR = 2.0  # metres that people go at least before they turn elsewhere
AHEAD = 0.7  # seconds that people look ahead
PUSH, REACH = 8.0, 0.3  # m/s^2 from who is 0.3 m away, and metres over which it falls to a third
EVERY = 6  # frames: one more person comes in
DIMENSION = 128
SPECTRUM = np.sqrt(np.array([0.45, 0.35] + [0.2 / 12] * 12))  # of looks: few directions matter
# Shares of the variance of looks: the person, how the person stands now (on all cameras, then on
# one), and the frame. How much of the second and third is left after a frame.
PERSON, STANCE, VIEW, FRAME = np.sqrt([0.13, 0.3, 0.35, 0.22])
KEPT = 0.8
COMMON = 0.88  # length of what all looks of one camera share
VARIED = np.sqrt(1 - COMMON**2)


def crowd_scene(rig: Rig, people: int, seed: int, hard: bool, ticks: int = 260) -> Scene:
    """People who walk in one small room, as a scene with truth.

    rig: calibrated cameras and the area where people are. hard: a detector that finds fewer of the
    hidden, misjudges their feet, and reports more that isn't there.
    """
    random = np.random.default_rng([seed, people])
    area = ROOM
    if rig.area is not None:
        area = np.array([rig.area.min(axis=0), rig.area.max(axis=0)]) + INSET
    ways = walk(random, people, ticks, area)
    heights = np.clip(random.normal(1.7, 0.08, people), 1.45, 1.95)
    model = FASTER_RCNN if hard else FAIRMOT
    cameras = {n: SimulatedCamera(rig.cameras[n], model, heights, random) for n in rig.names}
    common = {n: COMMON * _unit(random.normal(size=DIMENSION)) for n in rig.names}
    looks = _looks(random, people, ticks, rig.names)
    strays = _draw(random, 50)
    detections = {
        name: [
            cameras[name].observe(
                where, common[name] + VARIED * seen, common[name] + VARIED * strays
            )
            for where, seen in zip(ways, looks[name], strict=True)
        ]
        for name in rig.names
    }
    frames, ids = np.nonzero(np.isfinite(ways[:, :, 0]))
    truth = Trajectories(frames, ids + 1, ways[frames, ids])
    return Scene(f"crowd{people}", rig, RATE, Truth(Annotation.of_all(truth)), detections)


def walk(random: np.random.Generator, people: int, ticks: int, area: FloatArray) -> FloatArray:
    """(ticks, people, 2) metres, NaN for who isn't there: everybody comes in through the door,
    heads for places of the area (opposite corners) drawn by lot, makes way, and leaves."""
    door = area[0] + [-0.2, 0.3]
    enter = EVERY * np.arange(people)
    leave = ticks - EVERY * random.permutation(people) // 2 - 2
    places = np.tile(door, (people, 1))
    goals = random.uniform(*area, (people, 2))
    speeds = random.normal(*SPEED, (people, 1))
    velocities = np.zeros((people, 2))
    ways = np.full((ticks, people, 2), np.nan)
    step = 1 / (RATE * STEPS)
    for tick in range(ticks):
        here = (enter <= tick) & (tick <= leave)
        goals[tick > leave - 4 * RATE] = door
        for _ in range(STEPS):
            there = (np.linalg.norm(goals - places, axis=1) < 0.5) & here
            goals[there] = _elsewhere(random, places[there], area)
            heading = goals - places
            heading /= np.maximum(np.linalg.norm(heading, axis=1, keepdims=True), 1e-9)
            push = _push(places + AHEAD * velocities, here)
            velocities += step * (3 * (heading * speeds - velocities) + push) * here[:, None]
            places = places + step * velocities * here[:, None]
            places = np.clip(places, np.minimum(area[0], door), area[1])
        ways[tick, here] = places[here]
    return ways


def _elsewhere(random: np.random.Generator, places: FloatArray, area: FloatArray) -> FloatArray:
    """(N, 2) for each of the places another one, far enough if a few draws find one."""
    drawn = random.uniform(*area, (len(places), 8, 2))
    far = np.linalg.norm(drawn - places[:, None], axis=2) > FAR
    return drawn[np.arange(len(places)), far.argmax(axis=1)]


def _push(places: FloatArray, here: np.ndarray) -> FloatArray:
    """(N, 2) m/s^2 by which people who are here keep others at a distance."""
    apart = places[:, None] - places
    distance = np.linalg.norm(apart, axis=2)
    near = PUSH * np.exp((0.3 - distance) / REACH) * (here[:, None] & here)
    np.fill_diagonal(near, 0)
    return (near[:, :, None] * apart / np.maximum(distance, 0.05)[:, :, None]).sum(axis=1)


def _looks(
    random: np.random.Generator, people: int, ticks: int, names: tuple[str, ...]
) -> dict[str, FloatArray]:
    """(ticks, people, DIMENSION) by camera, with a mean square of 1."""
    who = _draw(random, people)
    stance = _slow(random, people, ticks)
    return {
        name: PERSON * who
        + STANCE * stance
        + VIEW * _slow(random, people, ticks)
        + FRAME * _draw(random, ticks, people)
        for name in names
    }


def _slow(random: np.random.Generator, people: int, ticks: int) -> FloatArray:
    """(ticks, people, DIMENSION) draws that change little from tick to tick."""
    made = _draw(random, ticks, people)
    for tick in range(1, ticks):
        made[tick] = KEPT * made[tick - 1] + np.sqrt(1 - KEPT**2) * made[tick]
    return made


def _draw(random: np.random.Generator, *shape: int) -> FloatArray:
    made = np.zeros((*shape, DIMENSION))
    made[..., : len(SPECTRUM)] = SPECTRUM * random.normal(size=(*shape, len(SPECTRUM)))
    return made


def _unit(vector: FloatArray) -> FloatArray:
    return vector / np.linalg.norm(vector)
