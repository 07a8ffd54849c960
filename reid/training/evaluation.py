"""Scores of an embedder on a test set: embed, centre if asked, rank."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from configs.errors import InputError
from reid.images import Image, Preprocessing, network_input, read_image
from reid.models import ReidModel
from reid.training.console import console
from reid.training.ranking import AveragePrecision, RankingResult, rank
from reid.training.samples import ReidData

__all__ = [
    "Embedder",
    "ModelEmbedder",
    "centre_by_camera",
    "embed_files",
    "embed_images",
    "require_matches",
    "score",
]

Floats = NDArray[np.float32]
_CHUNK = 64  # crops decoded and embedded at once
_BATCH = 8  # larger batches leave a CPU's cache and cost more per image


class Embedder(Protocol):
    """Crops in, unit vectors out."""

    def embed(self, crops: Sequence[Image]) -> Floats:
        """(N, D) unit rows for N crops (height, width, 3) BGR of any size."""


class ModelEmbedder:
    """A network in torch as an embedder; it is put in evaluation mode."""

    def __init__(
        self, model: ReidModel, preprocessing: Preprocessing, device: torch.device
    ) -> None:
        self._model = model.eval()
        self._preprocessing = preprocessing
        self._device = device
        self._batch = _BATCH if device.type == "cpu" else _CHUNK

    def embed(self, crops: Sequence[Image]) -> Floats:
        """(N, 2F) unit rows; N may be 0."""
        rows = [np.zeros((0, 2 * self._model.feature_size), np.float32)]
        for start in range(0, len(crops), self._batch):
            planes = network_input(crops[start : start + self._batch], self._preprocessing)
            images = torch.from_numpy(planes).to(self._device, memory_format=torch.channels_last)
            with torch.inference_mode():
                vectors = self._model.embed(images)
                if self._preprocessing.mirrored:
                    vectors = (vectors + self._model.embed(images.flip(3))) / 2
                rows.append(vectors.float().cpu().numpy())
        return _unit(np.concatenate(rows))


def embed_images(embedder: Embedder, images: Image) -> Floats:
    """(N, D) embeddings of decoded images (N, height, width, 3), some at a time."""
    starts = range(0, len(images), _CHUNK)
    chunks = track(starts, "embedding", console=console(), transient=True)
    parts = [embedder.embed(list(images[start : start + _CHUNK])) for start in chunks]
    return np.concatenate(parts) if parts else embedder.embed([])


def embed_files(embedder: Embedder, paths: Sequence[Path]) -> tuple[Floats, NDArray[np.bool_]]:
    """Embeddings (M, D) of the files that are pictures, and (N,) which are; decoding runs ahead."""
    decoded = np.zeros(len(paths), bool)
    parts = [embedder.embed([])]
    chunks = _decode_ahead(paths)
    total = -(-len(paths) // _CHUNK)
    for number, images in enumerate(
        track(chunks, "embedding", total, console=console(), transient=True)
    ):
        good = [image is not None for image in images]
        decoded[number * _CHUNK : number * _CHUNK + len(good)] = good
        parts.append(embedder.embed([image for image in images if image is not None]))
    return np.concatenate(parts), decoded


def centre_by_camera(embeddings: Floats, cameras: NDArray[np.integer]) -> Floats:
    """Unit rows with each camera's mean subtracted; needs no label but the camera.

    A camera's light and colour move all of its embeddings alike; this takes that away. A camera
    with one image only would be left with nothing: its embedding stays as it is.
    """
    centred = np.array(embeddings, np.float32)
    for camera in np.unique(cameras):
        rows = cameras == camera
        if rows.sum() > 1:
            centred[rows] -= embeddings[rows].mean(axis=0)
    return _unit(centred)


def score(
    embeddings: Floats, data: ReidData, *, average_precision: AveragePrecision = "rectangles"
) -> RankingResult:
    """Rank all trials of a test set whose images have these embeddings (N, D).

    `require_matches` says beforehand whether there is anything to score.
    """
    test = data.test
    results = [
        rank(
            embeddings[trial.query],
            embeddings[trial.gallery],
            test.identities[trial.query],
            test.identities[trial.gallery],
            test.cameras[trial.query],
            test.cameras[trial.gallery],
            average_precision=average_precision,
        )
        for trial in data.trials
    ]
    return RankingResult.join(results)


def require_matches(data: ReidData) -> None:
    """Raise InputError where no query has a true match on another camera, so nothing to score."""
    test = data.test
    for trial in data.trials:
        cameras: dict[int, set[int]] = {}
        for row in trial.gallery.tolist():
            cameras.setdefault(int(test.identities[row]), set()).add(int(test.cameras[row]))
        for row in trial.query.tolist():
            if cameras.get(int(test.identities[row]), set()) - {int(test.cameras[row])}:
                return
    n_cameras = len(np.unique(test.cameras))
    raise InputError(
        f"{data.name}: no query has a match on another camera ({len(test)} test images of "
        f"{test.n_identities} identities, {n_cameras} camera{'s' * (n_cameras != 1)})"
    )


def _unit(rows: Floats) -> Floats:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _decode_ahead(paths: Sequence[Path]) -> Iterator[list[Image | None]]:
    """Chunks of decoded files, in order; a few chunks are decoded before they are asked for."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting: deque[list[Future[Image | None]]] = deque()
        for start in range(0, len(paths), _CHUNK):
            waiting.append([pool.submit(read_image, p) for p in paths[start : start + _CHUNK]])
            if len(waiting) > 2:
                yield [future.result() for future in waiting.popleft()]
        while waiting:
            yield [future.result() for future in waiting.popleft()]
