"""Which boxes of a frame take part."""

import numpy as np
import pytest

from tracker.candidates import (
    CandidateSettings,
    candidates_of,
    confidence_map,
    extremes,
    select,
    standing_predictions,
    widen,
)
from tracker.types import Detections

SETTINGS = CandidateSettings(min_score=0.1, max_iou=0.5)


def row(*lefts):
    """Boxes of 10 x 20 pixels side by side: 5 pixels apart they overlap by 1/3, 1 apart by 9/11."""
    return np.array([[x, 0, x + 10, 20] for x in lefts], float).reshape(-1, 4)


def columns(*lefts):
    """The same with coordinates first."""
    return np.ascontiguousarray(row(*lefts).T)


def test_nobody():
    found = select(candidates_of(Detections.empty()), False, SETTINGS)
    assert len(found) == 0
    assert confidence_map(columns(), np.zeros(0))(columns(3, 4)).tolist() == [0, 0]
    assert confidence_map(columns(3), np.ones(1))(columns()).shape == (0,)
    kept, found = standing_predictions(columns(), np.zeros(0), found, SETTINGS)
    assert len(kept) == len(found) == 0


def test_the_weak_and_the_doubled_go_and_rows_tell_where_the_others_stood():
    detections = Detections(row(0, 1, 50, 80), np.array([0.6, 0.8, 0.05, 0.3]))
    found = select(candidates_of(detections), False, SETTINGS)
    assert found.rows.tolist() == [1, 3]
    assert found.scores.tolist() == [0.8, 0.3]
    assert found[np.array([False, True])].boxes.tolist() == columns(80).tolist()


def test_margins_become_probabilities():
    detections = Detections(row(0, 50, 90), np.array([-2.0, 0.0, 1.0]))
    found = select(candidates_of(detections), True, SETTINGS)
    assert found.scores == pytest.approx([0.5, 0.95])


def test_the_detectors_own_confidence_anywhere():
    score = confidence_map(columns(0, 5), np.array([0.9, 0.6]))
    assert score(columns(0, 5, 100)) == pytest.approx([0.9, 0.6, 0])
    assert score(columns(-5)) == pytest.approx([0.3])  # a third of 0.9


def test_predictions_and_detections_compete():
    found = candidates_of(Detections(row(0, 50), np.array([0.5, 0.9])))
    detections = select(found, False, SETTINGS)
    predictions, scores = columns(1, 51, 100, 150), np.array([0.8, 0.8, 0.8, 0.3])
    settings = CandidateSettings(max_iou=0.5, min_prediction_score=0.4)
    kept, left = standing_predictions(predictions, scores, detections, settings)
    # The first outdoes its detection, the second is outdone, nobody disputes the third, and the
    # fourth is too weak.
    assert kept.tolist() == [True, False, True, False]
    assert left.rows.tolist() == [1]


def test_the_area_is_the_box_around_all_that_came():
    area = np.array([np.inf, np.inf, -np.inf, -np.inf])
    for lefts, reached in (((), [np.inf, -np.inf]), ((30, 5), [5, 40]), ((10,), [5, 40])):
        widen(area, columns(*lefts))
        assert area[::2].tolist() == reached
    assert area.tolist() == [5, 0, 40, 20]


def test_the_scale_of_scores_shows_in_their_extremes():
    assert extremes(columns(), np.zeros(0)) == (np.inf, -np.inf)
    assert extremes(columns(3, 5, 8), np.array([0.5, -1.5, 0.7])) == (-1.5, 0.7)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(bad):
    for place in range(4):
        boxes = columns(3, 5)
        boxes[place, 1] = bad
        with pytest.raises(ValueError, match="not finite"):
            extremes(boxes, np.zeros(2))
    with pytest.raises(ValueError, match="not finite"):
        extremes(columns(3), np.array([bad]))
