"""Claims of the tracker on scenes of a few frames, and whether they are right, by hand."""

import numpy as np
import pytest
from examples import hindsight_examples, joining_examples, plausibility_examples

from tracker.camera_tracker import CameraTrackerSettings
from tracker.hindsight import HindsightSettings
from tracker.joining import JoiningSettings
from tracker.offline import OfflineSettings
from tracker.trajectories import Trajectories

BOX, FAR, FREE = [100, 100, 140, 200], [400, 100, 440, 200], [250, 100, 290, 200]


def column(examples, name):
    return examples.evidence[:, examples.names.index(name)]


def sightings_of(*tracks):
    """(id, frames, box) -> a table, ten frames a second, all of it seen."""
    frames = np.concatenate([np.array(frames) for _, frames, _ in tracks])
    lengths = [len(frames) for _, frames, _ in tracks]
    ids = np.repeat([name for name, _, _ in tracks], lengths)
    boxes = np.repeat(np.array([box for *_, box in tracks], float), lengths, axis=0)
    scores = np.full(len(frames), 0.9)
    return Trajectories(frames, frames / 10, ids, boxes, scores, scores > 0)


def standing(person, frames, box, mark=1, kind=1):
    return [(frame, person, box, mark, kind) for frame in frames]


def test_boxes_that_the_online_rule_would_be_asked_about(scene_of):
    """A person is seen three times, then predicted while there and while gone. A false alarm of
    the second frame is never confirmed, so nobody asks where it went. A distractor teaches
    nothing."""
    story = [
        [(BOX, 0.9), (FREE, 0.6)],
        [(BOX, 0.9), (FAR, 0.4)],
        [(BOX, 0.9)],
        [],
        [],
    ]
    truth = sorted(standing(5, range(4), BOX) + standing(8, range(5), FREE, 0, 8))
    settings = CameraTrackerSettings(confirm_probability=0.8)
    found = plausibility_examples(scene_of(truth, story), settings)
    assert found["seen"].right.tolist() == [True, True, False, True]
    odds = np.log([9, 9, 4 / 6, 9])
    np.testing.assert_allclose(column(found["seen"], "score"), odds)
    np.testing.assert_allclose(column(found["seen"], "mean_score"), [0.9, 0.9, 0.4, 0.9])
    assert found["predicted"].right.tolist() == [True, False]
    np.testing.assert_allclose(column(found["predicted"], "unseen"), [0.1, 0.2])


def test_the_rule_itself_has_no_say_in_its_examples(scene_of):
    story = [[(BOX, 0.9)]] * 3 + [[]] * 5
    truth = standing(5, range(8), BOX)
    strict = {"plausibility": {"min_probability": 0.999}, "max_predicted": 4}
    found = plausibility_examples(
        scene_of(truth, story), CameraTrackerSettings.model_validate(strict)
    )
    assert found["seen"].right.tolist() == [True] * 3
    assert found["predicted"].right.tolist() == [True] * 4  # of five, the rule sees these


def test_a_scene_in_which_nobody_is_found(scene_of):
    found = plausibility_examples(scene_of([], [[], []]), CameraTrackerSettings())
    assert {kind: len(part.right) for kind, part in found.items()} == {"seen": 0, "predicted": 0}


def test_pieces_of_ways_are_paired_right_where_they_are_of_one_person(scene_of):
    """Track 1 is cut in two, both of them person 5. Track 2 begins beside, and is person 6.
    Tracks 3 and 4 could be joined, but nobody is there."""
    beside = [130, 100, 170, 200]
    table = sightings_of(
        (1, [*range(5), *range(9, 14)], BOX),
        (2, range(9, 14), beside),
        (3, range(5), FAR),
        (4, range(9, 14), FAR),
    )
    truth = sorted(standing(5, range(14), BOX) + standing(6, range(9, 14), beside))
    found = joining_examples(
        scene_of(truth, [[]] * 14), table, OfflineSettings(), JoiningSettings()
    )
    assert found.right.tolist() == [True, False]
    assert column(found, "same").tolist() == [1, 0]
    np.testing.assert_allclose(column(found, "log_gap"), np.log(0.5))
    np.testing.assert_allclose(column(found, "miss_x"), [0, 0.3], atol=1e-9)


@pytest.mark.parametrize("kind", ["seen", "filled", "beyond"])
def test_boxes_of_completed_ways_are_right_while_the_person_is_there(scene_of, kind):
    """Track 1 is seen in frames 5 to 9 and 13 to 17 of 21, its person is there from 7 to 14;
    track 2 is nobody, all the time."""
    table = sightings_of((1, [*range(5, 10), *range(13, 18)], BOX), (2, range(21), FAR))
    scene = scene_of(standing(5, range(7, 15), BOX), [[]] * 21)
    settings = OfflineSettings(joining=None)
    found = hindsight_examples(scene, table, settings, HindsightSettings())[kind]
    there = {
        "seen": [*[False] * 2, *[True] * 5, *[False] * 3, *[False] * 21],
        "filled": [True] * 3,
        "beyond": [False] * 8,
    }
    assert found.right.tolist() == there[kind]
    away = {"filled": [0.1, 0.2, 0.1]}
    if kind in away:
        np.testing.assert_allclose(column(found, "away"), away[kind])
