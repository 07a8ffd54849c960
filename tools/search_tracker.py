"""Fit and choose the tracker's settings on labelled sequences; say what they are worth on others.

python tools/search_tracker.py fit --root DIR [--sequences 02 05 ...] [--online] [--json FILE]
python tools/search_tracker.py choose --root DIR --options FILE.yaml [--offline-pass]

Both leave one scene out at a time, with all its detection sources: what is printed as held out for
a scene comes from settings that have never seen it. Beside it stand the scores of the settings
that come from all scenes together, which are not held out.
"""

import itertools
import json as jsonlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import tyro
import yaml
from scipy.optimize import linear_sum_assignment, minimize

from configs.settings import read_settings
from tracker.boxes import iou
from tracker.camera_path import moved_by
from tracker.camera_tracker import CameraTracker, CameraTrackerSettings
from tracker.config import TrackSettings
from tracker.evaluation.mot16.sources import DetectionSource, detections_of, source_label
from tracker.evaluation.preprocessing import DISTRACTORS, compare_pedestrians
from tracker.evaluation.scores import Scores, combine, score
from tracker.hindsight import gather
from tracker.joining import cut, gather_pairs
from tracker.kalman import state2boxes
from tracker.motchallenge import (
    GroundTruth,
    MotRows,
    MotSequence,
    find_sequences,
    read_ground_truth,
    result_rows,
    results,
)
from tracker.offline import OfflineSettings, completed, first_pass, refine, sightings
from tracker.plausibility import gather_evidence
from tracker.track_table import CONFIRMED, MISSED
from tracker.trajectories import Trajectories, collect
from tracker.types import BoolArray, CameraTracks, Detections, FloatArray, IntArray

SHOWN = ("HOTA", "MOTA", "IDF1", "Rcll", "Prcn", "IDs")
PENALTY = 1e-3  # on squared standardised weights: keeps those that evidence can't tell apart small


@dataclass(frozen=True)
class Scene:
    """A sequence with its truth and detections. number: of the place; 02 is MOT17-02-FRCNN's."""

    sequence: MotSequence
    truth: GroundTruth
    detections: list[Detections]

    @property
    def number(self) -> str:
        return self.sequence.name.split("-")[1]

    @property
    def source(self) -> str:
        return source_label(self.sequence.name, "public")

    def run(self, tracker: CameraTracker) -> list[CameraTracks]:
        rate = self.sequence.frame_rate
        return [tracker.update(k, k / rate, found) for k, found in enumerate(self.detections)]

    def score(self, rows: MotRows) -> Scores:
        return score(compare_pedestrians(self.truth, rows, self.sequence.name))

    def score_ways(self, ways: Trajectories) -> Scores:
        return self.score(result_rows(ways.frames, ways.ids, ways.boxes, ways.scores))

    @cached_property
    def _people(self) -> tuple[IntArray, FloatArray, IntArray, IntArray]:
        """Frames from 0, boxes and ids of people (0 of what nobody has to find), frame by frame."""
        rows, is_person = self.truth.rows, self.truth.classes == 1
        person = is_person & (rows.scores != 0)
        free = np.isin(self.truth.classes, DISTRACTORS)
        ids = np.where(person, rows.ids, 0)[person | free]
        frames = rows.frames[person | free] - 1
        starts = np.searchsorted(frames, np.arange(self.sequence.length + 1))
        return frames, rows.boxes[person | free], ids, starts

    def whose(self, frames: IntArray, boxes: FloatArray) -> IntArray:
        """(N,) id of the person in each box, each person in one box of a frame; 0 for a box of
        something that nobody has to find, -1 for nobody."""
        _, places, ids, starts = self._people
        found = np.full(len(frames), -1)
        order = np.argsort(frames, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(frames[order])) + 1):
            if len(rows) == 0:
                continue
            near = slice(*starts[frames[rows[0]] : frames[rows[0]] + 2])
            likeness = iou(boxes[rows], places[near])
            likeness[likeness < 0.5] = 0
            free = ids[near] == 0
            found[rows[likeness[:, free].any(axis=1)]] = 0
            mine, theirs = linear_sum_assignment(-likeness[:, ~free])
            paired = likeness[:, ~free][mine, theirs] > 0
            found[rows[mine[paired]]] = ids[near][~free][theirs[paired]]
        return found


