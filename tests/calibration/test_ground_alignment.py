"""Two grounds laid over one another by people's ways alone."""

import numpy as np
import pytest

from calibration.ground_alignment import Alignment, align_grounds, lead, matches
from calibration.timing import GroundTracks
from calibration.ways import Pieces, pair_sums, pieces_of_tracks
from configs.errors import InputError

TURN, SHIFT, LATE = np.radians(70), np.array([4.0, -3.0]), 2.0


def walked(people, seed, *, late=0.0, noise=0.1, seconds=60.0, missed=0.2, flip=(1, 1)):
    """Tracks of walkers as a view sees them whose ground and time is another one's."""
    random = np.random.default_rng(seed)
    times = np.arange(0, seconds, 0.2)
    parts = []
    for number, person in enumerate(people):
        points = person(times + late) * flip + noise * random.normal(size=(len(times), 2))
        seen = random.random(len(times)) > missed
        names = number * 100 + (times // 12).astype(int)
        parts.append((times[seen], names[seen], points[seen]))
    return GroundTracks(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def elsewhere(tracks):
    """The same tracks on another ground: what the alignment has to undo."""
    c, s = np.cos(TURN), np.sin(TURN)
    back = (tracks.points - SHIFT) @ [[c, -s], [s, c]]
    return GroundTracks(tracks.times, tracks.ids, back)


@pytest.mark.parametrize("count", [1, 5])
def test_turn_shift_and_time_are_found(people, count):
    walkers = [people.walker(seed) for seed in range(count)]
    first = walked(walkers, 1)
    second = elsewhere(walked(walkers, 2, late=LATE))
    found = align_grounds(first, second, max_offset=5.0)
    assert found.turn == pytest.approx(TURN, abs=0.1)
    # At the people's middle: a turn's error moves the far origin of the second ground.
    middle = second.points.mean(axis=0)
    c, s = np.cos(found.turn), np.sin(found.turn)
    np.testing.assert_allclose(
        np.array([[c, -s], [s, c]]) @ middle + found.shift, first.points.mean(axis=0), atol=0.4
    )
    assert found.seconds == pytest.approx(LATE, abs=0.25)


def test_what_cannot_be_known_is_refused(people):
    walkers = [people.walker(seed) for seed in range(5)]
    first = walked(walkers, 1)
    empty = GroundTracks(np.zeros(0), np.zeros(0, int), np.zeros((0, 2)))
    with pytest.raises(InputError, match="too few people"):
        align_grounds(first, empty, max_offset=5.0)
    with pytest.raises(InputError, match="too few people"):
        align_grounds(empty, first, max_offset=5.0)
    still = [lambda t, n=n: np.tile([1.5 * n, n % 2], (len(t), 1)) for n in range(5)]
    with pytest.raises(InputError, match="too few people"):
        align_grounds(walked(still, 1), walked(still, 2), max_offset=5.0)


@pytest.mark.parametrize("seed", range(3))
def test_people_of_another_place_are_refused(people, seed):
    here, there = ([people.walker(50 * seed + first + n) for n in range(5)] for first in (0, 500))
    with pytest.raises(InputError, match="by chance"):
        align_grounds(walked(here, 1), walked(there, 2), max_offset=5.0)


def test_a_mirrored_ground_is_not_taken_for_a_turned_one(people):
    walkers = [people.walker(seed) for seed in range(5)]
    mirrored = elsewhere(walked(walkers, 2, flip=(1, -1)))
    with pytest.raises(InputError, match=r"chance|mirrored"):
        align_grounds(walked(walkers, 1), mirrored, max_offset=5.0)


def test_people_on_one_line_are_refused(people):
    def on_line(walk):
        return lambda t: walk(t)[:, :1] * [1.0, 0.5]

    walkers = [on_line(people.walker(seed)) for seed in range(5)]
    first, second = (walked(walkers, seed) for seed in (1, 2))
    with pytest.raises(InputError, match="along one line"):
        align_grounds(first, elsewhere(second), max_offset=5.0)


def test_two_who_walk_alike_in_two_places_are_refused(people):
    """One camera sees two rooms with the same walk at once; the other sees it once."""
    walk = people.walker(3)
    first = walked([walk, lambda t: walk(t) + np.array([20.0, 0])], 1)
    with pytest.raises(InputError, match="in two places"):
        align_grounds(first, walked([walk], 2), max_offset=3.0)


def on_a_round(phase):
    """Walks an oval of 6 m by 3 m, a lap in 16 s."""

    def at(t):
        angle = 2 * np.pi * (t / 16 + phase)
        return np.stack([3 * np.cos(angle), 1.5 * np.sin(angle)], axis=1)

    return at


def test_two_on_one_round_are_refused_as_half_a_turn_swaps_them():
    first, second = (walked([on_a_round(0), on_a_round(0.5)], seed) for seed in (1, 2))
    with pytest.raises(InputError, match="in two places or at two times") as refused:
        align_grounds(first, elsewhere(second), max_offset=1.0)
    assert "sigmas" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert align_grounds(first, elsewhere(second), max_offset=1.0, trusting=True).evidence > 0


def test_too_short_a_time_is_refused_however_well_it_fits(people):
    """Three stretches of two seconds can't give two sigmas."""
    walkers = [people.walker(seed) for seed in range(5)]
    first, second = (walked(walkers, seed, seconds=6.0, noise=0.02) for seed in (1, 2))
    right = align_grounds(first, second, max_offset=2.0, trusting=True)
    assert right.seconds == 0
    with pytest.raises(InputError, match=r"hardly worse: more are|sigmas where 2.0 are asked"):
        align_grounds(first, second, max_offset=2.0)


def test_a_lead_counts_stretches_of_time_and_not_nats():
    best, rival = np.array([3.0, 2, 1, 0]), np.array([0.0, 1, 1, 1])
    assert lead(best, rival) == pytest.approx((3 + 1 - 1) / np.sqrt(9 + 1 + 1))
    assert lead(1000 * best, 1000 * rival) == pytest.approx(lead(best, rival))
    assert lead(rival, rival) == 0
    # However clear, n stretches give no more than sqrt(n).
    assert lead(np.full(4, 50.0), np.zeros(4)) == pytest.approx(2)


def test_matches_are_one_to_one_and_near():
    times = np.arange(0, 4, 0.25)
    x = np.column_stack([times, np.zeros(16)])

    def tracks(*shifts):
        return GroundTracks(
            np.tile(times, len(shifts)),
            np.repeat(np.arange(len(shifts)), 16) + 10,
            np.concatenate([x + shift for shift in shifts]),
        )

    found = matches(tracks([0, 0], [0, 5]), tracks([0, 4.8], [0, 0.2], [0, 0.3], [9, 9]), 0.2)
    assert {(m.first, m.second) for m in found} == {(10, 11), (11, 10)}
    assert {(m.start, m.end) for m in found} == {(0.0, 2.0), (2.0, 4.0)}
    assert matches(tracks([0, 0]), tracks([0, 0.5]), 0.2) == []
    nobody = GroundTracks(np.zeros(0), np.zeros(0, int), np.zeros((0, 2)))
    assert matches(nobody, tracks([0, 0]), 0.2) == []


def test_sums_tell_the_same_distance_as_all_moments_one_by_one():
    random = np.random.default_rng(0)
    a, b = (random.normal(size=(2, n, 6)) + 1j * random.normal(size=(2, n, 6)) for n in (3, 4))
    a[random.random(a.shape) < 0.3] = np.nan
    b[random.random(b.shape) < 0.3] = np.nan
    turn, shift = np.exp(0.7j), 0.3 - 2j
    sums = pair_sums(Pieces(a, np.zeros((2, 3), int)), Pieces(b, np.zeros((2, 4), int)))
    found = sums.squared_distance(turn, shift)
    for w, p, q in np.ndindex(2, 3, 4):
        apart = np.abs(a[w, p] - turn * b[w, q] - shift) ** 2
        assert found[w, p, q] == pytest.approx(np.nansum(apart))
        assert sums.count[w, p, q] == np.isfinite(apart).sum()


def test_pieces_are_interpolated_over_short_gaps_only():
    times = np.array([0.0, 0.5, 2.5])
    points = np.array([[0.0, 0], [1, 2], [5, 5]])
    pieces = pieces_of_tracks(GroundTracks(times, np.array([7, 7, 7]), points), 0.0, 2, 4)
    assert pieces.tracks.tolist() == [[7], [-1]]
    np.testing.assert_allclose(pieces.places[0, 0], [0, 0.5 + 1j, 1 + 2j, np.nan])
    alone = GroundTracks(times[:1], np.array([7]), points[:1])
    assert np.isfinite(pieces_of_tracks(alone, 0.0, 1, 4).places).sum() == 1


def test_an_alignment_back_and_forth_is_none():
    there = Alignment(0.4, (2.0, -1.0), 0.7, 5.0)
    back = there.reversed()
    place = np.exp(1j * back.turn) * (np.exp(1j * there.turn) * (3 + 4j) + complex(2, -1))
    assert place + complex(*back.shift) == pytest.approx(3 + 4j)
    assert (back.turn, back.seconds) == (-0.4, -0.7)
