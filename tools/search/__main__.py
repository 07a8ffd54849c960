"""Fit and choose the tracker's settings on labelled sequences; say what they are worth on others.

python tools/search fit --root DIR [--sequences 02 05 ...] [--online] [--json FILE]
python tools/search choose --root DIR --options FILE.yaml [--offline-pass] [--json FILE]

Both leave one scene out at a time, with all its detection sources: what is printed as held out for
a scene comes from settings that have never seen it. Beside it stand the scores of the settings
that come from all scenes together, which are not held out.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import tyro
import yaml
from grid import Point, best_point, changed, read_grid
from report import tell, write_json
from rules import (
    OnlineRules,
    Rules,
    SecondPassRules,
    first_pass_tables,
    scores_held_out,
    scores_with,
)
from scenes import Scene, folds, read_scenes

from configs.command import run
from configs.settings import Settings, read_settings
from tracker.config import TrackSettings
from tracker.evaluation.scores import Scores
from tracker.offline import OfflineSettings

S = TypeVar("S", bound=Settings)


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
    if online:
        numbers, settings = _fit(OnlineRules(scenes, track), scenes)
        _print_settings({"plausibility": settings.model_dump()["plausibility"]})
    else:
        second = read_settings(OfflineSettings, offline) if offline else OfflineSettings()
        rules = SecondPassRules(first_pass_tables(scenes, track), second)
        numbers, refined = _fit(rules, scenes)
        _print_settings(refined.model_dump())
    if json:
        write_json(json, numbers)


def _fit(rules: Rules[S], scenes: Sequence[Scene]) -> tuple[dict[str, object], S]:
    """Fit without each place, then to all; what was told, and the settings fitted to all."""
    held_out = scores_held_out(rules, scenes)
    settings = rules.fit(scenes)
    together = scores_with(rules, settings, scenes)
    numbers: dict[str, object] = {
        title: tell(title, scores, scenes)
        for title, scores in (("held out", held_out), ("fitted to all", together))
    }
    return numbers, settings


def _print_settings(values: dict[str, object]) -> None:
    print(yaml.safe_dump(values, sort_keys=False))


def choose(
    root: Path,
    options: Path,
    sequences: tuple[str, ...] = (),
    offline_pass: bool = False,
    json: Path | None = None,
) -> None:
    """Choose settings from a grid. Best is the largest mean of HOTA, MOTA and IDF1 over sources.

    Every scene is scored with rules fitted without it; what is held out for a scene is then its
    score under the settings that are best for all the other scenes. (The rules behind the others'
    scores were fitted with it: only the choice among the grid's points depends on that.)

    Args:
        root: Folder of MOTChallenge sequences with truth.
        options: YAML file {setting: [values]} of the camera tracker, or of the second pass.
        sequences: Which of them; all if none are given.
        offline_pass: The options are the second pass's.
        json: File for the scores of all points of the grid.
    """
    scenes = read_scenes(root, sequences)
    points = read_grid(options)
    scores, told = [], []
    for point, at_point in zip(points, _scores(scenes, points, offline_pass), strict=True):
        scores.append(at_point)
        told.append(tell(str(point), at_point, scenes))
    held_out: dict[str, Scores] = {}
    for fold in folds(scenes):
        best = best_point(scores, fold.others)
        print(f"without {fold.place}: {points[best]}")
        held_out |= {scene.name: scores[best][scene.name] for scene in fold.held_out}
    best = best_point(scores, scenes)
    print(f"all: {points[best]}")
    tell("held out", held_out, scenes)
    tell("chosen on all", scores[best], scenes)
    if json:
        write_json(json, [points, told])


def _scores(
    scenes: Sequence[Scene], points: Sequence[Point], offline_pass: bool
) -> Iterator[dict[str, Scores]]:
    """For each point every scene's scores, by name, with rules fitted without its place."""
    track = TrackSettings().camera_tracker
    tables = first_pass_tables(scenes, track) if offline_pass else {}
    for point in points:
        if offline_pass:
            second = SecondPassRules(tables, changed(OfflineSettings(), point))
            yield scores_held_out(second, scenes)
        else:
            yield scores_held_out(OnlineRules(scenes, changed(track, point)), scenes)


def main() -> None:
    """Read the command line and run what it asks for."""
    commands: dict[str, Callable[..., None]] = {"fit": fit, "choose": choose}
    tyro.extras.subcommand_cli_from_dict(commands, prog="search", description=__doc__)


if __name__ == "__main__":
    raise SystemExit(run(main))
