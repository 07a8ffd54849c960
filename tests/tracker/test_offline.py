"""The second pass over one camera's tracks, on hand-made ways."""

import numpy as np
import pytest

from tracker.camera_tracker import CameraTracker, CameraTrackerSettings
from tracker.completion import CompletionSettings
from tracker.offline import OfflineSettings, first_pass, refine
from tracker.trajectories import Trajectories, collect
from tracker.types import Detections

PLAIN = OfflineSettings(
    joining=None, completion=CompletionSettings(smoothing=0, extension=0), hindsight=None
)


def way(identity, frames, left, score=0.9):
    """Somebody who walks 2 pixels a frame, 10 frames a second."""
    frames = np.array(frames)
    x = left + 2.0 * frames
    boxes = np.column_stack([x, np.full(len(x), 50.0), x + 30, np.full(len(x), 130.0)])
    n = len(frames)
    return Trajectories(
        frames, frames / 10, np.full(n, identity), boxes, np.full(n, score), np.ones(n, bool)
    )


def frame_of_room():
    """Two who stand far left and right all the time: nobody between them is at the border."""
    stay = [way(identity, range(60), 0) for identity in (8, 9)]
    places = np.array([-400.0, 0, -400, 0]), np.array([600.0, 0, 600, 0])
    still = np.column_stack([2.0 * np.arange(60), np.zeros(60)] * 2)
    return [one.moved(one.boxes - still + place) for one, place in zip(stay, places, strict=True)]


def test_nobody():
    assert len(refine(collect([]))) == 0


def test_a_short_gap_is_filled_on_the_way_and_a_long_one_is_not():
    short = refine(way(1, [0, 1, 2, 3, 8, 9], 0), PLAIN)
    assert short.frames.tolist() == list(range(10))
    assert short.boxes[:, 0] == pytest.approx(2.0 * np.arange(10))
    assert short.seen.tolist() == [True] * 4 + [False] * 4 + [True] * 2
    long = refine(way(1, [0, 1, 2, 3, 40, 41], 0), PLAIN)
    assert long.frames.tolist() == [0, 1, 2, 3, 40, 41]


def test_tracks_that_amount_to_nothing_go():
    tracks = Trajectories.joined(
        [way(1, range(20), 0), way(2, [3, 4], 300), way(3, range(9), 150, 0.05)]
    )
    assert set(refine(tracks).ids.tolist()) == {1}
    assert set(refine(tracks, PLAIN).ids.tolist()) == {1, 3}


def test_two_pieces_of_one_way_become_one_and_the_gap_between_is_filled():
    pieces = [way(1, range(15), 0), way(2, range(20, 35), 0), *frame_of_room()]
    joined = refine(Trajectories.joined(pieces))
    one = joined[joined.ids == 1]
    assert set(joined.ids.tolist()) == {1, 8, 9}
    assert set(range(35)) <= set(one.frames.tolist())
    assert one.boxes[one.frames < 35, 0] == pytest.approx(
        2.0 * one.frames[one.frames < 35], abs=0.5
    )


def test_two_people_who_are_there_at_once_stay_two():
    people = Trajectories.joined([way(1, range(20), 0), way(2, range(20), 200)])
    assert set(refine(people).ids.tolist()) == {1, 2}


def test_a_frame_holds_nobody_twice():
    pieces = [way(1, range(15), 0), way(2, range(20, 35), 0), *frame_of_room()]
    found = refine(Trajectories.joined(pieces))
    pairs = np.column_stack([found.frames, found.ids])
    assert len(np.unique(pairs, axis=0)) == len(pairs)


def test_after_the_tracker_the_first_frame_is_told_too():
    tracker = CameraTracker("cam", first_pass(CameraTrackerSettings()))
    moments = []
    for frame in range(10):
        box = np.array([[20.0 + 2 * frame, 50.0, 50.0 + 2 * frame, 130.0]])
        moments.append(tracker.update(frame, frame / 10, Detections(box, np.array([0.9]))))
    told = refine(collect(moments), PLAIN)
    assert told.frames.tolist() == list(range(10))
    assert set(told.ids.tolist()) == {1}
