"""CLEAR MOT: misses, false alarms and identity switches.

Bernardin and Stiefelhagen, "Evaluating Multiple Object Tracking Performance", 2008; with the
matching and the fragments of MOTChallenge's reference evaluation.
"""

from dataclasses import dataclass

import numpy as np

from tracker.evaluation.comparison import Comparison
from tracker.evaluation.matching import EPSILON, MATCH, best_pairs
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["Clear", "clear"]

NOBODY = -1
CONTINUATION = 1000.0  # outweighs any likeness: a pair of the previous frame is kept if it can be


@dataclass(frozen=True)
class Clear:
    """Counts that add up over sequences.

    truths: people's boxes in the truth. matches: those found. false_alarms: boxes of the result
    without a match. switches: times at which somebody gets another id than at his last match.
    fragments: times at which somebody is found again after at least a frame without, where frames
    in which the whole result is empty don't count, as in the reference evaluation.
    mostly_tracked, partly_tracked, mostly_lost: people found in more than 0.8, in 0.2 to 0.8, in
    less than 0.2 of their frames. similarity: the sum over the matches.
    """

    truths: int
    matches: int
    false_alarms: int
    switches: int
    fragments: int
    mostly_tracked: int
    partly_tracked: int
    mostly_lost: int
    similarity: float

    def __add__(self, other: "Clear") -> "Clear":
        return Clear(
            self.truths + other.truths,
            self.matches + other.matches,
            self.false_alarms + other.false_alarms,
            self.switches + other.switches,
            self.fragments + other.fragments,
            self.mostly_tracked + other.mostly_tracked,
            self.partly_tracked + other.partly_tracked,
            self.mostly_lost + other.mostly_lost,
            self.similarity + other.similarity,
        )

    @property
    def misses(self) -> int:
        """Boxes of the truth without a match."""
        return self.truths - self.matches

    @property
    def mota(self) -> float:
        """1 - (misses + false alarms + switches) / truths, any number up to 1; 0 without truth."""
        if self.truths == 0:
            return 0.0
        return (self.matches - self.false_alarms - self.switches) / self.truths

    @property
    def motp(self) -> float:
        """The mean likeness of the matches, 0..1, more is better; 0 without a match."""
        return self.similarity / max(1, self.matches)

    @property
    def recall(self) -> float:
        """The share of the truth that is found."""
        return self.matches / max(1, self.truths)

    @property
    def precision(self) -> float:
        """The share of the result that is somebody."""
        return self.matches / max(1, self.matches + self.false_alarms)


def clear(comparison: Comparison) -> Clear:
    """Match frame by frame, keeping the previous frame's pairs where they still fit, and count."""
    people = comparison.truth_id_count
    partner = np.full(people, NOBODY)  # in the previous frame
    last_partner = np.full(people, NOBODY)  # at the last match, however long ago
    found = np.zeros(people, np.int64)
    begins = np.zeros(people, np.int64)
    matches = switches = 0
    total = 0.0
    for truth, result, similarity in comparison.shared_frames():
        ids, others = comparison.truth_ids[truth], comparison.result_ids[result]
        rows, columns = _pairs(similarity, partner[ids][:, None] == others)
        ids, others = ids[rows], others[columns]
        switches += int(
            np.count_nonzero((last_partner[ids] != NOBODY) & (last_partner[ids] != others))
        )
        begins[ids] += partner[ids] == NOBODY
        found[ids] += 1
        last_partner[ids] = others
        partner.fill(NOBODY)
        partner[ids] = others
        matches += len(rows)
        total += float(similarity[rows, columns].sum())
    mostly, partly = _coverage(found, np.bincount(comparison.truth_ids, minlength=people))
    return Clear(
        truths=len(comparison.truth_ids),
        matches=matches,
        false_alarms=len(comparison.result_ids) - matches,
        switches=switches,
        fragments=int(np.maximum(begins - 1, 0).sum()),
        mostly_tracked=mostly,
        partly_tracked=partly,
        mostly_lost=people - mostly - partly,
        similarity=total,
    )


def _pairs(similarity: FloatArray, continues: BoolArray) -> tuple[IntArray, IntArray]:
    score = CONTINUATION * continues + similarity
    score[similarity < MATCH - EPSILON] = 0
    return best_pairs(score)


def _coverage(found: IntArray, frames: IntArray) -> tuple[int, int]:
    """How many people are mostly and how many are partly tracked."""
    share = found / np.maximum(1, frames)
    mostly = int(np.count_nonzero(share > 0.8))
    return mostly, int(np.count_nonzero(share >= 0.2)) - mostly
