"""Appearance by a network: any ONNX embedder, on ONNX Runtime."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from configs.errors import InputError
from reid.images import Preprocessing, network_input
from reid.likeness import CosinePrior
from reid.onnx_session import first_line, open_session

__all__ = ["OnnxEmbedder"]

BATCH = 8  # larger ones leave the processor's cache and cost more per image


class OnnxEmbedder:
    """Crops in, unit vectors out, eight at a time.

    The file's metadata say how a crop is prepared (`Preprocessing.from_metadata`); without, RGB
    with ImageNet's mean and deviation at the size of the network's input is assumed.
    """

    def __init__(
        self, path: Path, preprocessing: Preprocessing | None = None, *, threads: int = 0
    ) -> None:
        """preprocessing: overrides the file's. threads: 0 takes as many as there are cores.

        Raises InputError: no such file, no ONNX model, inputs or outputs that don't fit.
        """
        self._session = open_session(path, threads)
        image = self._session.get_inputs()[0]
        outputs = self._session.get_outputs()
        if len(image.shape) != 4 or image.shape[1] != 3 or len(outputs[0].shape) != 2:
            raise InputError(
                f"{path}: expected images (N, 3, H, W) in and embeddings (N, D) out, "
                f"found {image.shape} and {outputs[0].shape}"
            )
        metadata = self._session.get_modelmeta().custom_metadata_map
        self._input = image.name
        self._output = outputs[0].name
        self._batch = image.shape[0] if isinstance(image.shape[0], int) else BATCH
        self._fixed = isinstance(image.shape[0], int)
        self._preprocessing = (
            preprocessing or Preprocessing.from_metadata(metadata) or _by_input(image.shape)
        )
        self._cosine_prior = CosinePrior.from_metadata(metadata)
        blank = np.zeros((self._preprocessing.height, self._preprocessing.width, 3), np.uint8)
        try:
            self._dimension = self._run([blank]).shape[1]
        except Exception as error:
            raise InputError(f"{path}: the network doesn't run ({first_line(error)})") from None

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        return self._dimension

    @property
    def cosine_prior(self) -> CosinePrior | None:
        """What the file's metadata say of the embeddings' cosines; None if they say nothing."""
        return self._cosine_prior

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, D) unit rows for N crops (height, width, 3) BGR of any size; N may be 0."""
        parts = [
            self._run(crops[start : start + self._batch])
            for start in range(0, len(crops), self._batch)
        ]
        rows = np.concatenate([np.zeros((0, self._dimension), np.float32), *parts])
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)

    def _run(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        tensor = network_input(crops, self._preprocessing)
        if self._fixed and len(crops) < self._batch:
            missing = self._batch - len(crops)
            tensor = np.concatenate([tensor, np.zeros((missing, *tensor.shape[1:]), np.float32)])
        return self._session.run([self._output], {self._input: tensor})[0][: len(crops)]


def _by_input(shape: Sequence[int | str | None]) -> Preprocessing:
    height, width = shape[2], shape[3]
    if isinstance(height, int) and isinstance(width, int):
        return Preprocessing(height=height, width=width)
    return Preprocessing()
