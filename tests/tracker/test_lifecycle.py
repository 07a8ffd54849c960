"""Which tracks are confirmed, reported and dropped, against the same by whole rows of the table."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracker.camera_tracker_settings import CameraTrackerSettings
from tracker.kalman import MotionSettings
from tracker.lifecycle import KINDS, kinds, review
from tracker.track_table import (
    CONFIRMED,
    DOUBT,
    HIT_RATE,
    HITS,
    MEAN_SCORE,
    MISSED,
    ROW,
    SCORE,
    SEEN,
    SURPRISE,
    born,
    hide,
    observe,
)


def draw(generator, n):
    boxes = np.tile([[10.0], [20], [60], [140]], (1, n))
    tracks = born(boxes, generator.uniform(0, 1, n), np.arange(n), 1.0, MotionSettings())
    tracks[CONFIRMED] = generator.integers(0, 2, n)
    tracks[MISSED] = generator.integers(0, 4, n)
    tracks[HITS] = generator.integers(1, 4, n)
    tracks[SEEN] = generator.uniform(0, 1, n)
    return tracks


def test_what_a_track_is():
    tracks = draw(np.random.default_rng(0), 5)
    tracks[CONFIRMED], tracks[MISSED] = np.array([0, 0, 1, 1, 1]), np.array([0, 7, 0, 1, 2])
    expected = ["tentative", "tentative", "tracked", "tracked", "lost"]
    assert kinds(tracks).tolist() == [KINDS[name] for name in expected]
    assert kinds(tracks.take(np.zeros(0, int))).shape == (0,)


@given(st.integers(0, 20), st.integers(0, 10_000), st.booleans(), st.integers(0, 2))
def test_review_equals_the_slow_twin(n, seed, report_tentative, patience):
    generator = np.random.default_rng(seed)
    tracks, plausible = draw(generator, n), generator.random(n) < 0.7
    settings = CameraTrackerSettings(
        min_hits=2,
        confirm_probability=0.5,
        max_gap=0.6,
        max_tentative_missed=patience,
        report_tentative=report_tentative,
    )
    before = tracks[CONFIRMED] > 0
    new = (tracks[HITS] >= 2) & (1 - tracks[DOUBT] >= 0.5) & (tracks[MISSED] == 0)
    new &= plausible & ~before
    confirmed = before | new
    lives = np.where(confirmed, 1.2 - tracks[SEEN] <= 0.6, tracks[MISSED] <= patience)
    shown = lives & plausible & (confirmed | report_tentative)
    reported, alive, ended, is_new = review(tracks, plausible, 1.2, settings)
    assert (tracks[CONFIRMED] > 0).tolist() == confirmed.tolist()
    assert is_new.tolist() == new.tolist()
    assert reported.tolist() == np.flatnonzero(shown).tolist()
    assert alive.tolist() == np.flatnonzero(lives).tolist()
    assert ended.tolist() == np.flatnonzero(~lives).tolist()


def test_an_update_unseen_and_one_seen():
    tracks = draw(np.random.default_rng(0), 3)
    tracks[MISSED], tracks[DOUBT], tracks[HITS] = np.array([0, 1, 2]), 0.5, 4
    tracks[MEAN_SCORE], tracks[SURPRISE] = 0.6, 0.1
    hide(tracks)
    assert tracks[MISSED].tolist() == [1, 2, 3]
    assert tracks[ROW].tolist() == [-1] * 3
    np.testing.assert_allclose(tracks[HIT_RATE], 0.9)
    box = np.array([[1.0], [2], [3], [4]])
    untouched = tracks.take(np.array([0, 2])).values
    observe(tracks, np.array([1]), box, np.array([0.8]), np.array([7]), np.array([0.2]), 2.0)
    np.testing.assert_array_equal(tracks.take(np.array([0, 2])).values, untouched)
    seen = {row: tracks[row][1] for row in (MISSED, HITS, ROW, SEEN, SCORE)}
    assert seen == {MISSED: 0, HITS: 5, ROW: 7, SEEN: 2.0, SCORE: 0.8}
    means = tracks[MEAN_SCORE][1], tracks[SURPRISE][1], tracks[HIT_RATE][1], tracks[DOUBT][1]
    np.testing.assert_allclose(means, [0.62, 0.11, 1.0, 0.1])
    assert tracks.trail[:, :, 1].tolist() == [[1, 2, 3, 4], [10, 20, 60, 140], [10, 20, 60, 140]]
    np.testing.assert_array_equal(tracks.anchor[..., 1], tracks.state[..., 1])
