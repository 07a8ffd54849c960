"""A scene to score: cameras, what they saw, and who really was where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from calibration.rig import Rig
from tracker.evaluation.comparison import Trajectories
from tracker.types import BoolArray, Detections, FloatArray, IntArray

__all__ = ["Annotation", "Scene", "Truth", "area_of", "clock_ticks"]


@dataclass(frozen=True)
class Annotation:
    """Who really was where.

    scored: (N,) False where somebody is neither to be found nor wrong to find, as one whom nobody
    can see.
    """

    rows: Trajectories
    scored: BoolArray

    @classmethod
    def of_all(cls, rows: Trajectories) -> "Annotation":
        """Everybody is to be found."""
        return cls(rows, np.ones(len(rows), bool))


@dataclass(frozen=True)
class Truth:
    """ground: positions in metres by tick of the scene's clock (`clock_ticks`), or None.

    views: by camera, boxes by the camera's frame from 0; only cameras whose boxes are annotated.
    """

    ground: Annotation | None = None
    views: Mapping[str, Annotation] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """One sequence of a data set.

    frame_rate: ticks of the scene's clock in a second. detections: by camera, one for each of its
    frames from 0; empty where a detector is to look at the pictures of `rig.sources`. rivals: what
    others published for this scene, by name, as positions by tick. first_frame: of every camera;
    earlier ones are not part of the sequence.
    """

    name: str
    rig: Rig
    frame_rate: float
    truth: Truth
    detections: Mapping[str, Sequence[Detections]] = field(default_factory=dict)
    rivals: Mapping[str, Trajectories] = field(default_factory=dict)
    first_frame: int = 0


def clock_ticks(times: FloatArray, frame_rate: float) -> IntArray:
    """(N,) seconds on the scene's clock -> (N,) number of the nearest tick, from 0."""
    return np.rint(np.asarray(times, np.float64) * frame_rate).astype(np.int64)


def area_of(low: tuple[float, float], high: tuple[float, float]) -> FloatArray:
    """(4, 2) the rectangle between two opposite corners, metres."""
    (left, bottom), (right, top) = low, high
    return np.array([[left, bottom], [right, bottom], [right, top], [left, top]])
