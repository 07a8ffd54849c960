"""`benchmark-mot16`: track MOTChallenge sequences and score the result."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console
from rich.progress import track

from configs import read_settings, write_settings
from configs.command import run
from tracker.config import TrackSettings
from tracker.evaluation.mot16.report import Setting, as_json, as_text
from tracker.evaluation.mot16.running import Job, run_jobs
from tracker.evaluation.mot16.sources import DetectionSource, choose_sequences, source_label
from tracker.motchallenge import MotSequence, find_sequences
from tracker.offline import OfflineSettings

__all__ = ["Arguments", "benchmark", "main"]


@dataclass(frozen=True)
class Arguments:
    """Track MOTChallenge sequences (MOT15, MOT16, MOT17, MOT20) and score the result."""

    root: Path
    """Folder of sequences SEQ/{seqinfo.ini, det, gt, img1}, or one with these in its `train`."""
    sequences: tuple[str, ...] = ()
    """Names (MOT17-02-FRCNN, MOT17-02 or 02); all of the folder if none are given."""
    detections: str = "public"
    """public: each sequence's det/det.txt; DPM, FRCNN or SDP: the same, of MOT17's sequences with
    that detector. Else a detector's name, an .onnx file, or a folder of SEQ.txt files."""
    preset: str | None = None
    """Name or .yaml file of settings; the defaults if not given."""
    reid: str = "none"
    """Embedder by name or .onnx file, or none. It is used where a sequence has all its pictures and
    the preset has a stage by appearance, as motdt."""
    offline_pass: bool = False
    """Join, fill and smooth the tracks after the last frame; the scores are then not online."""
    output: Path | None = None
    """Folder for result files, which the official server takes, and the settings used."""
    json: Path | None = None
    """File for the scores, ratios in percent."""
    cache: Path | None = None
    """Folder where detections and embeddings made by networks are kept for the next run."""
    workers: int = os.cpu_count() or 1
    """Sequences tracked at the same time, each in its own process."""


def main() -> int:
    """Entry point of the command."""
    arguments = tyro.cli(Arguments, prog="benchmark-mot16")
    return run(lambda: benchmark(arguments))


def benchmark(arguments: Arguments) -> None:
    """Run and print. Raises InputError for what the user got wrong."""
    sequences = find_sequences(arguments.root, arguments.sequences)
    sequences, detections = choose_sequences(sequences, arguments.detections)
    settings = TrackSettings()
    if arguments.preset is not None:
        settings = read_settings(TrackSettings, arguments.preset)
    compares_looks = any(stage.by == "appearance" for stage in settings.camera_tracker.stages)
    reid = arguments.reid if compares_looks else "none"
    source = DetectionSource(detections, reid, arguments.cache)
    offline = OfflineSettings() if arguments.offline_pass else None
    jobs = [Job(s, source, settings.camera_tracker, arguments.output, offline) for s in sequences]
    ended = track(
        run_jobs(jobs, arguments.workers),
        description="tracking",
        total=len(jobs),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    runs = sorted(ended, key=lambda one: one.name)
    setting = Setting(
        arguments.preset or "default",
        reid if reid == arguments.reid else f"none (this preset doesn't use {arguments.reid})",
        arguments.offline_pass,
        {s.name: source_label(s.name, detections) for s in sequences},
        {s.name: _split(s) for s in sequences},
    )
    print(as_text(runs, setting))
    if arguments.output is not None:
        arguments.output.mkdir(parents=True, exist_ok=True)
        write_settings(settings, arguments.output / "settings.yaml")
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(as_json(runs, setting), indent=1) + "\n")


def _split(sequence: MotSequence) -> str:
    """The folder's name tells; else whether there is ground truth."""
    parent = sequence.folder.resolve().parent.name
    if parent in ("train", "test"):
        return parent
    return "with truth" if (sequence.folder / "gt" / "gt.txt").is_file() else "no truth"


if __name__ == "__main__":
    sys.exit(main())
