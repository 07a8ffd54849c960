"""`benchmark-mtmc`: one identity per person across cameras, scored."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro
from rich.console import Console
from rich.progress import track

from configs import read_settings
from configs.command import run
from tracker.config import TrackSettings
from tracker.evaluation.mtmc.cmc import read_cmc
from tracker.evaluation.mtmc.lab import paper_table, read_lab
from tracker.evaluation.mtmc.multiviewx import read_multiviewx_scenes
from tracker.evaluation.mtmc.report import as_json, as_text
from tracker.evaluation.mtmc.running import Mode, run_scene
from tracker.evaluation.mtmc.scene import Scene
from tracker.evaluation.mtmc.scene_folder import read_scenes
from tracker.evaluation.mtmc.wildtrack import read_wildtrack_scenes
from tracker.evaluation.table import format_table

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
    reid: str | None = None
    """given: embeddings that come with the detections (default where there are any); none; or an
    embedder's name or .onnx file."""
    preset: str | None = None
    """Name or .yaml file of settings; the defaults if not given."""
    geometry: bool = True
    """Use the calibration; without it, only appearance and time connect the cameras."""
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
    scenes = _read(arguments)
    mode = _mode(arguments, scenes)
    runs = [
        run_scene(scene, settings, mode)
        for scene in track(
            scenes,
            description="tracking",
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
    ]
    print(as_text(runs, _describe(arguments, mode), _published(arguments.dataset)))
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(as_json(runs), indent=1) + "\n")


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


def _mode(arguments: Arguments, scenes: list[Scene]) -> Mode:
    """Own detections unless a detector is named; their embeddings unless another is."""
    own = all(scene.detections for scene in scenes)
    named = arguments.detections is not None and arguments.dataset != "cmc"
    detector = arguments.detections if named and arguments.detections != "truth" else None
    if detector is None and not own:
        detector = TrackSettings().detector
    reid = arguments.reid
    if reid is None:
        embedded = detector is None and all(_brings_embeddings(scene) for scene in scenes)
        pictures = all(set(scene.rig.names) == set(scene.rig.sources) for scene in scenes)
        reid = "given" if embedded else TrackSettings().reid if pictures else "none"
    return Mode(detector, reid, arguments.geometry)


def _brings_embeddings(scene: Scene) -> bool:
    found = [one for frames in scene.detections.values() for one in frames if len(one)]
    return bool(found) and all(one.embeddings is not None for one in found)


def _describe(arguments: Arguments, mode: Mode) -> str:
    own = "fairmot" if arguments.dataset == "cmc" else "given"
    detections = mode.detector or arguments.detections or own
    geometry = "geometry used" if mode.geometry else "geometry not used"
    return (
        f"{arguments.dataset}: detections {detections}, appearance {mode.reid}, {geometry}, "
        f"preset {arguments.preset or 'default'}, online"
    )


def _published(dataset: str) -> str:
    if dataset != "lab":
        return ""
    rows = [
        [model, data, f"{mota:.1f}", f"{idf1:.1f}"] for model, data, mota, idf1 in paper_table()
    ]
    title = "Published for LAB (Lawen et al., arXiv 1910.07038, table 5)"
    return f"{title}\n{format_table(['model', 'trained on', 'MOTA', 'IDF1'], rows)}"


if __name__ == "__main__":
    sys.exit(main())
