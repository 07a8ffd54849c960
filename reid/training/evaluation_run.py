"""What `reid-eval` does: any embedder over any data set, to figures, JSON and a page."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from configs.errors import InputError
from reid.embedder import OnnxEmbedder
from reid.images import Image, Preprocessing
from reid.opening import open_embedder
from reid.training.cache import report_undecodable
from reid.training.checkpoint import load_checkpoint, load_model
from reid.training.datasets import Source, read_source
from reid.training.evaluation import (
    Embedder,
    ModelEmbedder,
    centre_by_camera,
    embed_files,
    require_matches,
    score,
)
from reid.training.ranked_page import draw_ranked_page
from reid.training.ranking import AveragePrecision

__all__ = ["EvaluationRun", "evaluate_source", "open_any_embedder"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EvaluationRun:
    """What to evaluate and what to write.

    preprocessing: overrides what the model says of itself; None believes it. ranked_lists: where
    to write the page of ranked lists, None for none.
    """

    source: Source
    model: str
    preprocessing: Preprocessing | None = None
    centre_cameras: bool = False
    average_precision: AveragePrecision = "rectangles"
    ranked_lists: Path | None = None
    json: Path | None = None


def evaluate_source(run: EvaluationRun, device: torch.device) -> dict[str, object]:
    """Embed the test images, rank all trials, write what was asked for; returns the JSON's content.

    Raises InputError for a model or data that can't be read, or that has nothing to rank.
    """
    data = read_source(run.source)
    require_matches(data)
    embedder = open_any_embedder(run.model, run.preprocessing, device)
    embeddings, decoded = embed_files(embedder, data.test.paths)
    undecodable = report_undecodable(data.test.paths, decoded)
    data = data.decoded(np.ones(len(data.train), bool), decoded)
    if run.centre_cameras:
        embeddings = centre_by_camera(embeddings, data.test.cameras)
    result = score(embeddings, data, average_precision=run.average_precision)
    content: dict[str, object] = {
        "dataset": run.source.name,
        "root": str(run.source.root),
        "holdout": run.source.holdout,
        "model": run.model,
        "centre_cameras": run.centre_cameras,
        "average_precision": run.average_precision,
        "images": len(data.test),
        "identities": data.test.n_identities,
        "undecodable": undecodable,
        **result.summary(),
    }
    if run.ranked_lists is not None:
        _write_picture(run.ranked_lists, draw_ranked_page(embeddings, data))
    if run.json is not None:
        run.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return content


def open_any_embedder(
    model: str, preprocessing: Preprocessing | None, device: torch.device
) -> Embedder:
    """An embedder from a checkpoint (.pt), an ONNX file, or a name that the package knows."""
    if model.endswith(".pt"):
        checkpoint = load_checkpoint(Path(model))
        network = load_model(checkpoint).to(device).to(memory_format=torch.channels_last)
        return ModelEmbedder(network, preprocessing or checkpoint.preprocessing, device)
    if preprocessing is not None and model.lower().endswith(".onnx"):
        return OnnxEmbedder(Path(model), preprocessing)
    embedder = open_embedder(model)
    if embedder is None:
        raise InputError("model none embeds nothing, so there is nothing to evaluate")
    return embedder


def _write_picture(path: Path, image: Image) -> None:
    try:
        written = cv2.imwrite(str(path), image)
    except cv2.error:
        written = False
    if not written:
        raise InputError(f"{path}: can't write a picture there; expected a .png in a folder")
    _log.info("wrote %s", path)
