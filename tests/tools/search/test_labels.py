"""Whose box is whose, by hand."""

import numpy as np
import pytest
from labels import NOBODY, UNSCORED, majority, whose

HERE, THERE = [0, 0, 10, 20], [100, 0, 110, 20]


def ask(truth, claims):
    """Claims (frame, box) -> whose each is."""
    frames = np.array([frame for frame, _ in claims], np.int64)
    boxes = np.array([box for _, box in claims], float).reshape(-1, 4)
    return whose(truth, "MOT17-02", frames, boxes).tolist()


def test_no_claims_and_no_truth(truth_of):
    assert ask(truth_of([(0, 7, HERE, 1, 1)]), []) == []
    assert ask(truth_of([]), [(0, HERE)]) == [NOBODY]


def test_a_person_is_in_the_box_that_overlaps_most_and_in_no_other(truth_of):
    truth = truth_of([(0, 7, HERE, 1, 1)])
    claims = [(0, [0, 0, 10, 14]), (0, [0, 0, 10, 19]), (0, [0, 4, 10, 20])]
    assert ask(truth, claims) == [NOBODY, 7, NOBODY]


@pytest.mark.parametrize(("bottom", "owner"), [(10, 7), (9.9, NOBODY)])
def test_half_of_the_union_is_enough(truth_of, bottom, owner):
    assert ask(truth_of([(0, 7, HERE, 1, 1)]), [(0, [0, 0, 10, bottom])]) == [owner]


def test_the_greatest_sum_decides_between_people(truth_of):
    """The first box is nearer to 7, but 8 would then have none: 15/25 + 16/24 > 17/23."""
    truth = truth_of([(0, 7, HERE, 1, 1), (0, 8, [0, 8, 10, 28], 1, 1)])
    assert ask(truth, [(0, [0, 3, 10, 23]), (0, [0, -4, 10, 16])]) == [8, 7]


def test_distractors_excuse_any_number_of_boxes_unmarked_people_none(truth_of):
    truth = truth_of([(0, 3, HERE, 0, 8), (0, 9, THERE, 0, 1)])
    claims = [(0, HERE), (0, [0, 0, 10, 18]), (0, THERE), (0, [0, 0, 10, 8])]
    assert ask(truth, claims) == [UNSCORED, UNSCORED, NOBODY, NOBODY]


def test_a_person_counts_before_a_distractor_at_the_same_place(truth_of):
    assert ask(truth_of([(0, 3, HERE, 0, 8), (0, 7, HERE, 1, 1)]), [(0, HERE)]) == [7]


def test_frames_are_apart_and_may_come_in_any_order(truth_of):
    truth = truth_of([(0, 7, HERE, 1, 1), (2, 0, THERE, 1, 1), (2, 7, HERE, 1, 1)])
    claims = [(2, HERE), (0, THERE), (1, HERE), (0, HERE), (2, THERE)]
    assert ask(truth, claims) == [7, NOBODY, NOBODY, 7, 0]


@pytest.mark.parametrize(
    ("people", "owner"),
    [
        ([], NOBODY),
        ([NOBODY, UNSCORED], NOBODY),
        ([7, NOBODY], 7),
        ([7, NOBODY, UNSCORED], NOBODY),
        ([7, 0, 0, UNSCORED], 0),
    ],
)
def test_a_piece_of_a_way_is_of_whoever_is_in_most_of_its_boxes(people, owner):
    assert majority(np.array(people, np.int64)) == owner