@dataclass(frozen=True)
class Examples:
    """Claims that are known to be right or wrong. evidence: (N, K) in the order of `names`."""

    names: tuple[str, ...]
    evidence: FloatArray
    right: BoolArray

    @classmethod
    def of(
        cls,
        names: Iterable[str],
        evidence: Mapping[str, FloatArray],
        right: BoolArray,
        rows: BoolArray,
    ) -> "Examples":
        names = tuple(name for name in names if name != "bias")
        table = np.column_stack([evidence[name][rows] for name in names])
        return cls(names, table, right[rows])


def fit_weights(parts: Sequence[Examples]) -> dict[str, float]:
    """Logistic regression of all parts together, rounded to two decimals."""
    names = parts[0].names
    evidence = np.concatenate([part.evidence for part in parts])
    right = np.concatenate([part.right for part in parts]).astype(float)
    centre, spread = evidence.mean(axis=0), evidence.std(axis=0) + 1e-9
    design = np.column_stack([np.ones(len(right)), (evidence - centre) / spread])
    shrunk = np.concatenate([[0.0], np.full(len(names), PENALTY)])

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        odds = design @ weights
        value = np.mean(np.logaddexp(0, odds) - right * odds) + shrunk @ weights**2
        slope = design.T @ (1 / (1 + np.exp(-odds)) - right) / len(right) + 2 * shrunk * weights
        return float(value), slope

    found = minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B").x
    weights = found[1:] / spread
    fitted = {"bias": found[0] - weights @ centre, **dict(zip(names, weights, strict=True))}
    return {name: round(float(weight), 2) for name, weight in fitted.items()}


def merged(settings, changes: Mapping[str, object]):  # noqa: ANN001, ANN201 - any Settings
    """Settings with nested changes, checked."""
    data = settings.model_dump()
    for path, value in changes.items():
        *groups, last = path.split(".")
        place = data
        for group in groups:
            place = place[int(group)] if group.isdigit() else place[group]
        if isinstance(value, dict) and isinstance(place[last], dict):
            place[last] |= value
        else:
            place[last] = value
    return type(settings).model_validate(data)


class Witness(CameraTracker):
    """A tracker that reports everything, and remembers the evidence that its rule would see."""

    def __init__(self, settings: CameraTrackerSettings) -> None:
        super().__init__("witness", settings)
        self.seen: list[tuple[int, FloatArray, BoolArray, FloatArray]] = []
        self._frame = 0

    def _plausible(self) -> BoolArray:
        tracks, age = self._tracks, self._tracks[MISSED]
        near = (age <= self._settings.max_predicted) & ((tracks[CONFIRMED] > 0) | (age == 0))
        if near.any():
            evidence = gather_evidence(tracks, self._time, self._area)[:, near]
            boxes = state2boxes(tracks.state).T[near]
            self.seen.append((self._frame, boxes, age[near] == 0, evidence))
        self._frame += 1
        return near


def plausibility_examples(scene: Scene, settings: CameraTrackerSettings) -> dict[str, Examples]:
    """For the rule of the online pass: boxes seen, and boxes predicted."""
    witness = Witness(settings)
    scene.run(witness)
    frames = np.concatenate([np.full(len(boxes), frame) for frame, boxes, _, _ in witness.seen])
    boxes = np.concatenate([boxes for _, boxes, _, _ in witness.seen])
    is_seen = np.concatenate([seen for _, _, seen, _ in witness.seen])
    names = list(type(settings.plausibility.seen).model_fields)
    table = np.concatenate([facts for *_, facts in witness.seen], axis=1)
    evidence = dict(zip(names, table, strict=True))
    whose = scene.whose(frames, boxes)
    used = {  # the others were found to tell nothing about scenes left out
        "seen": ("score", "mean_score", "hit_rate", "hidden", "hiding"),
        "predicted": ("unseen", "hit_rate", "surprise", "spread", "hidden", "hiding", "outside"),
    }
    chosen = {"seen": is_seen, "predicted": ~is_seen}
    return {
        kind: Examples.of(used[kind], evidence, whose > 0, rows & (whose != 0))
        for kind, rows in chosen.items()
    }


def joining_examples(scene: Scene, table: Trajectories, settings: OfflineSettings) -> Examples:
    """Pairs of pieces of ways, right where most boxes of both are of the same person."""
    still, path = sightings(table, settings)
    pieces = cut(still, settings.joining.cut_gap)
    origins = table[table.seen].ids[pieces.starts()[:-1]]
    pairs = gather_pairs(pieces, origins, moved_by(still, path), settings.joining)
    whose = scene.whose(pieces.frames, moved_by(pieces, path))
    people = np.array([_majority(part) for part in np.split(whose, pieces.starts()[1:-1])])
    one, other = people[pairs.ends], people[pairs.starts]
    names = type(settings.joining.weights).model_fields
    return Examples.of(names, pairs.evidence, (one == other) & (one > 0), (one > 0) | (other > 0))


