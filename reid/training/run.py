"""A whole run: `train` wires data, state, records and checkpoints around the engine."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from configs import write_settings
from configs.errors import InputError
from reid.training.averaging import Averaging
from reid.training.checkpoint import load_checkpoint, save_checkpoint
from reid.training.console import run_progress
from reid.training.curves import draw_curves
from reid.training.engine import evaluate, train_one_epoch
from reid.training.preparation import describe, prepare_test, prepare_training
from reid.training.processes import Processes, joined_processes
from reid.training.records import Records
from reid.training.schedule import Stage, learning_rate, stage_at, swag_learning_rate
from reid.training.settings import TrainSettings
from reid.training.state import adopt_weights, restore_state, start_state, to_checkpoint
from reid.training.unfold import spread_batch_norm, unfold

__all__ = ["Place", "train"]

_BAR = 10_000  # units of the progress bar
_SETTLING = 20  # batches that an exported network's batch norm is measured with
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where a run happens, and what it begins with.

    output: folder of checkpoints and records. cache: folder of decoded images. resume: go on
    from the last checkpoint in `output`, if there is one. weights: checkpoint or exported file of
    another run whose network this one begins with.
    """

    output: Path
    cache: Path
    device: torch.device
    resume: bool = False
    tensorboard: bool = False
    weights: Path | None = None


def train(settings: TrainSettings, place: Place) -> dict[str, float]:
    """Run the whole schedule, averaging stage included; returns the last scores, which only the
    first of several processes has.

    Leaves in `place.output`: `settings.yaml`, `latest.pt` (each epoch, and by minutes),
    `best.pt` (best rank-1), `averaged.pt` (the averaging stage), `curves.csv`, `curves.png`.

    Raises InputError for data or settings that can't be used, an output folder that holds a run
    already, or a checkpoint of another network; FloatingPointError for a non-finite loss.
    """
    with joined_processes(place.device) as processes:
        run = _Run(settings, place, processes)
        with run_progress() as progress:
            task = progress.add_task("training", total=_BAR, completed=run.done(), loss="")

            def show() -> None:
                loss = run.state.tally.get("loss", 0) / max(run.state.tally.get("steps", 0), 1)
                progress.update(task, completed=run.done(), loss=f"{loss:.3f}")

            while run.share() < 1:
                run.one_epoch(show)
        run.finish()
        return run.state.scores


