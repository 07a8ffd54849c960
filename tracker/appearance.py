"""What tracks have looked like: a bounded gallery per track, kept beside the table of tracks."""

import numpy as np

from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["Gallery"]


class Gallery:
    """The latest embeddings of every track of a camera, row for row with its table of tracks.

    Memory is tracks x `size` x dimension floats and no more.
    """

    def __init__(self, size: int, tracks: int, dimension: int) -> None:
        """Empty galleries of at most `size` embeddings for each of `tracks` tracks."""
        self._embeddings = np.zeros((tracks, size, dimension), np.float32)
        self._written = np.zeros(tracks, np.int64)

    def __len__(self) -> int:
        return len(self._written)

    def add(self, rows: IntArray, embeddings: FloatArray) -> None:
        """Remember one embedding (K, D) for each of the tracks `rows` (K,); the oldest goes."""
        self._embeddings[rows, self._written[rows] % self._embeddings.shape[1]] = embeddings
        self._written[rows] += 1

    def append(self, embeddings: FloatArray) -> None:
        """Open galleries for new tracks, one embedding (K, D) each."""
        old = len(self)
        fresh = np.zeros((len(embeddings), *self._embeddings.shape[1:]), np.float32)
        self._embeddings = np.concatenate([self._embeddings, fresh])
        self._written = np.concatenate([self._written, np.zeros(len(embeddings), np.int64)])
        self.add(np.arange(old, len(self)), embeddings)

    def keep(self, alive: IntArray | BoolArray) -> None:
        """Forget the tracks that are not `alive`: rows (K,), or (N,) True for them."""
        self._embeddings, self._written = self._embeddings[alive], self._written[alive]

    def distances(self, rows: IntArray, embeddings: FloatArray) -> FloatArray:
        """(K, M) Euclidean distance of embeddings (M, D) from the nearest in each track's gallery.

        Between unit vectors: 0 the same, 2 opposite. inf for a track without any embedding.
        """
        likeness = np.einsum("kgd,md->kgm", self._embeddings[rows], embeddings)
        size = self._embeddings.shape[1]
        empty = np.arange(size) >= self._written[rows, None]
        likeness[empty] = -np.inf
        best = likeness.max(axis=1, initial=-np.inf)
        return np.sqrt(np.maximum(2 - 2 * best.astype(np.float64), 0))
