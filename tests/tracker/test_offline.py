"""The second pass over one camera's tracks, on hand-made ways."""

import numpy as np
import pytest

from tracker.camera_tracker import CameraTracker, CameraTrackerSettings
from tracker.offline import OfflineSettings, first_pass, refine
from tracker.trajectories import Trajectories, collect
from tracker.types import Detections

PLAIN = OfflineSettings(joining=None, smoothing=0, extension=0)


def way(identity, frames, left, score=0.9):
    """Somebody who walks 2 pixels a frame, 10 frames a second."""
    frames = np.array(frames)
    x = left + 2.0 * frames
    boxes = np.column_stack([x, np.full(len(x), 50.0), x + 30, np.full(len(x), 130.0)])
    n = len(frames)
    return Trajectories(
        frames, frames / 10, np.full(n, identity), boxes, np.full(n, score), np.ones(n, bool)
    )


def test_nobody():
    empty = refine(collect([]))
    assert len(empty) == 0


def test_a_short_gap_is_filled_on_the_way_and_a_long_one_is_not():
    short = refine(way(1, [0, 1, 2, 3, 8, 9], 0), PLAIN)
    assert short.frames.tolist() == list(range(10))
    assert short.boxes[:, 0] == pytest.approx(2.0 * np.arange(10))
    assert short.seen.tolist() == [True] * 4 + [False] * 4 + [True] * 2
    long = refine(way(1, [0, 1, 2, 3, 40, 41], 0), PLAIN)
    assert long.frames.tolist() == [0, 1, 2, 3, 40, 41]


def test_tracks_that_amount_to_nothing_go():
    tracks = Trajectories.joined(
        [way(1, range(10), 0), way(2, [3, 4], 300), way(3, range(9), 9, 0.2)]
    )
    assert set(refine(tracks, PLAIN).ids.tolist()) == {1}


def test_two_pieces_of_one_way_become_one():
    pieces = Trajectories.joined([way(1, range(15), 0), way(2, range(20, 35), 0)])
    joined = refine(pieces, OfflineSettings(smoothing=0, extension=0))
    assert len(set(joined.ids.tolist())) == 1
    assert joined.frames.tolist() == list(range(35))


def test_two_people_who_are_there_at_once_stay_two():
    people = Trajectories.joined([way(1, range(20), 0), way(2, range(20), 200)])
    assert set(refine(people).ids.tolist()) == {1, 2}


def test_after_the_tracker_the_first_frame_is_told_too():
    tracker = CameraTracker("cam", first_pass(CameraTrackerSettings()))
    moments = []
    for frame in range(10):
        box = np.array([[20.0 + 2 * frame, 50.0, 50.0 + 2 * frame, 130.0]])
        moments.append(tracker.update(frame, frame / 10, Detections(box, np.array([0.9]))))
    told = refine(collect(moments), PLAIN)
    assert told.frames.tolist() == list(range(10))
    assert set(told.ids.tolist()) == {1}