def hindsight_examples(
    scene: Scene, table: Trajectories, settings: OfflineSettings
) -> dict[str, Examples]:
    """Boxes of completed ways: seen, filled between sightings, beyond them."""
    ways, facts = completed(table, settings, None)
    evidence = gather(ways, facts)
    whose = scene.whose(ways.frames, ways.boxes)
    kinds = {
        "seen": ways.seen,
        "filled": ~ways.seen & ~facts.beyond,
        "beyond": facts.beyond,
    }
    rule = settings.hindsight
    return {
        kind: Examples.of(
            type(getattr(rule, kind)).model_fields, evidence, whose > 0, rows & (whose != 0)
        )
        for kind, rows in kinds.items()
    }


def _majority(ids: IntArray) -> int:
    names, counts = np.unique(ids[ids > 0], return_counts=True)
    if counts.sum() * 2 < len(ids) or len(names) == 0:
        return -1
    return int(names[counts.argmax()])


def fit_plausibility(
    examples: Mapping[str, dict[str, Examples]],
    scenes: Sequence[Scene],
    settings: CameraTrackerSettings,
) -> CameraTrackerSettings:
    """Settings with the online rule fitted to these scenes."""
    parts = [examples[scene.sequence.name] for scene in scenes]
    changes = {
        f"plausibility.{kind}": fit_weights([part[kind] for part in parts]) for kind in parts[0]
    }
    return merged(settings, changes)


def fit_offline(
    tables: Mapping[str, Trajectories], scenes: Sequence[Scene], settings: OfflineSettings
) -> OfflineSettings:
    """Settings with the rules of the second pass fitted to these scenes, one after the other."""
    pairs = [joining_examples(s, tables[s.sequence.name], settings) for s in scenes]
    settings = merged(settings, {"joining.weights": fit_weights(pairs)})
    boxes = [hindsight_examples(s, tables[s.sequence.name], settings) for s in scenes]
    changes = {f"hindsight.{kind}": fit_weights([b[kind] for b in boxes]) for kind in boxes[0]}
    return merged(settings, changes)


def read_scenes(root: Path, names: Sequence[str]) -> list[Scene]:
    public = DetectionSource("public", "none", None)
    return [
        Scene(s, read_ground_truth(s.folder / "gt" / "gt.txt"), detections_of(s, public)[0])
        for s in find_sequences(root, names)
    ]


def numbers_of(scenes: Sequence[Scene]) -> list[str]:
    return sorted({scene.number for scene in scenes})


def tell(title: str, scores: Mapping[str, Scores], scenes: Sequence[Scene]) -> dict[str, object]:
    """Print combined scores by detection source, and each scene's; return them."""
    sources = sorted({scene.source for scene in scenes})
    told: dict[str, object] = {}
    for source in sources:
        chosen = [s.sequence.name for s in scenes if s.source == source]
        table = combine(scores[name] for name in chosen).table()
        told[source] = {name: table[name] for name in SHOWN}
        figures = "  ".join(f"{name} {table[name]:6.2f}" for name in SHOWN)
        print(f"{title:28s} {source:13s} {figures}", flush=True)
    return told


def fit(
    root: Path,
    sequences: tuple[str, ...] = (),
    online: bool = False,
    preset: str | None = None,
    offline: Path | None = None,
    json: Path | None = None,
) -> None:
    """Fit the logistic rules: that of the online pass, or those of the second pass.

    Args:
        root: Folder of MOTChallenge sequences with truth.
        sequences: Which of them; all if none are given.
        online: Fit the online rule; else those of the second pass.
        preset: Settings of the tracker; the defaults if not given.
        offline: YAML file of the second pass's settings; the defaults if not given.
        json: File for the scores.
    """
    scenes = read_scenes(root, sequences)
    track = (read_settings(TrackSettings, preset) if preset else TrackSettings()).camera_tracker
    second = read_settings(OfflineSettings, offline) if offline else OfflineSettings()
    fitted = _fit_online(scenes, track) if online else _fit_second_pass(scenes, track, second)
    held_out, together, settings = fitted
    numbers = {
        "held out": tell("held out", held_out, scenes),
        "fitted to all": tell("fitted to all", together, scenes),
    }
    print(yaml.safe_dump(settings, sort_keys=False))
    if json:
        json.write_text(jsonlib.dumps(numbers, indent=1) + "\n")


