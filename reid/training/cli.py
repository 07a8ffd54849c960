"""The commands `reid-train`, `reid-eval` and `reid-export`."""

import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import tyro
from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table

from configs import Settings
from configs.command import run, starting_settings
from configs.errors import InputError
from reid.images import Preprocessing
from reid.packaged import packaged_models
from reid.training.checkpoint import load_checkpoint, load_model
from reid.training.datasets import DatasetName, Source
from reid.training.evaluation_run import EvaluationRun, evaluate_source
from reid.training.export import export_onnx
from reid.training.graph import Storage
from reid.training.ranking import AveragePrecision
from reid.training.roots import parse_source, place_sources
from reid.training.run import Place, train
from reid.training.settings import TrainSettings

__all__ = ["eval_main", "export_main", "train_main"]


class TrainArguments(Settings):
    """Train a ReID network: data, weights and records in one folder, resumable at any time.

    Example: reid-train --config market1501 --data Market-1501-v15.09.15 --output runs/market
    """

    data: tuple[str, ...] = ()
    """The sets' folders: a PATH for each of the settings' sources, or NAME=PATH ..."""
    output: Path = Path("runs/reid")
    """Folder of checkpoints and records."""
    config: str | None = None
    """Settings to start from: a preset's name or a .yaml file; the flags below override it."""
    test_data: str | None = None
    """Another set to score the model on while it trains, as NAME=PATH."""
    epochs: int | None = None
    """Shorten or lengthen the schedule to this many epochs; warm-up and drops keep their share."""
    resume: bool = False
    """Go on from the last checkpoint in --output, if there is one."""
    weights: Path | None = None
    """Begin with the network of this checkpoint (.pt), of a file that reid-export wrote (.onnx), or
    with a packaged one by its name (robust-reid), instead of random weights."""
    cache: Path | None = None
    """Folder of decoded images, which runs may share; without it, inside --output."""
    tensorboard: bool = False
    """Write TensorBoard's files too."""
    device: str = "auto"
    """cpu, cuda or auto. Several GPUs: torchrun --nproc-per-node N -m reid.training.cli ..."""
    threads: int = 0
    """CPU threads; 0 for torch's choice."""
    settings: Annotated[TrainSettings, tyro.conf.arg(name="")] = TrainSettings()


@dataclass
class EvalArguments:
    """Score an embedder on a ReID data set: rank-1/5/10, mAP, mINP, single query, no re-ranking."""

    dataset: DatasetName
    """The data set's protocol and layout."""
    root: Path
    """Its folder."""
    model: str
    """A checkpoint of reid-train (.pt), any ONNX embedder (.onnx), a packaged network's name, or
    histogram."""
    json: Path | None = None
    """Write the figures here."""
    ranked_lists: Path | None = None
    """Write a page of ranked lists here (.png): query, top 10, right ones green, wrong ones red."""
    centre_cameras: bool = False
    """Subtract each camera's mean embedding before ranking; needs no identities."""
    average_precision: AveragePrecision = "rectangles"
    """Rectangles as nearly all papers, or trapezoids as Market-1501's own code."""
    holdout: float = 0.0
    """Share of identities to test with, where the data set has no split of its own; 0 for all."""
    height: int | None = None
    """Rows of the model's input, where neither the model nor its metadata say."""
    width: int | None = None
    """Columns of it."""
    mean: tuple[float, float, float] | None = None
    """Subtracted from each channel after scaling to 0..1; ImageNet's where nothing is said."""
    std: tuple[float, float, float] | None = None
    """Divides each channel."""
    bgr: bool = False
    """The model wants blue first."""
    mirrored: bool = False
    """Average each embedding with that of the mirror image, for twice the time."""
    device: str = "auto"
    """Where a checkpoint runs: cpu, cuda, or auto."""


@dataclass
class ExportArguments:
    """Write a checkpoint's network as an ONNX file that needs no torch and runs quickly on CPUs.

    The file takes any number of images at a time and says in its metadata how they are prepared.
    """

    checkpoint: Path
    """A checkpoint of reid-train (.pt)."""
    output: Path
    """The file to write (.onnx)."""
    storage: Storage = "float32"
    """float16 halves the file; the network computes in float32 all the same."""
    licence: str = "unknown"
    """Of the weights; stored in the file."""
    height: int | None = None
    """Rows of the input; divides by 16. Without it, the size of the run's last stage."""
    width: int | None = None
    """Columns of the input; divides by 16."""
    mirrored: bool = False
    """Whoever runs the file is to average each embedding with that of the mirror image: one or two
    points more on real people, for twice the time."""


