"""Pieces of ways, by hand: who continues whom."""

import numpy as np
import pytest

from tracker.joining import JoiningSettings, cut, gather_pairs, join
from tracker.trajectories import Trajectories

RATE = 10  # frames a second
SETTINGS = JoiningSettings()


def way(identity, frames, left=0.0, step=2.0, top=50.0, height=80.0):
    """Somebody at x = left + step * frame."""
    frames = np.array(frames)
    x = left + step * frames
    boxes = np.column_stack([x, np.full(len(x), top), x + 30, np.full(len(x), top + height)])
    count = len(frames)
    return Trajectories(
        frames,
        frames / RATE,
        np.full(count, identity),
        boxes,
        np.full(count, 0.9),
        np.ones(count, bool),
    )


def frame_of_room():
    """Two people far apart, who widen what is seen: nobody else is at its border."""
    return [way(100, range(100), -500, 0), way(101, range(100), 900, 0)]


def joined(*pieces, settings=SETTINGS, appearance=None):
    table = join(Trajectories.joined([*pieces, *frame_of_room()]), settings, None, appearance)
    return {
        identity: table.frames[table.ids == identity].tolist()
        for identity in np.unique(table.ids).tolist()
        if identity not in (100, 101)
    }


def test_nobody_is_joined_to_nobody():
    assert len(join(Trajectories.joined([]), SETTINGS)) == 0


def test_pieces_that_follow_one_another_on_one_way_are_one_person():
    one = joined(way(1, range(15)), way(2, range(20, 35)), way(3, range(41, 60)))
    assert one == {1: [*range(15), *range(20, 35), *range(41, 60)]}


@pytest.mark.parametrize(
    "other",
    [
        way(2, range(14, 30)),  # while the first is still seen
        way(2, range(20, 35), left=200),  # elsewhere
        way(2, range(20, 35), height=160.0),  # twice as tall
        way(2, range(45, 60)),  # after too long
    ],
    ids=["at once", "elsewhere", "another size", "too late"],
)
def test_pieces_that_cannot_be_one_person_stay_two(other):
    assert set(joined(way(1, range(15)), other)) == {1, 2}


def test_of_two_that_could_follow_the_nearer_does():
    near, far = way(2, range(20, 35), left=1), way(3, range(20, 35), left=14)
    assert joined(way(1, range(15)), near, far) == {
        1: [*range(15), *range(20, 35)],
        3: [*range(20, 35)],
    }


def test_who_passes_behind_somebody_who_stands_goes_on():
    """The tracker took each for the other; places alone tell better where both were hidden."""
    weights = SETTINGS.weights.model_copy(update={"same": 0.0})
    walking = way(1, range(20), 0, 3), way(2, range(27, 45), 0, 3)
    standing = way(2, range(20), 85, 0), way(1, range(27, 45), 85, 0)
    rows = Trajectories.joined([*walking, *standing])
    table = Trajectories.joined([rows.relabelled(rows.ids), *frame_of_room()])
    found = join(table, SETTINGS.model_copy(update={"weights": weights}))
    for person, left, step in ((1, 0, 3), (2, 85, 0)):
        one = found[found.ids == person]
        assert one.boxes[:, 0] == pytest.approx(left + step * one.frames)
        assert len(one) == 38


def test_a_track_is_cut_only_where_it_was_out_of_sight_for_long():
    table = way(7, [0, 1, 2, 6, 7, 20, 21])
    assert cut(table, 0.5).ids.tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert cut(table, 5.0).ids.tolist() == [0] * 7
    assert len(cut(Trajectories.joined([]), 0.5)) == 0


def test_a_piece_that_finds_nobody_gets_an_id_of_its_own():
    rows = Trajectories.joined([way(1, range(15)), way(1, range(30, 45), left=300)])
    table = join(Trajectories.joined([rows, *frame_of_room()]), SETTINGS)
    assert set(table.ids.tolist()) == {1, 100, 101, 102}


def test_evidence_of_a_pair_by_hand():
    table = Trajectories.joined([way(1, range(15)), way(2, range(20, 35), left=16.0)])
    pairs = gather_pairs(table, np.array([1, 2]), table.boxes, SETTINGS)
    assert (pairs.ends.tolist(), pairs.starts.tolist()) == ([0], [1])
    evidence = {name: float(values[0]) for name, values in pairs.evidence.items()}
    assert evidence["log_gap"] == pytest.approx(np.log(0.6))
    # 8 moments, 0.1 s apart, spread by 0.42 s^2, to which the prior of rest adds 0.02 s^2.
    speed = 20 * 0.42 / 0.44
    lag = (20 - speed) * 0.35  # of both ends, whose places are told from 0.35 s away
    gap = 0.6 * 20 + 16 + 2 * lag
    assert evidence["miss_x"] == pytest.approx((gap - 2 * speed * (1 - np.exp(-0.3))) / 80)
    assert evidence["miss_y"] == pytest.approx(0)
    assert evidence["size"] == pytest.approx(0)
    assert evidence["score"] == pytest.approx(0.9)
    assert evidence["same"] == 0


def test_looks_decide_where_they_are_known():
    pieces = way(1, range(15)), way(2, range(20, 35))
    alike, unlike = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert set(joined(*pieces, appearance={1: alike, 2: alike})) == {1}
    assert set(joined(*pieces, appearance={1: alike, 2: unlike})) == {1, 2}
