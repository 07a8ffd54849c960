"""Training the detector: steps, checkpoints, resume."""

import csv
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from rich.progress import Progress
from torch import Tensor, nn

from configs.errors import InputError
from configs.settings import Settings
from reid.models.pedestrian import PedestrianDetector
from reid.training.console import console
from reid.training.detection.assignment import People
from reid.training.detection.augment import Sample, draw_sample, spoil
from reid.training.detection.distillation import Translation, lesson_loss
from reid.training.detection.loss import detection_loss
from reid.training.detection.pictures import Picture
from reid.training.detection.teacher import Teacher

__all__ = ["DetectorTraining", "learning_rate", "load_detector", "train_detector"]

_WARMUP_START = 0.05  # of the learning rate


class DetectorTraining(Settings):
    """How the detector is trained."""

    steps: int = Field(6000, ge=1)
    """Batches in all; the learning rate falls to nearly zero over them."""
    batch: int = Field(12, ge=2)
    """Pictures a step."""
    height: int = Field(224, ge=64, multiple_of=32)
    """Rows of a training canvas, pixels. Smaller than the input at run time costs less; people
    keep their size, since pictures are cut rather than shrunk."""
    width: int = Field(224, ge=64, multiple_of=32)
    """Columns of a training canvas, pixels."""
    learning_rate: float = Field(2e-3, gt=0)
    """Of AdamW, after the warm-up."""
    warmup: int = Field(200, ge=1)
    """Steps over which the learning rate rises."""
    weight_decay: float = Field(0.05, ge=0)
    """Of AdamW."""
    average: float = Field(0.998, ge=0, lt=1)
    """Share of the running average of the weights that a step keeps; the average is exported."""
    teaching: float = Field(0.5, ge=0)
    """Weight of the teacher's scores and boxes beside the annotations."""
    describing: float = Field(2.0, ge=0)
    """Weight of the teacher's features."""
    save_every: int = Field(200, ge=1)
    """Steps between checkpoints."""
    seed: int = 0
    """Of weights, pictures and augmentation."""


def learning_rate(step: int, settings: DetectorTraining) -> float:
    """A linear warm-up, then half a cosine down to a hundredth."""
    if step < settings.warmup:
        share = _WARMUP_START + (1 - _WARMUP_START) * step / settings.warmup
    else:
        done = (step - settings.warmup) / max(settings.steps - settings.warmup, 1)
        share = 0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * done))
    return float(settings.learning_rate * share)


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
    annotations. `start` is a checkpoint whose averaged weights come first, but for a resumed run.

    Writes `output/last.pt` every `save_every` steps and at the end, whole or not at all, and a
    line per step into `output/losses.csv`. On one machine, stopping and resuming gives the
    same weights as not stopping.

    Raises InputError: no pictures, or nothing to resume. Raises FloatingPointError: a loss that
    is not finite, with its parts.
    """
    if not pictures:
        raise InputError("no pictures to train on")
    torch.manual_seed(settings.seed)
    model = PedestrianDetector().to(memory_format=torch.channels_last)
    average = PedestrianDetector()
    if start is not None and not resume:
        _load(start, {"average": average})
        model.load_state_dict(average.state_dict())
    average.load_state_dict(model.state_dict())
    translation = Translation(teacher.widths if teacher else ())
    learners = nn.ModuleList([model, translation] if teacher else [model])
    optimiser = torch.optim.AdamW(
        _parameter_groups(learners, settings.weight_decay), lr=settings.learning_rate
    )
    state: dict[str, Any] = {"model": model, "average": average, "optimiser": optimiser}
    state |= {"translation": translation} if teacher else {}
    output.mkdir(parents=True, exist_ok=True)
    first = _load(output / "last.pt", state) if resume else 0
    centres, strides = model.centres(settings.height, settings.width)
    model.train()
    with _loss_file(output / "losses.csv", first) as file, Progress(console=console()) as progress:
        writer = csv.writer(file)
        task = progress.add_task("training the detector", total=settings.steps, completed=first)
        for step, batch in _batches(pictures, settings, first):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, settings)
            maps = model.stage_maps(batch.images)
            branches = model.branches(maps)
            predictions = model.predict(branches)
            loss = detection_loss(predictions, centres, strides, batch.people)
            total, seen, features = loss.total, torch.zeros(()), torch.zeros(())
            if teacher:
                lesson = teacher(batch.clean)
                seen, features = lesson_loss(predictions, translation(maps, branches), lesson)
                total = total + settings.teaching * seen + settings.describing * features
            if not torch.isfinite(total):
                raise FloatingPointError(f"step {step}: score {loss.score}, box {loss.box}")
            optimiser.zero_grad()
            total.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 10.0)
            optimiser.step()
            _follow(average, model, min(settings.average, (1 + step) / (10 + step)))
            parts = (loss.score, loss.box, seen, features)
            writer.writerow([step, *(f"{part.item():.5f}" for part in parts)])
            file.flush()
            if (step + 1) % settings.save_every == 0 or step + 1 == settings.steps:
                _save(output / "last.pt", step + 1, state)
            progress.advance(task)
    return average.eval()


def load_detector(path: Path) -> PedestrianDetector:
    """The averaged network of a checkpoint. Raises InputError: none there, or another's."""
    average = PedestrianDetector()
    _load(path, {"average": average})
    return average.eval()


class _Batch(NamedTuple):
    """Spoilt images (N, 3, H, W), the same before (N, H, W, 3), and their people."""

    images: Tensor
    clean: NDArray[np.uint8]
    people: People


def _batches(
    pictures: Sequence[Picture], settings: DetectorTraining, first: int
) -> Iterator[tuple[int, _Batch]]:
    """Steps and their batches, the next one made while this one is learnt."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(_batch, pictures, settings, first)
        for step in range(first, settings.steps):
            batch = coming.result()
            if step + 1 < settings.steps:
                coming = pool.submit(_batch, pictures, settings, step + 1)
            yield step, batch


def _batch(pictures: Sequence[Picture], settings: DetectorTraining, step: int) -> _Batch:
    size = settings.height, settings.width
    samples, spoilt = [], []
    for row in range(settings.batch):
        rng = np.random.default_rng([settings.seed, step, row])
        samples.append(draw_sample(pictures, size, rng))
        spoilt.append(spoil(samples[-1].image, rng))
    images = torch.from_numpy(np.stack(spoilt)).permute(0, 3, 1, 2).float()
    return _Batch(images, np.stack([sample.image for sample in samples]), _people(samples))


def _people(samples: Sequence[Sample]) -> People:
    """Fill up to the most people that a sample has, at least one."""
    most = max(1, *(len(sample.boxes) for sample in samples))
    boxes = torch.zeros(len(samples), most, 4)
    is_real = torch.zeros(len(samples), most, dtype=torch.bool)
    ignored = torch.zeros(len(samples), most, dtype=torch.bool)
    for row, sample in enumerate(samples):
        n = len(sample.boxes)
        boxes[row, :n] = torch.from_numpy(sample.boxes).float()
        is_real[row, :n] = True
        ignored[row, :n] = torch.from_numpy(sample.ignored)
    return People(boxes, is_real, ignored)


def _parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Filters decay; biases and batch norm's scales don't."""
    parameters = list(model.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _follow(average: nn.Module, model: nn.Module, kept: float) -> None:
    with torch.no_grad():
        for mean, value in zip(
            average.state_dict().values(), model.state_dict().values(), strict=True
        ):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - kept)
            else:
                mean.copy_(value)


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