class _Run:
    """The wiring of one run: state, data, records, and when what is due."""

    def __init__(self, settings: TrainSettings, place: Place, processes: Processes) -> None:
        self.settings, self.place, self.processes = settings, place, processes
        latest = place.output / "latest.pt"
        if latest.exists() and not place.resume:
            raise InputError(f"{place.output} holds a run already: --resume it or choose another")
        place.output.mkdir(parents=True, exist_ok=True)
        self.loader = prepare_training(settings, place.cache, processes)
        self.test = prepare_test(settings, place.cache) if processes.is_first else None
        self.state = start_state(settings, self.loader.samples.n_identities, processes.device)
        if latest.exists():
            restore_state(self.state, load_checkpoint(latest), settings)
            _log.info("resuming at epoch %d, step %d", self.state.epoch + 1, self.state.step)
        elif place.weights is not None:
            self._start_with(place.weights)
        self.network: nn.Module = self.state.trainee
        if processes.world > 1:
            self.network = DistributedDataParallel(self.state.trainee)
        self.averaging = Averaging(settings, self.loader, processes.device)
        self.steps = len(self.loader.plan(self.state.epoch))
        self._saved = perf_counter()
        if processes.is_first:
            write_settings(settings, place.output / "settings.yaml")
            self.records = Records(
                place.output, finished_epochs=self.state.epoch, tensorboard=place.tensorboard
            )

    def _start_with(self, path: Path) -> None:
        _log.info("starting from %s", path)
        if path.suffix != ".onnx":
            adopt_weights(self.state, load_checkpoint(path).model)
            return
        adopt_weights(self.state, unfold(path, self.settings.model).state_dict())
        batches = islice(self.loader.batches(0, self.settings.stages[0], 0), _SETTLING)
        device = self.processes.device
        spread_batch_norm(self.state.trainee.model, (batch.images.to(device) for batch in batches))

    def share(self) -> float:
        """How much of the run is done, 0..1."""
        if self.settings.minutes is not None:
            return min(self.state.elapsed / (60 * self.settings.minutes), 1)
        done = self.state.epoch + self.state.step / self.steps
        return min(done / self.settings.total_epochs, 1)

    def done(self) -> int:
        """The share, in units of the progress bar."""
        return round(_BAR * self.share())

    def rate(self) -> float:
        """The learning rate of the coming step."""
        schedule, swag, epoch = self.settings.schedule, self.settings.swag, self.state.epoch
        if self.settings.minutes is not None:
            return learning_rate(schedule, self.share() * schedule.epochs)
        if epoch < schedule.epochs:
            return learning_rate(schedule, epoch + self.state.step / self.steps)
        return swag_learning_rate(
            epoch - schedule.epochs,
            peak=swag.peak,
            cycle_epochs=swag.cycle_epochs,
            decay=swag.decay,
        )

    def one_epoch(self, show: Callable[[], None]) -> None:
        """Train, then do what is due: collect weights, evaluate, write."""
        state, settings = self.state, self.settings
        stage = self._stage()
        if state.epoch == settings.schedule.epochs and state.step == 0 and settings.swag.cycles:
            state.optimiser.state.clear()  # the averaging stage starts with a fresh momentum
        self.steps = len(self.loader.plan(state.epoch))

        def after_step() -> bool:
            show()
            if settings.minutes is not None:
                state.elapsed = self.processes.agreed(state.elapsed)
            over = settings.minutes is not None and self.share() >= 1
            if not over and state.step < self.steps:
                self._save_if_due()
            return over

        batches = self.loader.batches(state.epoch, stage, state.step)
        row = {"learning_rate": self.rate(), "height": stage.height, "width": stage.width}
        train_one_epoch(self.network, state, batches, settings, self.rate, after_step)
        row |= _means(state.tally, self.processes.world)
        state.epoch, state.step, state.tally = state.epoch + 1, 0, {}
        self.averaging.after_epoch(state)
        if self.processes.is_first:
            row |= {"epoch": state.epoch} | self._scores_if_due()
            self.records.add(row)
            if "rank1" in row:
                draw_curves(self.records.rows, self.place.output / "curves.png")
            self._save("latest.pt")
            _log.info("%s", _line(row))
        self.processes.wait()

    def finish(self) -> None:
        """Write the averaged model and its scores."""
        if self.test is not None and self.state.moments.count:
            checkpoint = to_checkpoint(self.state, self.settings, self._description())
            scores = self.averaging.finish(self.state, checkpoint, self.test, self.place.output)
            _log.info("%s", _line({"epoch": self.state.epoch} | scores))
        self.processes.wait()

    def _scores_if_due(self) -> dict[str, float]:
        every, state = self.settings.evaluate_every, self.state
        due = every and state.epoch % every == 0
        due = due or state.epoch == self.settings.schedule.epochs
        due = due or self.share() >= 1 or self.averaging.ends_cycle(state.epoch)
        if self.test is None or not due:
            return {}
        state.scores = evaluate(state.trainee.model, self.test, self.processes.device)
        if state.scores["rank1"] > state.best:
            state.best = state.scores["rank1"]
            self._save("best.pt")
        shown = {name: value for name, value in state.scores.items() if name != "queries"}
        if self.averaging.ends_cycle(state.epoch):
            averaged = self.averaging.scores(state, self.test)
            shown |= {"swag_rank1": averaged["rank1"], "swag_mAP": averaged["mAP"]}
        return shown

    def _stage(self) -> Stage:
        """The input size of the coming epoch; the averaging stage has the last."""
        if self.settings.minutes is not None:
            return stage_at(self.settings.stages, self.share())
        return stage_at(self.settings.stages, self.state.epoch / self.settings.schedule.epochs)

    def _description(self) -> str:
        return describe(self.settings, self.loader)

    def _save_if_due(self) -> None:
        if perf_counter() - self._saved > 60 * self.settings.checkpoint_minutes:
            self._save("latest.pt")

    def _save(self, name: str) -> None:
        if self.processes.is_first:
            checkpoint = to_checkpoint(self.state, self.settings, self._description())
            save_checkpoint(checkpoint, self.place.output / name)
        self._saved = perf_counter()


def _means(tally: dict[str, float], world: int) -> dict[str, float]:
    """An epoch's row from the sums over its steps; sums of what is counted."""
    sums = {"images": world, "steps": 1, "seconds": 1, "data_seconds": 1}
    steps = max(tally.get("steps", 0), 1)
    return {
        name: value * sums[name] if name in sums else value / steps for name, value in tally.items()
    }


def _line(row: dict[str, float]) -> str:
    shown = ("loss", "accuracy", "rank1", "mAP", "swag_rank1", "swag_mAP", "seconds")
    parts = [f"{name} {row[name]:.4g}" for name in shown if name in row]
    return f"epoch {row['epoch']:.0f}: " + ", ".join(parts)
