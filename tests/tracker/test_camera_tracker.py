"""Life stories of tracks on one camera, frame by frame."""

import numpy as np
import pytest

from tracker.camera_tracker import CameraTracker, CameraTrackerSettings
from tracker.plausibility import Weights
from tracker.types import Detections

SETTINGS = CameraTrackerSettings(
    min_hits=2, confirm_probability=0, max_gap=0.5, max_predicted=2, plausibility=None
)
STEP = 0.04  # seconds


def person(x, y=100.0, width=40.0, height=100.0):
    return [x, y, x + width, y + height]


def seen(*boxes, scores=None):
    boxes = np.array(boxes, float).reshape(-1, 4)
    return Detections(boxes, np.full(len(boxes), 0.9) if scores is None else np.array(scores))


def tell(story, settings=SETTINGS, step=STEP):
    """Run a list of Detections; return the list of CameraTracks."""
    tracker = CameraTracker("door", settings)
    return [tracker.update(k, k * step, frame) for k, frame in enumerate(story)]


def test_an_empty_scene_has_no_tracks():
    for tracks in tell([Detections.empty()] * 3):
        assert len(tracks) == 0
        assert len(tracks.ended) == 0


def test_birth_is_reported_once():
    results = tell([seen(person(10 + 3 * k)) for k in range(5)])
    assert [r.ids.tolist() for r in results] == [[], [1], [1], [1], [1]]
    assert [r.is_new.tolist() for r in results] == [[], [True], [False], [False], [False]]
    assert [r.detection_rows.tolist() for r in results[1:]] == [[0]] * 4


def test_a_single_false_alarm_never_becomes_a_track():
    story = [seen(person(10))] + [Detections.empty()] * 20
    assert all(len(r) == 0 and len(r.ended) == 0 for r in tell(story))


def test_occlusion_predicts_then_waits_then_recovers():
    story = [seen(person(10 + 4 * k)) for k in range(10)]
    story += [Detections.empty()] * 5
    story += [seen(person(10 + 4 * k)) for k in range(15, 20)]
    results = tell(story)
    hidden = results[10:15]
    assert [r.ids.tolist() for r in hidden] == [[1], [1], [], [], []]
    assert [r.detection_rows.tolist() for r in hidden[:2]] == [[-1], [-1]]
    np.testing.assert_allclose(hidden[1].boxes, [person(10 + 4 * 11)], atol=4)
    assert results[15].ids.tolist() == [1]
    assert not results[15].is_new.any()


def test_death_is_told_once():
    story = [seen(person(10))] * 3 + [Detections.empty()] * 30
    ended = [(k, r.ended.tolist()) for k, r in enumerate(tell(story)) if len(r.ended)]
    assert ended == [(15, [1])]  # seen at 0.08 s, more than 0.5 s ago at 0.60 s


def test_a_returning_person_after_death_gets_a_new_id():
    story = [seen(person(10))] * 3 + [Detections.empty()] * 20 + [seen(person(10))] * 3
    assert tell(story)[-1].ids.tolist() == [2]


def test_faint_detections_keep_a_track_but_begin_none():
    faint = seen(person(10), person(400), scores=[0.2, 0.2])
    results = tell([seen(person(10))] * 3 + [faint] * 10)
    assert all(r.ids.tolist() == [1] for r in results[1:])


def test_two_trackers_do_not_share_ids():
    left, right = CameraTracker("left", SETTINGS), CameraTracker("right", SETTINGS)
    for k in range(4):
        frame = seen(person(10), person(300))
        assert left.update(k, k * STEP, frame).ids.tolist() == ([1, 2] if k else [])
        assert right.update(k, k * STEP, frame).ids.tolist() == ([1, 2] if k else [])


def test_order_of_detections_does_not_matter():
    generator = np.random.default_rng(0)
    starts = np.arange(8) * 100.0
    story = [
        seen(
            *[person(x + 3 * k + generator.normal()) for x in starts],
            scores=np.linspace(0.6, 0.9, 8),
        )
        for k in range(12)
    ]
    shuffled = [frame[generator.permutation(8)] for frame in story]
    for first, second in zip(tell(story), tell(shuffled), strict=True):
        order = np.lexsort(first.boxes.T), np.lexsort(second.boxes.T)
        np.testing.assert_allclose(first.boxes[order[0]], second.boxes[order[1]])
        assert first.ids.tolist() == second.ids.tolist()


def test_steps_of_time_may_be_irregular():
    times = np.cumsum([0, 0.04, 0.2, 0.04, 0.3, 0.08, 0.04])
    tracker = CameraTracker("door", SETTINGS)
    results = [
        tracker.update(k, t, seen(person(10 + 80 * t), person(300 - 80 * t)))
        for k, t in enumerate(times)
    ]
    assert [r.ids.tolist() for r in results] == [[]] + [[1, 2]] * 6


def test_time_must_advance():
    tracker = CameraTracker("door", SETTINGS)
    tracker.update(0, 1.0, Detections.empty())
    with pytest.raises(ValueError, match="does not follow"):
        tracker.update(1, 1.0, Detections.empty())


def test_boxes_must_be_finite():
    with pytest.raises(ValueError, match="finite"):
        CameraTracker("door", SETTINGS).update(0, 0.0, seen([0, 0, np.nan, 5]))


def test_listening_changes_nothing_and_tells_of_every_track_before_the_decision():
    """One is seen throughout; the other is confirmed at its second sight, unseen in the end."""
    both = person(10), person(300)
    story = [seen(*both, scores=[0.9, 0.6]), seen(*both, scores=[0.9, 0.8])]
    story += [seen(person(10))] * 2
    settings = SETTINGS.model_copy(update={"confirm_probability": 0.8, "min_hits": 1})
    told = []
    tracker = CameraTracker("door", settings)
    tracker.listen(told.append)
    for alone, (k, frame) in zip(tell(story, settings), enumerate(story), strict=True):
        heard = tracker.update(k, k * STEP, frame)
        np.testing.assert_array_equal(heard.boxes, alone.boxes)
        assert heard.ids.tolist() == alone.ids.tolist()
    assert [each.index for each in told] == [0, 1, 2, 3]
    assert [each.missed.tolist() for each in told] == [[0, 0], [0, 0], [0, 1], [0, 2]]
    confirmed = [each.confirmed.tolist() for each in told]
    assert confirmed == [[False, False], [True, False], [True, True], [True, True]]
    names = list(Weights.model_fields)
    assert all(each.evidence.shape == (len(names), 2) for each in told)
    np.testing.assert_allclose(told[3].evidence[names.index("unseen")], [0, 2 * STEP])
    np.testing.assert_allclose(told[3].evidence[names.index("mean_score")], [0.9, 0.62])
    np.testing.assert_allclose(told[0].boxes, [person(10), person(300)])


def test_nobody_is_told_of_too():
    told = []
    tracker = CameraTracker("door")
    tracker.listen(told.append)
    tracker.update(0, 0.0, Detections.empty())
    assert told[0].boxes.shape == (0, 4)
    assert told[0].evidence.shape == (len(Weights.model_fields), 0)
