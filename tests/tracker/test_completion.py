"""Gaps bridged and ways prolonged, on hand-made ways; and which boxes then look right."""

import numpy as np
import pytest

from tracker.completion import CompletionSettings, complete
from tracker.hindsight import HindsightSettings, gather, likely
from tracker.trajectories import Trajectories

TIMES = np.arange(60) / 10
PLAIN = CompletionSettings(smoothing=0, extension=0)


def way(identity, frames, left=0.0, step=2.0, bottom=130.0, score=0.9):
    frames = np.array(frames)
    x = left + step * frames
    boxes = np.column_stack([x, np.full(len(x), bottom - 80), x + 30, np.full(len(x), bottom)])
    count = len(frames)
    return Trajectories(
        frames,
        TIMES[frames],
        np.full(count, identity),
        boxes,
        np.full(count, score),
        np.ones(count, bool),
    )


def test_nobody():
    ways, facts = complete(Trajectories.joined([]), TIMES, PLAIN)
    assert len(ways) == len(facts.away) == 0


def test_a_gap_is_bridged_on_the_way():
    ways, facts = complete(way(1, [0, 1, 2, 6, 7]), TIMES, PLAIN)
    assert ways.frames.tolist() == list(range(8))
    assert ways.boxes[:, 0] == pytest.approx(2.0 * np.arange(8))
    assert ways.seen.tolist() == [True] * 3 + [False] * 3 + [True] * 2
    assert facts.away == pytest.approx([0, 0, 0, 0.1, 0.2, 0.1, 0, 0])
    assert facts.gap == pytest.approx([0, 0, 0, 0.4, 0.4, 0.4, 0, 0])
    assert not facts.beyond.any()


def test_a_gap_that_is_too_long_stays():
    ways, _ = complete(way(1, [0, 1, 40, 41]), TIMES, PLAIN)
    assert ways.frames.tolist() == [0, 1, 40, 41]


def test_tracks_do_not_mix():
    both = Trajectories.joined([way(1, [0, 1, 4]), way(2, [2, 3, 6], left=300)])
    ways, _ = complete(both, TIMES, PLAIN)
    assert ways.ids.tolist() == [1] * 5 + [2] * 5
    assert (ways.boxes[ways.ids == 2, 0] >= 300).all()


def test_a_way_goes_on_a_little_beyond_both_ends_but_not_beyond_the_video():
    ways, facts = complete(
        way(1, range(2, 57)), TIMES, CompletionSettings(smoothing=0, extension=0.5)
    )
    assert ways.frames.tolist() == list(range(60))
    assert np.flatnonzero(facts.beyond).tolist() == [0, 1, 57, 58, 59]
    # The velocity of 20 pixels/s decays as exp(-t), so 0.3 s carry 20 (1 - exp(-0.3)) pixels.
    assert ways.boxes[59, 0] == pytest.approx(112 + 20 * (1 - np.exp(-0.3)), abs=0.7)
    assert ways.boxes[0, 0] == pytest.approx(4 - 20 * (1 - np.exp(-0.2)), abs=0.7)
    assert ways.boxes[:, 1] == pytest.approx(50)


def test_a_turn_out_of_sight_is_a_bend():
    straight, turned = way(1, range(10)), way(1, range(16, 26), left=56.0)
    _, facts = complete(Trajectories.joined([straight, turned]), TIMES, PLAIN)
    assert facts.bend[:10].tolist() == [0] * 10
    assert facts.bend[10:16] == pytest.approx(56 / 80, abs=0.05)


def test_smoothing_takes_noise_and_leaves_a_straight_way():
    straight = way(1, range(40))
    ways, _ = complete(straight, TIMES, CompletionSettings(extension=0, smoothing=0.2))
    assert ways.boxes == pytest.approx(straight.boxes)
    noise = np.random.default_rng(0).normal(size=(40, 4))
    noisy, _ = complete(
        straight.moved(straight.boxes + noise),
        TIMES,
        CompletionSettings(extension=0, smoothing=0.2),
    )
    assert np.std(noisy.boxes - straight.boxes) < 0.6 * noise.std()


def judged(*tracks):
    ways, facts = complete(Trajectories.joined(list(tracks)), TIMES, PLAIN)
    evidence = gather(ways, facts)
    return ways, evidence, likely(evidence, facts, HindsightSettings())


def test_what_is_often_and_surely_seen_is_likely_right_and_a_rare_faint_one_is_not():
    ways, _, right = judged(way(1, range(40)), way(2, [3, 13], left=400, score=0.15))
    assert right[ways.ids == 1].all()
    assert not right[ways.ids == 2].any()


def test_a_short_gap_of_a_well_seen_track_is_filled_and_a_long_one_of_a_faint_track_is_not():
    ways, _, right = judged(
        way(1, [*range(10), *range(13, 40)]), way(2, [0, 12, 24], left=400, score=0.2)
    )
    assert right[(ways.ids == 1) & ~ways.seen].all()
    assert not right[(ways.ids == 2) & ~ways.seen].any()


def test_who_is_behind_whom():
    ways, evidence, _ = judged(way(1, range(5)), way(2, range(5), bottom=140))
    first = ways.ids == 1  # its feet are higher up: it is farther away
    assert evidence["hidden"][first] == pytest.approx(70 / 80)
    assert evidence["hiding"][first] == pytest.approx(0)
    assert evidence["hiding"][~first] == pytest.approx(70 / 80)
    assert evidence["density"][0] == pytest.approx(5 / 11)