def _fit_online(scenes, settings):  # noqa: ANN001, ANN202
    examples = {s.sequence.name: plausibility_examples(s, settings) for s in scenes}
    held_out = {}
    for number in numbers_of(scenes):
        others = [s for s in scenes if s.number != number]
        chosen = fit_plausibility(examples, others, settings)
        held_out |= {s.sequence.name: online_score(s, chosen) for s in scenes if s.number == number}
    best = fit_plausibility(examples, scenes, settings)
    together = {s.sequence.name: online_score(s, best) for s in scenes}
    return held_out, together, {"plausibility": best.plausibility.model_dump()}


def _fit_second_pass(scenes, track, settings):  # noqa: ANN001, ANN202
    tables = {
        s.sequence.name: collect(s.run(CameraTracker("c", first_pass(track)))) for s in scenes
    }
    held_out = {}
    for number in numbers_of(scenes):
        chosen = fit_offline(tables, [s for s in scenes if s.number != number], settings)
        for scene in (s for s in scenes if s.number == number):
            name = scene.sequence.name
            held_out[name] = scene.score_ways(refine(tables[name], chosen))
    best = fit_offline(tables, scenes, settings)
    together = {
        s.sequence.name: s.score_ways(refine(tables[s.sequence.name], best)) for s in scenes
    }
    return held_out, together, best.model_dump()


def choose(
    root: Path,
    options: Path,
    sequences: tuple[str, ...] = (),
    offline_pass: bool = False,
    json: Path | None = None,
) -> None:
    """Choose settings from a grid. Best is the largest mean of HOTA, MOTA and IDF1 over sources.

    Every scene is scored with rules fitted without it; what is held out for a scene is then its
    score under the settings that are best for all the other scenes.

    Args:
        root: Folder of MOTChallenge sequences with truth.
        options: YAML file {setting: [values]} of the camera tracker, or of the second pass.
        sequences: Which of them; all if none are given.
        offline_pass: The options are the second pass's.
        json: File for the scores of all points of the grid.
    """
    scenes = read_scenes(root, sequences)
    grid = yaml.safe_load(options.read_text())
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    score_at = _offline_scorer(scenes) if offline_pass else _online_scorer(scenes)
    scores, told = [], []
    for point in points:
        scores.append(score_at(point))
        told.append(tell(str(point), scores[-1], scenes))
    held_out = {}
    for number in numbers_of(scenes):
        best = _best(scores, [s for s in scenes if s.number != number])
        print(f"without {number}: {points[best]}")
        held_out |= {
            s.sequence.name: scores[best][s.sequence.name] for s in scenes if s.number == number
        }
    best = _best(scores, scenes)
    print(f"all: {points[best]}")
    tell("held out", held_out, scenes)
    tell("chosen on all", scores[best], scenes)
    if json:
        json.write_text(jsonlib.dumps([points, told], indent=1) + "\n")


def _best(scores, scenes):  # noqa: ANN001, ANN202
    """The point of the grid that is best for these scenes."""
    sources = {s.source for s in scenes}
    tables = [
        [
            combine(at[s.sequence.name] for s in scenes if s.source == source).table()
            for source in sources
        ]
        for at in scores
    ]
    values = [
        sum(table[name] for table in each for name in ("HOTA", "MOTA", "IDF1")) for each in tables
    ]
    return int(np.argmax(values))


def _online_scorer(scenes):  # noqa: ANN001, ANN202
    def score_at(point):  # noqa: ANN001, ANN202
        base = merged(TrackSettings().camera_tracker, point)
        examples = {s.sequence.name: plausibility_examples(s, base) for s in scenes}
        fitted = {
            n: fit_plausibility(examples, [s for s in scenes if s.number != n], base)
            for n in numbers_of(scenes)
        }
        return {s.sequence.name: online_score(s, fitted[s.number]) for s in scenes}

    return score_at


def _offline_scorer(scenes):  # noqa: ANN001, ANN202
    track = first_pass(TrackSettings().camera_tracker)
    tables = {s.sequence.name: collect(s.run(CameraTracker("c", track))) for s in scenes}

    def score_at(point):  # noqa: ANN001, ANN202
        settings = merged(OfflineSettings(), point)
        fitted = {
            n: fit_offline(tables, [s for s in scenes if s.number != n], settings)
            for n in numbers_of(scenes)
        }
        return {
            s.sequence.name: s.score_ways(refine(tables[s.sequence.name], fitted[s.number]))
            for s in scenes
        }

    return score_at


def online_score(scene: Scene, settings: CameraTrackerSettings) -> Scores:
    return scene.score(results(scene.run(CameraTracker("c", settings))))


if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict({"fit": fit, "choose": choose})
