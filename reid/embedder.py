"""Appearance by a network: any ONNX embedder, on ONNX Runtime."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from configs.errors import InputError
from reid.camera_matching import CameraMatch, no_match, statistics_match
from reid.images import Image, Preprocessing, network_input
from reid.likeness import CosinePrior
from reid.onnx_session import first_line, open_session

__all__ = ["OnnxEmbedder"]

MATCHING_ROUNDS = 4  # as many as places lie one behind the other, each moving what follows
BATCH = 16  # images in one call of a network that takes any number; single ones cost thrice as much


class OnnxEmbedder:
    """Crops in, unit vectors out, in batches.

    matches: by camera, what the network is matched to it by; see `match`.

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
        self._activations = next(
            (
                int(value.shape[1])
                for value in self._session.get_overridable_initializers()
                if value.name == "camera_scale"
            ),
            0,
        )
        self.matches: dict[str, CameraMatch] = {}
        self._cosine_prior = CosinePrior.from_metadata(metadata)
        blank = np.zeros((self._preprocessing.height, self._preprocessing.width, 3), np.uint8)
        try:
            self._dimension = self._run([blank], None, [self._output])[0].shape[1]
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

    @property
    def matchable(self) -> bool:
        """Whether the network can be matched to a camera: those that `reid-export` writes can."""
        return self._activations > 0

    def embed(
        self, crops: Sequence[Image], cameras: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """(N, D) unit rows for N crops (height, width, 3) BGR of any size; N may be 0.

        cameras: (N,) which took each. It matters for those that the network is matched to.
        """
        matches = None
        if cameras is not None and self.matches:
            plain = no_match(self._activations)
            matches = [self.matches.get(camera, plain) for camera in cameras]
        rows = self._rows(crops, matches, [self._output])[0]
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)

    def match(self, camera: str, crops: Sequence[Image]) -> None:
        """Match the network to a camera, from crops of as many people as possible that it took.

        Later calls for the same camera begin anew. Raises ValueError if the network isn't
        `matchable`.
        """
        if not self.matchable:
            raise ValueError("this network can't be matched to cameras")
        found = no_match(self._activations)
        for _ in range(MATCHING_ROUNDS):
            found = statistics_match(
                *self._rows(crops, [found] * len(crops), ["camera_mean", "camera_square"])
            )
        self.matches[camera] = found

    def _rows(
        self,
        crops: Sequence[Image],
        matches: Sequence[CameraMatch] | None,
        outputs: list[str],
    ) -> list[NDArray[np.float32]]:
        """Rows of each output, for all crops."""
        widths = [self._dimension if n == self._output else self._activations for n in outputs]
        parts = [[np.zeros((0, width), np.float32) for width in widths]]
        for start in range(0, len(crops), BATCH):
            chosen = slice(start, start + BATCH)
            parts.append(self._run(crops[chosen], matches and matches[chosen], outputs))
        return [np.concatenate(part) for part in zip(*parts, strict=True)]

    def _run(
        self,
        crops: Sequence[Image],
        matches: Sequence[CameraMatch] | None,
        outputs: list[str],
    ) -> list[NDArray[np.float32]]:
        """Rows of each output, for some crops."""
        tensor = network_input(crops, self._preprocessing)
        if not self._preprocessing.mirrored or self._output not in outputs:
            # A camera's statistics are hardly other ones for the mirror images.
            return self._run_tensor(tensor, matches, outputs)
        both = np.concatenate([tensor, tensor[..., ::-1]])
        rows = self._run_tensor(both, matches and [*matches, *matches], outputs)
        return [np.mean(np.split(sides, 2), axis=0, dtype=np.float32) for sides in rows]

    def _run_tensor(
        self,
        tensor: NDArray[np.float32],
        matches: Sequence[CameraMatch] | None,
        outputs: list[str],
    ) -> list[NDArray[np.float32]]:
        """The same of images (N, 3, H, W), in as few calls as the network takes them."""
        feed = {self._input: tensor}
        if matches:
            feed["camera_scale"] = np.stack([match.scale for match in matches])
            feed["camera_shift"] = np.stack([match.shift for match in matches])
        pieces = -(-len(tensor) // self._batch)
        calls = [np.array_split(values, pieces) for values in feed.values()]
        parts = [
            self._call(dict(zip(feed, call, strict=True)), outputs)
            for call in zip(*calls, strict=True)
        ]
        return [np.concatenate(part) for part in zip(*parts, strict=True)]

    def _call(
        self, feed: dict[str, NDArray[np.float32]], outputs: list[str]
    ) -> list[NDArray[np.float32]]:
        """The network, once. Where it takes but one number of images, empty ones fill it up."""
        count = len(feed[self._input])
        if self._fixed:
            feed = {
                name: np.concatenate([v, np.zeros((self._batch - count, *v.shape[1:]), v.dtype)])
                for name, v in feed.items()
            }
        return [rows[:count] for rows in self._session.run(outputs, feed)]


def _by_input(shape: Sequence[int | str | None]) -> Preprocessing:
    height, width = shape[2], shape[3]
    if isinstance(height, int) and isinstance(width, int):
        return Preprocessing(height=height, width=width)
    return Preprocessing()
