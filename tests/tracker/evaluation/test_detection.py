"""Average precision, by hand."""

import numpy as np
import pytest

from tracker.evaluation.detection import (
    AnnotatedFrame,
    average_precision,
    best_operating_point,
)
from tracker.types import Detections

HERE, THERE, ELSEWHERE = [0, 0, 10, 10], [20, 0, 30, 10], [50, 50, 60, 60]


def frame(boxes, counted=None):
    boxes = np.array(boxes, float).reshape(-1, 4)
    return AnnotatedFrame(
        boxes, np.ones(len(boxes), bool) if counted is None else np.array(counted)
    )


def found(*pairs):
    boxes = np.array([box for box, _ in pairs], float).reshape(-1, 4)
    return Detections(boxes, np.array([score for _, score in pairs], float))


@pytest.mark.parametrize(
    ("detections", "truth", "expected"),
    [
        (found(), frame([HERE]), 0.0),
        (found((HERE, 0.9)), frame([HERE]), 1.0),
        (found((HERE, 0.9)), frame([HERE, THERE]), 0.5),
        (found((HERE, 0.9), (ELSEWHERE, 0.8), (THERE, 0.7)), frame([HERE, THERE]), (1 + 2 / 3) / 2),
        (found((ELSEWHERE, 0.9), (HERE, 0.8)), frame([HERE]), 0.5),
        (found((HERE, 0.9), (HERE, 0.8)), frame([HERE]), 1.0),  # the twin comes after full recall
        (found((HERE, 0.9), (HERE, 0.8), (THERE, 0.7)), frame([HERE, THERE]), (1 + 2 / 3) / 2),
        # Who needn't be found costs nothing, found or not.
        (found((ELSEWHERE, 0.9), (HERE, 0.8)), frame([HERE, ELSEWHERE], [True, False]), 1.0),
        (found((HERE, 0.8)), frame([HERE, ELSEWHERE], [True, False]), 1.0),
    ],
)
def test_one_frame(detections, truth, expected):
    assert average_precision([detections], [truth]) == pytest.approx(expected)


def test_frames_are_ranked_together():
    detections = [found((HERE, 0.5)), found((ELSEWHERE, 0.9)), found()]
    truth = [frame([HERE]), frame([HERE]), frame([])]
    assert average_precision(detections, truth) == pytest.approx(0.25)


def test_without_people_there_is_no_precision():
    assert np.isnan(average_precision([found((HERE, 0.9))], [frame([])]))


@pytest.mark.parametrize(
    ("detections", "truth", "expected"),
    [
        (found((HERE, 0.9)), frame([HERE]), (0.9, 1, 1)),
        # The wrong box is worth taking in with the second person, and not after the last.
        (found((HERE, 0.9), (ELSEWHERE, 0.8), (THERE, 0.7)), frame([HERE, THERE]), (0.7, 2 / 3, 1)),
        (found((HERE, 0.9), (ELSEWHERE, 0.8)), frame([HERE, THERE]), (0.9, 1, 0.5)),
        # One score for both: they can't be told apart.
        (found((HERE, 0.9), (ELSEWHERE, 0.9)), frame([HERE]), (0.9, 0.5, 1)),
        (found((ELSEWHERE, 0.9)), frame([HERE]), (0.9, 0, 0)),
    ],
)
def test_where_f1_is_highest(detections, truth, expected):
    point = best_operating_point([detections], [truth])
    assert (point.score, point.precision, point.recall) == pytest.approx(expected)
    precision, recall = expected[1:]
    harmonic = 2 * precision * recall / (precision + recall) if precision else 0
    assert point.f1 == pytest.approx(harmonic)


def test_without_people_or_detections_there_is_no_best_score():
    assert best_operating_point([found((HERE, 0.9))], [frame([])]) is None
    assert best_operating_point([found()], [frame([HERE])]) is None
