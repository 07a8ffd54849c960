"""Training the detector: steps, checkpoints, resume."""

import csv
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import torch
from rich.progress import Progress

from configs.errors import InputError
from reid.models.pedestrian import PedestrianDetector
from reid.training.console import console
from reid.training.detection.batches import batches
from reid.training.detection.learner import Learner
from reid.training.detection.pictures import Picture
from reid.training.detection.settings import DetectorTraining
from reid.training.detection.teacher import Teacher
from reid.training.detection.unfold import unfold_detector
from reid.training.unfold import spread_batch_norm

__all__ = ["load_detector", "train_detector"]

_SETTLING = 16  # batches that give an exported file's batch norm its statistics


def train_detector(
    pictures: Sequence[Picture],
    settings: DetectorTraining,
    output: Path,
    *,
    teacher: Teacher | None = None,
    start: Path | None = None,
    resume: bool = False,
) -> PedestrianDetector:
    """Train on pictures, or go on from `output/last.pt`; returns the averaged network.

    A teacher looks at every canvas before it is spoilt, and is learnt from beside the
    annotations. `start` is a checkpoint whose averaged weights come first, or an exported file
    (.onnx); but for a resumed run.

    Writes `output/last.pt` every `save_every` steps and at the end, whole or not at all, and a
    line per step into `output/losses.csv`. On one machine, stopping and resuming gives the
    same weights as not stopping.

    Raises InputError: no pictures, or nothing to resume. Raises FloatingPointError: a loss that
    is not finite, with its parts.
    """
    if not pictures:
        raise InputError("no pictures to train on")
    torch.manual_seed(settings.seed)
    learner = Learner(settings, teacher)
    if start is not None and not resume:
        learner.start_with(_beginning(start, pictures, settings))
    output.mkdir(parents=True, exist_ok=True)
    first = _load(output / "last.pt", learner.state) if resume else 0
    with _loss_file(output / "losses.csv", first) as file, Progress(console=console()) as progress:
        writer = csv.writer(file)
        task = progress.add_task("training the detector", total=settings.steps, completed=first)
        for step, batch in batches(pictures, settings, first):
            losses = learner.learn(batch, step)
            writer.writerow([step, *(f"{loss:.5f}" for loss in losses)])
            file.flush()
            if (step + 1) % settings.save_every == 0 or step + 1 == settings.steps:
                _save(output / "last.pt", step + 1, learner.state)
            progress.advance(task)
    return learner.average.eval()


def load_detector(path: Path) -> PedestrianDetector:
    """The averaged network of a checkpoint. Raises InputError: none there, or another's."""
    average = PedestrianDetector()
    _load(path, {"average": average})
    return average.eval()


def _beginning(
    path: Path, pictures: Sequence[Picture], settings: DetectorTraining
) -> PedestrianDetector:
    if path.suffix != ".onnx":
        return load_detector(path)
    detector = unfold_detector(path)
    first = islice(batches(pictures, settings, 0), _SETTLING)
    spread_batch_norm(detector, (batch.images for _, batch in first))
    return detector


def _save(path: Path, step: int, state: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    torch.save({"step": step} | {name: part_.state_dict() for name, part_ in state.items()}, part)
    part.replace(path)


def _load(path: Path, state: dict[str, Any]) -> int:
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        for name, part in state.items():
            part.load_state_dict(content[name])
        return int(content["step"])
    except Exception as error:  # torch raises many kinds
        reason = str(error).strip().splitlines()[0][:160]
        raise InputError(f"{path}: not a checkpoint of this detector ({reason})") from None


def _loss_file(path: Path, first: int) -> TextIO:
    """The file of losses: new, or cut to the steps before `first`."""
    header = "step,score,box,seen,features\n"
    old = path.read_text().splitlines(keepends=True)[1 : first + 1] if path.is_file() else []
    path.write_text(header + "".join(old[:first]))
    return path.open("a", newline="")
