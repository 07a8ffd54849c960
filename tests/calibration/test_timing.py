"""Offsets between cameras' clocks in a small synthetic world."""

import numpy as np
import pytest

from calibration.timing import GroundTracks, estimate_offsets, pair_offset


def walk(seed, duration, speed=1.2):
    """A person's position at any time: a smooth random walk through way points of a 10 m room."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 10, (200, 2))
    times = np.concatenate(
        [[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1) / speed)]
    )
    assert times[-1] > duration + 20

    def at(t):
        return np.stack([np.interp(t + 10, times, points[:, k]) for k in (0, 1)], axis=1)

    return at


def watch(people, offset, rate, duration, noise, seed, bias=(0.0, 0.0), region=(0, 10)):
    """What a camera whose clock is `offset` behind the scene's sees of its strip of the room."""
    rng = np.random.default_rng(seed)
    times = np.arange(0, duration, 1 / rate)
    rows = []
    for number, person in enumerate(people):
        points = person(times + offset) + rng.normal(0, noise, (len(times), 2)) + bias
        seen = (
            (points[:, 0] >= region[0])
            & (points[:, 0] <= region[1])
            & (rng.random(len(times)) < 0.9)
        )
        # A new id after every gap of a second, as a tracker gives.
        breaks = np.cumsum(np.diff(times[seen], prepend=0) > 1.0)
        rows.append((times[seen], number * 1000 + breaks, points[seen]))
    return GroundTracks(*(np.concatenate(parts) for parts in zip(*rows, strict=True)))


@pytest.mark.parametrize("rate", [4, 10, 25])
@pytest.mark.parametrize("offset", [0.0, 1.0, -2.3])
def test_two_cameras_out_of_step_are_found_within_a_frame(rate, offset):
    people = [walk(seed, 60) for seed in range(6)]
    tracks = {
        "a": watch(people, 0.0, rate, 40, 0.1, seed=1),
        "b": watch(people, offset, rate, 40, 0.1, seed=2, bias=(0.1, -0.1)),
    }
    got = estimate_offsets(tracks)
    assert got["a"] == 0.0
    assert got["b"] == pytest.approx(offset, abs=min(1 / rate, 0.1))


def test_a_chain_of_cameras_that_overlap_only_with_their_neighbours():
    people = [walk(seed, 90) for seed in range(8)]
    strips = {"a": (0, 5), "b": (3, 8), "c": (6, 10)}
    offsets = {"a": 0.0, "b": 1.0, "c": -0.5}
    tracks = {
        name: watch(people, offsets[name], 10, 60, 0.1, seed=n, region=strips[name])
        for n, name in enumerate(strips)
    }
    got = estimate_offsets(tracks)
    assert got == pytest.approx(offsets, abs=0.1)


def test_rates_may_differ():
    people = [walk(seed, 60) for seed in range(5)]
    tracks = {
        "a": watch(people, 0.0, 25, 40, 0.08, seed=1),
        "b": watch(people, 0.7, 6, 40, 0.08, seed=2),
    }
    assert estimate_offsets(tracks)["b"] == pytest.approx(0.7, abs=1 / 25)


def test_what_cannot_be_told_is_left_out():
    people = [walk(seed, 60) for seed in range(4)]
    empty = GroundTracks(np.zeros(0), np.zeros(0, int), np.zeros((0, 2)))
    a = watch(people, 0.0, 10, 30, 0.1, seed=1)
    elsewhere = GroundTracks(a.times, a.ids, a.points + 100)
    # People who stand still all the time tell nothing about time.
    still = [lambda t, n=n: np.full((len(t), 2), 2.0 * n) for n in range(4)]
    standing = {name: watch(still, 0.0, 10, 30, 0.05, seed=n) for n, name in enumerate("ab")}
    assert estimate_offsets({}) == {}
    assert estimate_offsets({"a": empty, "b": empty}) == {"a": 0.0}
    assert estimate_offsets({"a": a, "b": elsewhere}) == {"a": 0.0}
    assert estimate_offsets(standing) == {"a": 0.0}


def test_sigma_tells_the_error():
    errors, sigmas = [], []
    for seed in range(8):
        people = [walk(100 * seed + n, 40) for n in range(3)]
        a, b = (watch(people, s, 10, 20, 0.15, seed=2 * seed + n) for n, s in enumerate((0.0, 1.0)))
        pair = pair_offset(a, b)
        errors.append(pair.seconds - 1.0)
        sigmas.append(pair.sigma)
    assert np.sqrt(np.mean(np.square(errors))) < 3 * np.mean(sigmas)
    assert np.mean(sigmas) < 0.05


def test_shapes_that_do_not_fit_raise():
    with pytest.raises(ValueError, match="3 times"):
        GroundTracks(np.zeros(3), np.zeros(2, int), np.zeros((3, 2)))
