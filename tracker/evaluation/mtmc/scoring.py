"""Scores of a scene: where people stand, and in which box of which camera they are.

On the ground a result matches up to a reach of 1 m, as EarlyBird and TrackTacular score WILDTRACK,
and more strictly of 0.5 m. In the views it matches from IoU 0.5 on, and an identity has to be the
same on all cameras: their frames are scored as one long sequence, a camera after another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from calibration.rig import Rig
from tracker.boxes import feet, iou
from tracker.evaluation.comparison import Similarity, Trajectories, compare, ground_similarity
from tracker.evaluation.mtmc.scene import Annotation, Scene, clock_ticks
from tracker.evaluation.preprocessing import leave_out
from tracker.evaluation.scores import Scores, score
from tracker.types import BoolArray, FloatArray, IntArray, Sightings

__all__ = ["SceneScores", "ground_trajectories", "score_positions", "score_scene"]

REACHES = (1.0, 0.5)  # metres


@dataclass(frozen=True)
class SceneScores:
    """ground: by reach in metres, {} without annotated positions. views: None without boxes."""

    ground: dict[float, Scores]
    views: Scores | None

    def __add__(self, other: "SceneScores") -> "SceneScores":
        both = self.views, other.views
        views = both[0] + both[1] if both[0] is not None and both[1] is not None else None
        shared = self.ground.keys() & other.ground.keys()
        ground = {r: self.ground[r] + other.ground[r] for r in self.ground if r in shared}
        return SceneScores(ground, views)


def score_scene(scene: Scene, sightings: Sequence[Sightings]) -> SceneScores:
    """Score what a tracker made of a scene."""
    ground = {}
    if scene.truth.ground is not None:
        found = ground_trajectories(scene, sightings)
        ground = score_positions(_within(scene.truth.ground, scene.rig.area), found)
    views = _score_views(scene.truth.views, sightings) if scene.truth.views else None
    return SceneScores(ground, views)


def score_positions(truth: Annotation, found: Trajectories) -> dict[float, Scores]:
    """Scores on the ground plane, by reach in metres."""
    return {reach: _score(truth, found, ground_similarity(reach)) for reach in REACHES}


def ground_trajectories(scene: Scene, sightings: Sequence[Sightings]) -> Trajectories:
    """Where each identity is at each tick: the median of what its cameras say, inside the area.

    A sighting without a position gets that of its feet, if its camera is calibrated.
    """
    counts = [len(seen) for seen in sightings]
    times = np.repeat(np.array([seen.time for seen in sightings], np.float64), counts)
    ticks = clock_ticks(times, scene.frame_rate)
    ids = np.concatenate([np.zeros(0, np.int64), *(seen.identities for seen in sightings)])
    places = np.concatenate([np.zeros((0, 2)), *(_places(seen, scene.rig) for seen in sightings)])
    known = np.isfinite(places).all(1)
    keys = np.column_stack([ticks, ids])[known]
    people, groups = np.unique(keys, axis=0, return_inverse=True)
    positions = _medians(places[known], groups.ravel(), len(people))
    inside = _inside(positions, scene.rig.area)
    return Trajectories(people[inside, 0], people[inside, 1], positions[inside])


def _medians(points: FloatArray, groups: IntArray, count: int) -> FloatArray:
    """(count, 2) the median of the points (N, 2) of each group; groups: (N,) from 0."""
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(count + 1)).tolist()
    medians = [np.median(points[order[a:b]], axis=0) for a, b in pairwise(starts)]
    return np.array(medians).reshape(-1, 2)


def _places(seen: Sightings, rig: Rig) -> FloatArray:
    """(N, 2) metres, NaN where unknown."""
    places = seen.positions[:, :2]
    camera = rig.cameras.get(seen.camera)
    if camera is None or np.isfinite(places).all():
        return places
    by_feet, _ = camera.image2ground(feet(seen.boxes))
    return np.where(np.isfinite(places), places, by_feet)


def _inside(points: FloatArray, area: FloatArray | None) -> BoolArray:
    """(N,) whether points lie in the polygon, by the number of edges to their right."""
    if area is None:
        return np.ones(len(points), bool)
    x, y = points[:, :1], points[:, 1:]
    a, b = area, np.roll(area, -1, axis=0)
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    rise = np.where(a[:, 1] == b[:, 1], 1.0, b[:, 1] - a[:, 1])
    at = a[:, 0] + (y - a[:, 1]) / rise * (b[:, 0] - a[:, 0])
    return (crosses & (x < at)).sum(1) % 2 == 1


def _within(truth: Annotation, area: FloatArray | None) -> Annotation:
    """Who stands outside the area of interest, as in a doorway, is not to be found."""
    return Annotation(truth.rows, truth.scored & _inside(truth.rows.places, area))


def _score_views(truths: Mapping[str, Annotation], sightings: Sequence[Sightings]) -> Scores:
    by_camera = {name: [seen for seen in sightings if seen.camera == name] for name in truths}
    last = max(
        [0]
        + [int(truth.rows.frames.max(initial=0)) for truth in truths.values()]
        + [seen.index for seen in sightings]
    )
    truth = _concatenate(
        [_shift(view.rows, i * (last + 1)) for i, view in enumerate(truths.values())]
    )
    found = _concatenate(
        [_shift(_boxes(by_camera[name]), i * (last + 1)) for i, name in enumerate(truths)]
    )
    scored = np.concatenate([view.scored for view in truths.values()])
    return _score(Annotation(truth, scored), found, iou)


def _score(truth: Annotation, found: Trajectories, similarity: Similarity) -> Scores:
    comparison = compare(truth.rows, found, similarity)
    scored = truth.scored[np.argsort(truth.rows.frames, kind="stable")]
    return score(comparison if scored.all() else leave_out(comparison, ~scored, scored))


def _boxes(sightings: Sequence[Sightings]) -> Trajectories:
    frames = np.repeat(
        np.array([seen.index for seen in sightings], np.int64), [len(s) for s in sightings]
    )
    ids = np.concatenate([np.zeros(0, np.int64), *(seen.identities for seen in sightings)])
    boxes = np.concatenate([np.zeros((0, 4)), *(seen.boxes for seen in sightings)])
    return Trajectories(frames, ids, boxes)


def _shift(trajectories: Trajectories, frames: int) -> Trajectories:
    return Trajectories(trajectories.frames + frames, trajectories.ids, trajectories.places)


def _concatenate(parts: Sequence[Trajectories]) -> Trajectories:
    return Trajectories(
        np.concatenate([part.frames for part in parts]),
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.places for part in parts]),
    )
