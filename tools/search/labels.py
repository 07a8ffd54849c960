"""Which person of the truth is in a box: what makes a claim of the tracker right or wrong."""

import numpy as np

from tracker.boxes import iou
from tracker.evaluation.comparison import Trajectories, compare
from tracker.evaluation.matching import MATCH, best_pairs
from tracker.evaluation.preprocessing import scored_and_distractors
from tracker.motchallenge import GroundTruth
from tracker.types import FloatArray, IntArray

__all__ = ["NOBODY", "UNSCORED", "majority", "whose"]

NOBODY = -1  # nobody is in the box
UNSCORED = -2  # something is that nobody has to find: the box is neither right nor wrong


def whose(truth: GroundTruth, benchmark: str, frames: IntArray, boxes: FloatArray) -> IntArray:
    """(N,) the id of the person in each box; NOBODY; UNSCORED.

    In a frame a person is in one box at the most, and the boxes are matched as in the scores: the
    sum of IoU of at least 0.5 is greatest. A box that is no person's, but overlaps a distractor
    that much, is UNSCORED. frames: (N,) from 0, in any order. boxes: (N, 4). benchmark: the
    sequence's name.
    """
    scored, distractors = scored_and_distractors(truth, benchmark)
    places = Trajectories(truth.rows.frames - 1, truth.rows.ids, truth.rows.boxes)
    claims = Trajectories(frames, np.arange(len(frames)), boxes)
    order = np.argsort(frames, kind="stable")
    found = np.full(len(frames), NOBODY)
    for rows, columns, likeness in compare(places, claims, iou).shared_frames():
        likeness[likeness < MATCH] = 0
        claimed, free = order[columns], distractors[rows]
        found[claimed[likeness[free].any(axis=0)]] = UNSCORED
        people = scored[rows]
        person, box = best_pairs(likeness[people])
        found[claimed[box]] = truth.rows.ids[rows][people][person]
    return found


def majority(people: IntArray) -> int:
    """The person in most boxes, of what `whose` says of them; NOBODY if that's anybody in fewer
    than half of them."""
    ids, counts = np.unique(people[people >= 0], return_counts=True)
    if len(ids) == 0 or counts.sum() * 2 < len(people):
        return NOBODY
    return int(ids[counts.argmax()])