def train_main() -> None:
    """Entry point of `reid-train`."""
    _set_up_logging()
    sys.exit(run(lambda: _train(_parse_train(sys.argv[1:]))))


def _parse_train(arguments: list[str]) -> TrainArguments:
    """Flags over the file of `--config` over the defaults."""
    settings = starting_settings(TrainSettings, arguments)
    return tyro.cli(
        TrainArguments,
        prog="reid-train",
        args=arguments,
        default=TrainArguments(settings=settings),
        config=(tyro.conf.AvoidSubcommands,),
    )


def _train(given: TrainArguments) -> None:
    if given.threads:
        torch.set_num_threads(given.threads)
    settings = given.settings
    changes: dict[str, object] = {"sources": place_sources(settings.sources, given.data)}
    if given.test_data is not None:
        changes["test"] = parse_source(given.test_data)
    if given.epochs is not None:
        changes["schedule"] = settings.schedule.shortened(given.epochs)
    cache = given.cache or given.output / "cache"
    weights = packaged_models("reid").get(str(given.weights), given.weights)
    place = Place(
        given.output, cache, _device(given.device), given.resume, given.tensorboard, weights
    )
    scores = train(settings.model_copy(update=changes), place)
    if scores:  # only the first of several processes has them
        figures = ", ".join(f"{name} {scores[name]:.1f}" for name in ("rank1", "rank5", "mAP"))
        print(f"{figures} -> {given.output}")


def eval_main() -> None:
    """Entry point of `reid-eval`."""
    _set_up_logging()
    sys.exit(run(lambda: _evaluate(tyro.cli(EvalArguments, prog="reid-eval"))))


def _evaluate(given: EvalArguments) -> None:
    if not 0 <= given.holdout < 1:
        raise InputError(f"--holdout {given.holdout}: expected a share of the identities, 0..1")
    content = evaluate_source(
        EvaluationRun(
            Source(name=given.dataset, root=given.root, holdout=given.holdout),
            given.model,
            _preprocessing(given),
            given.centre_cameras,
            given.average_precision,
            given.ranked_lists,
            given.json,
        ),
        _device(given.device),
    )
    table = Table("rank-1", "rank-5", "rank-10", "mAP", "mINP", "queries")
    figures = [content[name] for name in ("rank1", "rank5", "rank10", "mAP", "mINP")]
    table.add_row(*(f"{figure:.1f}" for figure in figures), f"{content['queries']:.0f}")
    Console().print(table)


def export_main() -> None:
    """Entry point of `reid-export`."""
    _set_up_logging()
    sys.exit(run(lambda: _export(tyro.cli(ExportArguments, prog="reid-export"))))


def _export(given: ExportArguments) -> None:
    checkpoint = load_checkpoint(given.checkpoint)
    own = checkpoint.preprocessing
    height, width = given.height or own.height, given.width or own.width
    if height % 16 or width % 16:
        raise InputError(f"input size {height}x{width}: both must divide by 16")
    model = checkpoint.settings.model
    metadata = {
        "model": f"{model.network} {model.width}",
        "training_data": checkpoint.description,
        "licence": given.licence,
    }
    changes = {"height": height, "width": width, "mirrored": given.mirrored}
    preprocessing = own.model_copy(update=changes)
    network = load_model(checkpoint)
    export_onnx(network, given.output, metadata, preprocessing=preprocessing, storage=given.storage)
    megabytes = given.output.stat().st_size / 1e6
    print(f"{metadata['model']}, {height}x{width}, {megabytes:.1f} MB -> {given.output}")


def _preprocessing(given: EvalArguments) -> Preprocessing | None:
    """What the flags say of the model's input; None where they say nothing."""
    flags = {
        name: value
        for name in ("height", "width", "mean", "std")
        if (value := getattr(given, name)) is not None
    }
    if given.bgr:
        flags["rgb"] = False
    if given.mirrored:
        flags["mirrored"] = True
    if not flags:
        return None
    if not {"height", "width"} <= set(flags):
        raise InputError("give --height and --width beside the other preprocessing flags")
    try:
        return Preprocessing.model_validate(flags)
    except ValueError as error:
        raise InputError(f"preprocessing: {' '.join(str(error).split())[:200]}") from None


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except Exception:  # torch raises RuntimeError or AssertionError, by kind of device
        raise InputError(f"--device {name}: not available here; try cpu") from None
    return device


def _set_up_logging() -> None:
    handler = RichHandler(console=Console(stderr=True), show_time=False, show_path=False)
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])


if __name__ == "__main__":
    train_main()
