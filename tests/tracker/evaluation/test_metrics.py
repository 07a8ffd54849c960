"""CLEAR, ID and HOTA by hand, against slow twins, and their invariants."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.boxes import iou
from tracker.evaluation.comparison import Trajectories, compare, ground_similarity
from tracker.evaluation.scores import score


def walkers(*rows, step=10.0):
    """(frame, id, column) -> a person at `column * step` metres."""
    table = np.array(rows, float).reshape(-1, 3)
    places = np.column_stack([table[:, 2] * step, np.zeros(len(table))])
    return Trajectories(table[:, 0].astype(int), table[:, 1].astype(int), places)


def scores(truth, result, reach=1.0):
    return score(compare(truth, result, ground_similarity(reach)))


NOBODY = walkers()
TWO = walkers(*[(f, i, i) for f in range(4) for i in (1, 2)])
CASES = {
    # name: (truth, result, misses, false alarms, switches, fragments, MOTA, IDF1)
    "nothing at all": (NOBODY, NOBODY, 0, 0, 0, 0, 0, 0),
    "nobody found": (TWO, NOBODY, 8, 0, 0, 0, 0, 0),
    "nobody there": (NOBODY, TWO, 0, 8, 0, 0, 0, 0),
    "perfect": (TWO, TWO, 0, 0, 0, 0, 1, 1),
    "everybody elsewhere": (TWO, walkers((0, 1, 7), (1, 1, 8)), 8, 2, 0, 0, -2 / 8, 0),
    "no frame in common": (TWO, walkers((9, 1, 1), (10, 1, 1)), 8, 2, 0, 0, -2 / 8, 0),
    "one id for each half": (
        TWO,
        walkers(*[(f, i + 10 * (f > 1), i) for f in range(4) for i in (1, 2)]),
        *(0, 0, 2, 0, 6 / 8, 4 / 8),
    ),
    "ids swapped half-way": (
        TWO,
        walkers(*[(f, i if f < 2 else 3 - i, i) for f in range(4) for i in (1, 2)]),
        *(0, 0, 2, 0, 6 / 8, 4 / 8),
    ),
    "a gap, same id": (
        walkers(*[(f, 1, 1) for f in range(5)]),
        walkers((0, 1, 1), (1, 1, 1), (2, 9, 5), (4, 1, 1)),
        *(2, 1, 0, 1, 2 / 5, 2 * 3 / 9),
    ),
    "a gap with an empty result is no fragment": (
        walkers(*[(f, 1, 1) for f in range(5)]),
        walkers((0, 1, 1), (1, 1, 1), (4, 1, 1)),
        *(2, 0, 0, 0, 3 / 5, 2 * 3 / 8),
    ),
    "a gap while somebody else is seen": (
        walkers(*[(f, i, i) for f in range(3) for i in (1, 2)]),
        walkers((0, 1, 1), (0, 2, 2), (1, 2, 2), (2, 1, 1), (2, 2, 2)),
        *(1, 0, 0, 1, 5 / 6, 2 * 5 / 11),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_counts_by_hand(case):
    truth, result, misses, false_alarms, switches, fragments, mota, idf1 = case
    found = scores(truth, result)
    clear = found.clear
    assert (clear.misses, clear.false_alarms) == (misses, false_alarms)
    assert (clear.switches, clear.fragments) == (switches, fragments)
    assert clear.mota == pytest.approx(mota)
    assert found.identity.idf1 == pytest.approx(idf1)


def test_an_empty_comparison_can_be_selected_from():
    nothing = np.zeros(0, bool)
    kept = compare(NOBODY, NOBODY, iou).select(nothing, nothing)
    assert score(kept).table()["HOTA"] == 0


def test_mostly_tracked_is_more_than_four_fifths_and_lost_less_than_one():
    def found_in(n):
        clear = scores(
            walkers(*[(f, 1, 1) for f in range(10)]), walkers(*[(f, 1, 1) for f in range(n)])
        ).clear
        return clear.mostly_tracked, clear.partly_tracked, clear.mostly_lost

    assert found_in(9) == (1, 0, 0)
    assert found_in(8) == (0, 1, 0)
    assert found_in(2) == (0, 1, 0)
    assert found_in(1) == (0, 0, 1)


def test_a_pair_is_kept_though_another_is_nearer():
    truth = walkers((0, 1, 0.0), (1, 1, 0.0))
    result = walkers((0, 5, 0.0), (1, 5, 0.06), (1, 6, 0.0))  # 0.6 m and 0 m away
    assert scores(truth, result).clear.switches == 0


def test_ground_likeness_is_one_half_at_the_reach():
    likeness = ground_similarity(0.5)
    here, there = np.zeros((1, 2)), np.array([[0, 0], [0.5, 0], [0, 1], [3, 4]])
    assert likeness(here, there).tolist() == [[1, 0.5, 0, 0]]
    assert likeness(here, there[:0]).shape == (1, 0)
    with pytest.raises(ValueError, match="above 0"):
        ground_similarity(0)


def test_hota_by_hand_when_all_places_are_exact():
    """Ids change half-way: each of 4 pairs covers 2 of 4 + 2 - 2 rows, so AssA = 1/2."""
    truth, result = CASES["one id for each half"][:2]
    found = scores(truth, result).hota
    assert (found.det_a, found.ass_a, found.loc_a) == pytest.approx((1, 0.5, 1))
    assert found.hota == pytest.approx(np.sqrt(0.5))


def test_hota_counts_the_thresholds_that_a_shift_passes():
    truth = walkers(*[(f, 1, 0) for f in range(3)])
    result = walkers(*[(f, 1, 0.06) for f in range(3)])  # 0.6 m: likeness 0.7 of reach 1 m
    found = scores(truth, result).hota
    assert found.hota == pytest.approx(14 / 19)  # 0.05 ... 0.70
    assert found.loc_a == pytest.approx((14 * 0.7 + 5) / 19)


def test_an_id_twice_in_a_frame_is_refused():
    with pytest.raises(ValueError, match="twice"):
        walkers((0, 1, 0), (0, 1, 5))


@st.composite
def crowds(draw, people=4, frames=5):
    seed = draw(st.integers(0, 100_000))
    generator = np.random.default_rng(seed)
    present = generator.random((frames, people)) < 0.7
    when, who = np.nonzero(present)
    return Trajectories(when, who + 3, generator.uniform(0, 3, (len(when), 2)))


@given(crowds())
def test_the_truth_itself_is_perfect(truth):
    found = scores(truth, truth)
    ratios = (found.clear.mota, found.identity.idf1, found.hota.hota)
    assert ratios == pytest.approx((1, 1, 1) if len(truth) else (0, 0, 0))


@given(crowds(), crowds(), st.permutations(range(8)))
def test_names_of_ids_and_order_of_rows_do_not_matter(truth, result, names):
    order = np.random.default_rng(0).permutation(len(result))
    renamed = Trajectories(
        result.frames[order], np.array(names)[result.ids][order] * 7, result.places[order]
    )
    a, b = scores(truth, result).table(), scores(truth, renamed).table()
    assert a == pytest.approx(b)


@given(crowds(), crowds(people=3))
def test_id_matches_equal_brute_force(truth, result):
    comparison = compare(truth, result, ground_similarity(1.0))
    people, ids = comparison.truth_id_count, comparison.result_id_count
    agree = np.zeros((people, ids), int)
    for a, b, similarity in comparison.shared_frames():
        for i, person in enumerate(comparison.truth_ids[a]):
            for j, other in enumerate(comparison.result_ids[b]):
                agree[person, other] += similarity[i, j] >= 0.5
    padded = np.hstack([agree, np.zeros((people, people), int)])
    best = max(
        sum(padded[person, column] for person, column in enumerate(columns))
        for columns in itertools.permutations(range(padded.shape[1]), people)
    )
    assert scores(truth, result).identity.matches == best


def slow_hota(comparison, alpha):
    """Matches, and the sum of their Jaccard indices: the paper's equations in plain loops."""
    truths, results = comparison.truth_ids.tolist(), comparison.result_ids.tolist()
    frames = [
        (truths[a], results[b], similarity) for a, b, similarity in comparison.shared_frames()
    ]
    shared = dict.fromkeys(itertools.product(truths, results), 0.0)
    for people, others, s in frames:
        for (i, person), (j, other) in itertools.product(enumerate(people), enumerate(others)):
            rest = sum(s[i]) + sum(s[:, j]) - s[i, j]
            shared[person, other] += s[i, j] / rest if rest > 0 else 0
    alike = {(a, b): n / (truths.count(a) + results.count(b) - n) for (a, b), n in shared.items()}
    pairs = []
    for people, others, s in frames:
        columns = [*range(len(others)), *[None] * len(people)]
        best = max(
            itertools.permutations(columns, len(people)),
            key=lambda chosen: sum(
                alike[person, others[j]] * s[i, j]
                for i, (person, j) in enumerate(zip(people, chosen, strict=True))
                if j is not None
            ),
        )
        pairs += [
            (person, others[j])
            for i, (person, j) in enumerate(zip(people, best, strict=True))
            if j is not None and s[i, j] >= alpha - 1e-12
        ]
    jaccard = [
        pairs.count((a, b)) / (truths.count(a) + results.count(b) - pairs.count((a, b)))
        for a, b in pairs
    ]
    return len(pairs), sum(jaccard)


@settings(max_examples=25)
@given(crowds(people=3), crowds(people=3), st.sampled_from(range(0, 19, 3)))
def test_hota_equals_its_definition(truth, result, k):
    comparison = compare(truth, result, ground_similarity(1.0))
    found = scores(truth, result).hota
    matches, association = slow_hota(comparison, 0.05 * (k + 1))
    assert found.matches[k] == matches
    assert found.association[k] == pytest.approx(association)
