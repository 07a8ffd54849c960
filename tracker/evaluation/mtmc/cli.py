"""`benchmark-mtmc`: one identity per person across cameras, scored."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro
from rich.console import Console
from rich.progress import track

from configs import read_settings
from configs.command import run
from configs.errors import InputError
from tracker.config import TrackSettings
from tracker.evaluation.mtmc.cmc import read_cmc
from tracker.evaluation.mtmc.detecting import with_detections
from tracker.evaluation.mtmc.lab import lab_table, read_lab
from tracker.evaluation.mtmc.multiviewx import read_multiviewx_scenes
from tracker.evaluation.mtmc.report import as_json, as_text
from tracker.evaluation.mtmc.running import Mode, SceneRun, run_scene
from tracker.evaluation.mtmc.scene import Scene
from tracker.evaluation.mtmc.scene_folder import read_scenes
from tracker.evaluation.mtmc.wildtrack import read_wildtrack_scenes

__all__ = ["Arguments", "benchmark", "main"]


@dataclass(frozen=True)
class Arguments:
    """Follow people across the cameras of a data set; score it on the ground and in the views."""

    dataset: Literal["lab", "cmc", "wildtrack", "multiviewx", "scene"]
    """Whose layout the folder has; scene: one's own (cameras.yaml, truth.csv)."""
    root: Path
    """Folder of the data set."""
    sequences: tuple[str, ...] = ()
    """Names; all if none are given (of WILDTRACK and MultiviewX: test)."""
    detections: str | None = None
    """Detector by name or .onnx file. Else those that come with the data: for cmc fairmot (default)
    or faster_rcnn, for wildtrack and multiviewx truth (the annotated boxes)."""
    reid: tuple[str, ...] = ()
    """given: embeddings that come with the detections (default where there are any); none; or an
    embedder's name or .onnx file. Several are run in turn; NAME=FILE names one, for lab as
    MODEL/DATA=FILE."""
    cache: Path | None = None
    """Folder that keeps what a named detector finds, for later runs."""
    preset: str | None = None
    """Name or .yaml file of settings; the defaults if not given."""
    geometry: bool = True
    """Use the calibration; without it, only appearance and time connect the cameras."""
    offline_pass: bool = False
    """Think over who was who after each scene, as track-mtmc does with the same flag."""
    json: Path | None = None
    """File for the scores, ratios in percent."""


def main() -> int:
    """Entry point of the command."""
    arguments = tyro.cli(Arguments, prog="benchmark-mtmc")
    return run(lambda: benchmark(arguments))


def benchmark(arguments: Arguments) -> None:
    """Run and print. Raises InputError for what the user got wrong."""
    settings = TrackSettings()
    if arguments.preset is not None:
        settings = read_settings(TrackSettings, arguments.preset)
    if arguments.offline_pass:
        settings = settings.model_copy(update={"offline_pass": True})
    scenes = _read(arguments)
    detector = _detector(arguments, scenes)
    if detector is not None:
        scenes = [
            with_detections(scene, detector, settings, arguments.cache)
            for scene in _progress(scenes, "detecting")
        ]
    rows = _embedders(arguments, scenes, detector)
    results: dict[str, list[SceneRun]] = {}
    for name, reid in rows.items():
        mode = Mode(detector is not None, reid, arguments.geometry)
        runs = [run_scene(scene, settings, mode) for scene in _progress(scenes, f"tracking {name}")]
        results[name] = runs
        passes = "online and offline pass" if settings.offline_pass else "online"
        print(as_text(runs, _describe(arguments, detector, name, passes)), end="\n\n")
    if arguments.dataset == "lab":
        print(lab_table(results))
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        tables = {name: as_json(runs) for name, runs in results.items()}
        content = tables if len(tables) > 1 else next(iter(tables.values()))
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


def _progress(scenes: list[Scene], doing: str) -> Iterable[Scene]:
    console = Console(stderr=True)
    return track(scenes, doing, console=console, transient=True, disable=not sys.stderr.isatty())


def _read(arguments: Arguments) -> list[Scene]:
    root, sequences = arguments.root, arguments.sequences
    match arguments.dataset:
        case "cmc":
            return read_cmc(root, sequences, arguments.detections)
        case "wildtrack":
            return read_wildtrack_scenes(root, sequences, arguments.detections)
        case "multiviewx":
            return read_multiviewx_scenes(root, sequences, arguments.detections)
        case "lab":
            return read_lab(root)
        case "scene":
            return read_scenes(root, sequences)


def _detector(arguments: Arguments, scenes: list[Scene]) -> str | None:
    """Who looks at the pictures; None for the detections that come with the data."""
    if arguments.dataset != "cmc" and arguments.detections not in (None, "truth"):
        return arguments.detections
    return None if all(scene.detections for scene in scenes) else TrackSettings().detector


def _embedders(arguments: Arguments, scenes: list[Scene], detector: str | None) -> dict[str, str]:
    """What `Mode.reid` is in each run, by the run's name."""
    if not arguments.reid:
        embedded = detector is None and all(_brings_embeddings(scene) for scene in scenes)
        pictures = all(set(scene.rig.names) == set(scene.rig.sources) for scene in scenes)
        reid = "given" if embedded else TrackSettings().reid if pictures else "none"
        return {reid: reid}
    rows: dict[str, str] = {}
    for text in arguments.reid:
        name, named, source = text.partition("=")
        if not named or Path(text).is_file():
            name, source = Path(text).stem if Path(text).is_file() else text, text
        if name in rows:
            raise InputError(f"--reid names {name!r} twice; give NAME=FILE")
        rows[name] = source
    return rows


def _brings_embeddings(scene: Scene) -> bool:
    found = [one for frames in scene.detections.values() for one in frames if len(one)]
    return bool(found) and all(one.embeddings is not None for one in found)


def _describe(arguments: Arguments, detector: str | None, reid: str, passes: str) -> str:
    own = "fairmot" if arguments.dataset == "cmc" else "given"
    detections = detector or arguments.detections or own
    geometry = "geometry used" if arguments.geometry else "geometry not used"
    return (
        f"{arguments.dataset}: detections {detections}, appearance {reid}, {geometry}, "
        f"preset {arguments.preset or 'default'}, {passes}"
    )


if __name__ == "__main__":
    sys.exit(main())
