"""Truth and result laid side by side: what every metric starts from.

The metrics know neither boxes nor positions, only how alike two places are, from 0 to 1. CLEAR
and ID match from a likeness of `matching.MATCH` on: IoU 0.5 for boxes, the reach T for positions.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tracker.types import BoolArray, FloatArray, IntArray

__all__ = [
    "Comparison",
    "PackedMatrix",
    "Similarity",
    "Trajectories",
    "compare",
    "ground_similarity",
    "pack",
]

S = TypeVar("S", bound=np.generic)

Similarity = Callable[[FloatArray, FloatArray], FloatArray]
"""Of every place in (N, K) with every place in (M, K): (N, M), from 0 to 1."""


@dataclass(frozen=True)
class Trajectories:
    """Who is where, when: a row for each person in each frame, in any order.

    frames: (N,) whole numbers that share one clock with whatever these are compared with.
    ids: (N,) whole numbers, no id twice in a frame. places: (N, K) boxes (K = 4) or positions
    on the ground (K = 2).
    """

    frames: IntArray
    ids: IntArray
    places: FloatArray

    def __post_init__(self) -> None:
        n = len(self.frames)
        if self.frames.shape != (n,) or self.ids.shape != (n,) or len(self.places) != n:
            raise ValueError(f"{n} frames, {len(self.ids)} ids, {len(self.places)} places")
        rows = np.column_stack([self.frames, self.ids])
        if len(np.unique(rows, axis=0)) < n:
            raise ValueError("an id is twice in one frame")

    def __len__(self) -> int:
        return len(self.frames)


class PackedMatrix(NamedTuple):
    """A matrix whose entries are mostly 0: a crowd of 200 in 3,000 frames would fill a gigabyte.

    entries: (K,) places in the flat matrix that aren't 0. values: (K,).
    """

    shape: tuple[int, int]
    entries: IntArray
    values: FloatArray

    def dense(self) -> FloatArray:
        """The whole matrix, a new one each time."""
        matrix = np.zeros(self.shape)
        matrix.ravel()[self.entries] = self.values
        return matrix


def pack(matrix: FloatArray) -> PackedMatrix:
    """Keep what isn't 0 of a matrix (N, M)."""
    flat = matrix.ravel()
    entries = np.flatnonzero(flat)
    return PackedMatrix((matrix.shape[0], matrix.shape[1]), entries, flat[entries])


@dataclass(frozen=True)
class Comparison:
    """A truth of N rows and a result of M rows in T frames, the rows ordered by frame.

    truth_ids: (N,) and result_ids: (M,), numbered from 0 without a gap. The rows of frame t are
    `truth_starts[t]` to `truth_starts[t + 1]`, and so for the result; starts are (T + 1,).
    similarities: T matrices (rows of the truth, rows of the result), packed.
    """

    truth_ids: IntArray
    result_ids: IntArray
    truth_starts: IntArray
    result_starts: IntArray
    similarities: tuple[PackedMatrix, ...]

    @property
    def truth_id_count(self) -> int:
        """How many people there are."""
        return int(self.truth_ids.max(initial=-1)) + 1

    @property
    def result_id_count(self) -> int:
        """How many people the tracker thinks there are."""
        return int(self.result_ids.max(initial=-1)) + 1

    def shared_frames(self) -> Iterator[tuple[slice, slice, FloatArray]]:
        """Frames with rows on both sides: the truth's rows, the result's, and their matrix."""
        truth, result = self.truth_starts.tolist(), self.result_starts.tolist()
        for t, packed in enumerate(self.similarities):
            if all(packed.shape):
                rows, columns = slice(truth[t], truth[t + 1]), slice(result[t], result[t + 1])
                yield rows, columns, packed.dense()

    def select(self, truth_rows: BoolArray, result_rows: BoolArray) -> "Comparison":
        """Keep only the rows that are True in (N,) and (M,)."""
        frames = zip(
            _by_frame(truth_rows, self.truth_starts),
            _by_frame(result_rows, self.result_starts),
            self.similarities,
            strict=True,
        )
        return Comparison(
            _relabel(self.truth_ids[truth_rows]),
            _relabel(self.result_ids[result_rows]),
            _starts_of_kept(truth_rows, self.truth_starts),
            _starts_of_kept(result_rows, self.result_starts),
            tuple(pack(packed.dense()[rows][:, columns]) for rows, columns, packed in frames),
        )


def compare(truth: Trajectories, result: Trajectories, similarity: Similarity) -> Comparison:
    """Lay truth and result side by side, in frames that either of them has.

    A frame that neither has changes no metric. Within a frame rows keep their order.
    """
    frames = np.unique(np.concatenate([truth.frames, result.frames]))
    truth_order = np.argsort(truth.frames, kind="stable")
    result_order = np.argsort(result.frames, kind="stable")
    truth_starts = np.searchsorted(truth.frames[truth_order], np.append(frames, np.inf))
    result_starts = np.searchsorted(result.frames[result_order], np.append(frames, np.inf))
    places = zip(
        _by_frame(truth.places[truth_order], truth_starts),
        _by_frame(result.places[result_order], result_starts),
        strict=True,
    )
    return Comparison(
        _relabel(truth.ids[truth_order]),
        _relabel(result.ids[result_order]),
        truth_starts,
        result_starts,
        tuple(pack(similarity(a, b)) for a, b in places),
    )


def ground_similarity(reach: float) -> Similarity:
    """max(0, 1 - d / 2T) of positions d metres apart, for a reach T in metres.

    A half, where CLEAR and ID begin to match, is at d = T; HOTA goes from 1.9 T to 0.1 T.
    """
    if not reach > 0:
        raise ValueError(f"the reach must be above 0 m, not {reach}")

    def similarity(a: FloatArray, b: FloatArray) -> FloatArray:
        distances = np.linalg.norm(a[:, None, :2] - b[None, :, :2], axis=-1)
        return np.maximum(0.0, 1.0 - distances / (2 * reach))

    return similarity


def _by_frame(rows: NDArray[S], starts: IntArray) -> list[NDArray[S]]:
    return [rows[first:end] for first, end in pairwise(starts.tolist())]


def _relabel(ids: IntArray) -> IntArray:
    return np.unique(ids, return_inverse=True)[1]


def _starts_of_kept(rows: BoolArray, starts: IntArray) -> IntArray:
    return np.concatenate([[0], np.cumsum(rows)])[starts]
