"""Ranking: by hand, and against the common evaluation's algorithm written out slowly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.training.ranking import RankingResult, nearest, rank, rank_distances


def slow_market(distances, query_ids, gallery_ids, query_cams, gallery_cams, max_rank):
    """The Market-1501 evaluation of torchreid, image by image: CMC (max_rank,) and mAP."""
    curves, precisions = [], []
    for q in range(len(query_ids)):
        order = sorted(range(len(gallery_ids)), key=lambda g: distances[q][g])
        hits = [
            gallery_ids[g] == query_ids[q]
            for g in order
            if not (gallery_ids[g] == query_ids[q] and gallery_cams[g] == query_cams[q])
        ]
        if not any(hits):
            continue
        curves.append([any(hits[: k + 1]) for k in range(max_rank)])
        found, total = 0, 0.0
        for position, hit in enumerate(hits):
            if hit:
                found += 1
                total += found / (position + 1)
        precisions.append(total / found)
    return np.mean(curves, axis=0), np.mean(precisions)


def slow_trapezoids(hits):
    """Average precision as Market-1501's own code accumulates it, item by item."""
    total, found, old_recall, old_precision = 0.0, 0, 0.0, 1.0
    for position, hit in enumerate(hits):
        found += hit
        recall, precision = found / sum(hits), found / (position + 1)
        total += (recall - old_recall) * (old_precision + precision) / 2
        old_recall, old_precision = recall, precision
    return total


def by_rank(hits, kind="rectangles"):
    """The result of one query whose ranked list holds these hits."""
    n = len(hits)
    return rank_distances(
        np.arange(n, dtype=float)[None],
        np.array([1]),
        np.where(hits, 1, 2),
        np.array([0]),
        np.ones(n, int),
        average_precision=kind,
    )


@pytest.mark.parametrize(
    ("hits", "first", "precision", "penalty"),
    [
        ([], -1, np.nan, np.nan),
        ([0, 0], -1, np.nan, np.nan),
        ([1], 0, 1, 1),
        ([0, 1], 1, 1 / 2, 1 / 2),
        ([1, 0, 1], 0, (1 + 2 / 3) / 2, 2 / 3),
        ([0, 1, 1, 0, 1, 0], 1, (1 / 2 + 2 / 3 + 3 / 5) / 3, 3 / 5),
    ],
)
def test_scores_by_hand(hits, first, precision, penalty):
    result = by_rank(hits)
    assert result.first_match[0] == first
    np.testing.assert_allclose(result.average_precision[0], precision)
    np.testing.assert_allclose(result.inverse_negative_penalty[0], penalty)


@given(st.lists(st.booleans(), min_size=1, max_size=30).filter(any))
def test_trapezoids_equal_their_slow_twin(hits):
    value = by_rank(hits, "trapezoids").average_precision[0]
    assert value == pytest.approx(slow_trapezoids(hits))


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_the_common_evaluation_on_random_distances(seed):
    rng = np.random.default_rng(seed)
    shape = (40, 200)
    distances = rng.random(shape).astype(np.float32)
    query_ids, gallery_ids = rng.integers(0, 12, 40), rng.integers(-1, 15, 200)
    query_cams, gallery_cams = rng.integers(0, 3, 40), rng.integers(0, 3, 200)
    real = gallery_ids != -1  # that code is given galleries without junk
    curve, mean_precision = slow_market(
        distances[:, real], query_ids, gallery_ids[real], query_cams, gallery_cams[real], 20
    )
    result = rank_distances(distances, query_ids, gallery_ids, query_cams, gallery_cams)
    assert [result.cmc(k + 1) for k in range(20)] == pytest.approx(list(curve), abs=1e-6)
    assert result.mean_average_precision == pytest.approx(mean_precision, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_ties_rank_by_position_in_the_gallery(seed):
    rng = np.random.default_rng(seed)
    distances = rng.integers(0, 4, (3, 12)).astype(float)
    ids, cams = rng.integers(0, 3, 12), rng.integers(0, 2, 12)
    if not any(((ids == q) & (cams != 0)).any() for q in range(3)):
        return
    curve, mean_precision = slow_market(distances, [0, 1, 2], ids, [0, 0, 0], cams, 5)
    result = rank_distances(distances, np.arange(3), ids, np.zeros(3, int), cams)
    assert [result.cmc(k + 1) for k in range(5)] == pytest.approx(list(curve))
    assert result.mean_average_precision == pytest.approx(mean_precision)


def test_the_same_camera_and_junk_are_left_out():
    # By distance: own camera, junk, a distractor, the match.
    ids, cams = np.array([7, -1, 0, 7]), np.array([1, 2, 2, 2])
    result = rank_distances(np.arange(4.0)[None], np.array([7]), ids, np.array([1]), cams)
    assert result.first_match.tolist() == [1]
    assert result.summary()["mAP"] == pytest.approx(50)


def test_blocks_give_the_same_as_one_product(monkeypatch):
    rng = np.random.default_rng(0)
    query, gallery = rng.normal(size=(17, 8)), rng.normal(size=(50, 8))
    labels = [rng.integers(0, n, k) for n, k in [(6, 17), (6, 50), (2, 17), (2, 50)]]
    whole = rank(query, gallery, *labels)
    monkeypatch.setattr("reid.training.ranking._BLOCK_ELEMENTS", 200)
    blocks = rank(query, gallery, *labels)
    np.testing.assert_array_equal(whole.first_match, blocks.first_match)
    np.testing.assert_array_equal(whole.average_precision, blocks.average_precision)


def test_nothing_to_rank_has_no_score():
    none = np.zeros(0, int)
    result = rank(np.zeros((0, 4)), np.zeros((0, 4)), none, none, none, none)
    assert len(result) == 0
    assert np.isnan(result.cmc(1))
    assert len(RankingResult.join([])) == 0


def test_embeddings_that_are_not_finite_are_refused():
    one = np.ones(1, int)
    with pytest.raises(ValueError, match="finite"):
        rank(np.full((1, 2), np.nan), np.ones((1, 2)), one, one, one, one)


def test_nearest_lists_allowed_rows_best_first():
    likeness = np.array([0.1, 0.9, 0.5, 0.9])
    assert nearest(likeness, np.array([True, True, False, True]), 2).tolist() == [1, 3]
    assert nearest(likeness, np.zeros(4, bool), 2).tolist() == []
