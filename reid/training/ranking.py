"""Exact ranking of a gallery for every query: CMC, mAP and mINP by the single-query protocol.

A gallery image of the query's identity from the query's own camera is left out, as is junk
(identity -1). Distractors (an identity that no query has) stay. No re-ranking.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["AveragePrecision", "RankingResult", "nearest", "rank", "rank_distances"]

AveragePrecision = Literal["rectangles", "trapezoids"]
Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]

_BLOCK_ELEMENTS = 1 << 23  # distances held at once: 32 MB in float32


@dataclass(frozen=True)
class RankingResult:
    """Scores of Q queries; every array is (Q,), NaN or -1 where a query has no true match.

    first_match: rank, from 0, of the first true match. average_precision, inverse_negative_penalty:
    in 0..1. The latter is the share of true matches among the images up to the last one (mINP).
    """

    first_match: Ints
    average_precision: Floats
    inverse_negative_penalty: Floats

    def __len__(self) -> int:
        return len(self.first_match)

    @property
    def valid(self) -> Bools:
        """(Q,) which queries have a true match; only those count."""
        return self.first_match >= 0

    def cmc(self, k: int) -> float:
        """Share of queries with a true match among the first k; NaN without a valid query."""
        found = self.first_match[self.valid] < k
        return float(found.mean()) if len(found) else float("nan")

    @property
    def mean_average_precision(self) -> float:
        """mAP over the valid queries; NaN without one."""
        values = self.average_precision[self.valid]
        return float(values.mean()) if len(values) else float("nan")

    @property
    def mean_inverse_negative_penalty(self) -> float:
        """mINP over the valid queries; NaN without one."""
        values = self.inverse_negative_penalty[self.valid]
        return float(values.mean()) if len(values) else float("nan")

    def summary(self) -> dict[str, float]:
        """The figures that papers print, in percent, and the number of valid queries."""
        return {
            "rank1": 100 * self.cmc(1),
            "rank5": 100 * self.cmc(5),
            "rank10": 100 * self.cmc(10),
            "mAP": 100 * self.mean_average_precision,
            "mINP": 100 * self.mean_inverse_negative_penalty,
            "queries": float(self.valid.sum()),
        }

    @classmethod
    def join(cls, results: "list[RankingResult]") -> "RankingResult":
        """The queries of several results as one."""
        if not results:
            return cls(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
        return cls(
            np.concatenate([r.first_match for r in results]),
            np.concatenate([r.average_precision for r in results]),
            np.concatenate([r.inverse_negative_penalty for r in results]),
        )


def rank(
    query: Floats,
    gallery: Floats,
    query_identities: Ints,
    gallery_identities: Ints,
    query_cameras: Ints,
    gallery_cameras: Ints,
    *,
    average_precision: AveragePrecision = "rectangles",
) -> RankingResult:
    """Rank unit embeddings (Q, D) against (G, D) by cosine likeness, in blocks of bounded memory.

    `average_precision`: "rectangles" is the mean of the precision at each hit, which nearly all
    papers report; "trapezoids" is that of Market-1501's original code. Equal distances rank by
    position in the gallery.

    Raises ValueError where an embedding isn't finite.
    """
    if not (np.isfinite(query).all() and np.isfinite(gallery).all()):
        raise ValueError("embeddings must be finite numbers: did the training diverge?")
    block = max(1, _BLOCK_ELEMENTS // max(1, len(gallery)))
    results = []
    for start in range(0, len(query), block):
        rows = slice(start, start + block)
        results.append(
            rank_distances(
                -(query[rows] @ gallery.T),
                query_identities[rows],
                gallery_identities,
                query_cameras[rows],
                gallery_cameras,
                average_precision=average_precision,
            )
        )
    return RankingResult.join(results)


def rank_distances(
    distances: Floats,
    query_identities: Ints,
    gallery_identities: Ints,
    query_cameras: Ints,
    gallery_cameras: Ints,
    *,
    average_precision: AveragePrecision = "rectangles",
) -> RankingResult:
    """Rank by a matrix of distances (Q, G); see `rank` for the protocol. Q and G may be 0."""
    if distances.shape != (len(query_identities), len(gallery_identities)):
        raise ValueError(
            f"distances {distances.shape} don't fit {len(query_identities)} queries "
            f"and {len(gallery_identities)} gallery images"
        )
    first = np.full(len(distances), -1, np.int64)
    precision = np.full(len(distances), np.nan)
    penalty = np.full(len(distances), np.nan)
    of_identity = _rows_by_identity(gallery_identities)
    junk = np.flatnonzero(gallery_identities == -1)
    for row, identity in enumerate(query_identities):
        same = of_identity.get(int(identity), junk[:0])
        elsewhere = gallery_cameras[same] != query_cameras[row]
        if identity == -1 or not elsewhere.any():
            continue
        left_out = np.concatenate([same[~elsewhere], junk])
        ranks = _ranks(distances[row], same[elsewhere], left_out)
        first[row] = ranks[0]
        precision[row] = _average_precision(ranks, average_precision)
        penalty[row] = len(ranks) / (ranks[-1] + 1)
    return RankingResult(first, precision, penalty)


def nearest(similarities: Floats, allowed: Bools, count: int) -> Ints:
    """The `count` best allowed gallery rows of one query, best first; or all of them."""
    rows = np.flatnonzero(allowed)
    return rows[np.argsort(-similarities[rows], kind="stable")[:count]]


def _rows_by_identity(identities: Ints) -> dict[int, Ints]:
    """Identity -> its rows in ascending order."""
    order = np.argsort(identities, kind="stable")
    values, starts = np.unique(identities[order], return_index=True)
    return (
        dict(zip(values.tolist(), np.split(order, starts[1:]), strict=True)) if len(order) else {}
    )


def _ranks(distances: Floats, matches: Ints, left_out: Ints) -> Ints:
    """Ascending ranks, from 0, of the rows `matches` in a ranking without the rows `left_out`."""
    kept = distances.copy()
    kept[left_out] = np.inf
    ordered = np.sort(kept)  # values alone: several times faster than sorting positions
    own = np.sort(distances[matches])
    ranks = np.searchsorted(ordered, own)
    if np.all(np.searchsorted(ordered, own, side="right") - ranks == 1):
        return ranks
    return _ranks_among_ties(kept, matches)


def _ranks_among_ties(distances: Floats, matches: Ints) -> Ints:
    """As `_ranks`, by positions: for the rare query with a match as near as another image."""
    return np.flatnonzero(np.isin(np.argsort(distances, kind="stable"), matches))


def _average_precision(ranks: Ints, kind: AveragePrecision) -> float:
    """Mean precision at the hits of ascending ranks (M,), M >= 1."""
    hits = np.arange(1, len(ranks) + 1)
    at_hit = hits / (ranks + 1)
    if kind == "rectangles":
        return float(at_hit.mean())
    before = np.where(ranks > 0, (hits - 1) / np.maximum(ranks, 1), 1.0)
    return float((at_hit + before).mean() / 2)
