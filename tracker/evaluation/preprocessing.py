"""What is left out before a result is scored, after MOTChallenge."""

import numpy as np

from tracker.boxes import iou, xywh2xyxy
from tracker.evaluation.comparison import Comparison, Trajectories, compare
from tracker.evaluation.matching import EPSILON, MATCH, best_pairs
from tracker.motchallenge import GroundTruth, MotRows
from tracker.types import BoolArray

__all__ = ["compare_pedestrians", "leave_out", "scored_and_distractors"]

PEDESTRIAN = 1
DISTRACTORS = (2, 7, 8, 12)  # on a vehicle, sitting or standing still, ambiguous, mirrored
NON_MOT_VEHICLE = 6  # a distractor in MOT20 only


def compare_pedestrians(truth: GroundTruth, result: MotRows, benchmark: str) -> Comparison:
    """Compare a result with a sequence's truth as MOTChallenge does.

    A box of the result that matches a distractor is left out: finding one is neither right nor
    wrong. Then only pedestrians whose mark isn't 0 remain in the truth. benchmark: the
    sequence's name, or its beginning; that of MOT20 has one more class of distractors.
    """
    comparison = compare(_trajectories(truth.rows), _trajectories(result), iou)
    scored, distractors = scored_and_distractors(truth, benchmark)
    return leave_out(comparison, distractors, scored)


def scored_and_distractors(truth: GroundTruth, benchmark: str) -> tuple[BoolArray, BoolArray]:
    """(N,) rows of people who must be found, and (N,) rows that nobody has to find, and may.

    What is in neither is no excuse for a box. benchmark: as in `compare_pedestrians`.
    """
    classes = [*DISTRACTORS, NON_MOT_VEHICLE] if benchmark.startswith("MOT20") else [*DISTRACTORS]
    scored = (truth.classes == PEDESTRIAN) & (truth.rows.scores.astype(np.int64) != 0)
    return scored, np.isin(truth.classes, classes)


def leave_out(comparison: Comparison, distractors: BoolArray, scored: BoolArray) -> Comparison:
    """Drop the result's rows whose best match is a distractor, then the truth's unscored rows.

    distractors: (N,) rows of the truth that nobody has to find, and may. scored: (N,) rows of the
    truth that remain. Both in the comparison's order of rows.
    """
    kept = np.ones(len(comparison.result_ids), bool)
    for truth, result, similarity in comparison.shared_frames():
        rows, columns = best_pairs(np.where(similarity < MATCH - EPSILON, 0.0, similarity))
        kept[columns[distractors[truth][rows]] + result.start] = False
    return comparison.select(scored, kept)


def _trajectories(rows: MotRows) -> Trajectories:
    """In the file's own pixels, so that likeness is computed from the same numbers as elsewhere."""
    return Trajectories(rows.frames, rows.ids, xywh2xyxy(rows.ltwh))
