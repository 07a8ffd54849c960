"""Checkpoints: all that a run needs to go on as if it had never stopped."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from configs.errors import InputError
from reid.images import Preprocessing
from reid.models import ReidModel, create_model
from reid.training.settings import TrainSettings

__all__ = ["Checkpoint", "load_checkpoint", "load_model", "save_checkpoint"]

_FORMAT = "track-mtmc reid checkpoint 1"
State = dict[str, Any]  # of a torch object: nested dicts of tensors and numbers


@dataclass(frozen=True)
class Checkpoint:
    """A run at a moment.

    settings: as the run resolved them. description: what it trained on, for people. n_identities:
    of the classifiers. model, classifiers, optimiser, scaler: torch states. moments: what the
    averaging stage has collected, empty before. random: states of the generators. epoch, step:
    what comes next, from 0. elapsed: seconds of training. tally: sums of the unfinished epoch.
    best: best score so far. scores: last evaluation, percent.
    """

    settings: TrainSettings
    description: str
    n_identities: int
    model: State
    classifiers: State
    optimiser: State
    scaler: State
    moments: State
    random: State
    epoch: int
    step: int
    elapsed: float
    tally: dict[str, float]
    best: float
    scores: dict[str, float]

    @property
    def preprocessing(self) -> Preprocessing:
        """How an image becomes the model's input: the size of the run's last stage."""
        last = self.settings.stages[-1]
        return Preprocessing(height=last.height, width=last.width)


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint whole or not at all: a crash leaves the previous file as it was."""
    content = {name: getattr(checkpoint, name) for name in checkpoint.__dataclass_fields__}
    content["settings"] = checkpoint.settings.model_dump_json()
    content["format"] = _FORMAT
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint onto the CPU. No code in the file is run.

    Raises InputError: no such file, not a checkpoint of this project, settings that this version
    doesn't know.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # zip, pickle and torch errors of a dozen kinds
        # Pickle's message may be a bare number, so its kind is told too.
        reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:160]}"
        raise InputError(f"{path}: not a readable checkpoint ({reason})") from None
    if not isinstance(content, dict) or content.pop("format", None) != _FORMAT:
        raise InputError(f"{path}: not a checkpoint of reid-train")
    try:
        settings = TrainSettings.model_validate_json(content.pop("settings"))
        return Checkpoint(settings=settings, **content)
    except (KeyError, TypeError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: a checkpoint of another version ({reason})") from None


def load_model(checkpoint: Checkpoint) -> ReidModel:
    """The network of a checkpoint, in evaluation mode.

    Raises InputError where its weights aren't those of the network that its settings describe.
    """
    model = create_model(checkpoint.settings.model)
    try:
        model.load_state_dict(checkpoint.model)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()[:160]
        raise InputError(
            f"the checkpoint's weights don't fit the network {checkpoint.settings.model.network}: "
            f"{reason}"
        ) from None
    return model.eval()
