"""What MOTChallenge leaves out before it scores."""

import numpy as np

from tracker.boxes import iou, xywh2xyxy
from tracker.evaluation.comparison import Comparison, Trajectories, compare
from tracker.evaluation.matching import EPSILON, MATCH, best_pairs
from tracker.motchallenge import GroundTruth, MotRows
from tracker.types import IntArray

__all__ = ["compare_pedestrians"]

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
    classes = [*DISTRACTORS, NON_MOT_VEHICLE] if benchmark.startswith("MOT20") else [*DISTRACTORS]
    scored = (truth.classes == PEDESTRIAN) & (truth.rows.scores.astype(np.int64) != 0)
    kept = np.ones(len(result), bool)
    kept[_matched_to(comparison, truth.classes, classes)] = False
    return comparison.select(scored, kept)


def _matched_to(comparison: Comparison, classes: IntArray, distractors: list[int]) -> IntArray:
    """Rows of the result whose best match, among all classes, is a distractor."""
    is_distractor = np.isin(classes, distractors)
    found = [np.zeros(0, np.int64)]
    for truth, result, similarity in comparison.shared_frames():
        rows, columns = best_pairs(np.where(similarity < MATCH - EPSILON, 0.0, similarity))
        found.append(columns[is_distractor[truth][rows]] + result.start)
    return np.concatenate(found)


def _trajectories(rows: MotRows) -> Trajectories:
    """In the file's own pixels, so that likeness is computed from the same numbers as elsewhere."""
    return Trajectories(rows.frames, rows.ids, xywh2xyxy(rows.ltwh))
