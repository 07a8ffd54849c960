"""Truth and result laid side by side: what every metric starts from.

The metrics know neither boxes nor positions, only how alike two places are, from 0 to 1. CLEAR
and ID match from a likeness of `matching.MATCH` on: IoU 0.5 for boxes, the reach T for positions.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tracker.types import BoolArray, FloatArray, IntArray

__all__ = [
    "Comparison",
    "Similarity",
    "Trajectories",
    "compare",
    "ground_similarity",
]

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
        order = np.lexsort([self.ids, self.frames])
        frames, ids = self.frames[order], self.ids[order]
        if np.any((frames[1:] == frames[:-1]) & (ids[1:] == ids[:-1])):
            raise ValueError("an id is twice in one frame")

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class Comparison:
    """A truth of N rows and a result of M rows in T frames, the rows ordered by frame.

    truth_ids: (N,) and result_ids: (M,), numbered from 0 without a gap. The rows of frame t are
    `truth_starts[t]` to `truth_starts[t + 1]`, and so for the result; starts are (T + 1,).
    Rows of a frame that are alike at all make a pair: pair_truth and pair_result (P,) are its
    rows, ordered by frame, then by the truth's row, then by the result's; likeness (P,) is above 0.
    """

    truth_ids: IntArray
    result_ids: IntArray
    truth_starts: IntArray
    result_starts: IntArray
    pair_truth: IntArray
    pair_result: IntArray
    likeness: FloatArray

    @property
    def truth_id_count(self) -> int:
        """How many people there are."""
        return int(self.truth_ids.max(initial=-1)) + 1

    @property
    def result_id_count(self) -> int:
        """How many people the tracker thinks there are."""
        return int(self.result_ids.max(initial=-1)) + 1

    def shared_frames(self) -> Iterator[tuple[slice, slice, FloatArray]]:
        """Frames with rows on both sides: the truth's rows, the result's, and how alike they are.

        Likeness comes as a new matrix (rows of the truth, rows of the result), 0 without a pair.
        """
        pairs = np.searchsorted(self.pair_truth, self.truth_starts)
        bounds = zip(
            pairwise(self.truth_starts.tolist()),
            pairwise(self.result_starts.tolist()),
            pairwise(pairs.tolist()),
            strict=True,
        )
        for (first, end), (first_result, end_result), (begin, stop) in bounds:
            if end > first and end_result > first_result:
                matrix = np.zeros((end - first, end_result - first_result))
                rows = self.pair_truth[begin:stop] - first
                columns = self.pair_result[begin:stop] - first_result
                matrix[rows, columns] = self.likeness[begin:stop]
                yield slice(first, end), slice(first_result, end_result), matrix

    def select(self, truth_rows: BoolArray, result_rows: BoolArray) -> "Comparison":
        """Keep only the rows that are True in (N,) and (M,)."""
        kept = truth_rows[self.pair_truth] & result_rows[self.pair_result]
        truth_before, result_before = _count_before(truth_rows), _count_before(result_rows)
        return Comparison(
            _relabel(self.truth_ids[truth_rows]),
            _relabel(self.result_ids[result_rows]),
            truth_before[self.truth_starts],
            result_before[self.result_starts],
            truth_before[self.pair_truth[kept]],
            result_before[self.pair_result[kept]],
            self.likeness[kept],
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
    truth_places, result_places = truth.places[truth_order], result.places[result_order]
    rows, columns = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    likeness: list[FloatArray] = [np.zeros(0)]
    for (first, end), (first_result, end_result) in zip(
        pairwise(truth_starts.tolist()), pairwise(result_starts.tolist()), strict=True
    ):
        alike = similarity(truth_places[first:end], result_places[first_result:end_result])
        row, column = np.nonzero(alike)
        rows.append(row + first)
        columns.append(column + first_result)
        likeness.append(alike[row, column])
    return Comparison(
        _relabel(truth.ids[truth_order]),
        _relabel(result.ids[result_order]),
        truth_starts,
        result_starts,
        np.concatenate(rows),
        np.concatenate(columns),
        np.concatenate(likeness),
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


def _relabel(ids: IntArray) -> IntArray:
    return np.unique(ids, return_inverse=True)[1]


def _count_before(rows: BoolArray) -> IntArray:
    """(N + 1,) how many rows before each are True."""
    return np.concatenate([[0], np.cumsum(rows)])
