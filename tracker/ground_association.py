"""Whose are the detections? One-to-one in every camera, and decided for all cameras together.

Each camera's detections are paired with the predicted people; then each camera is asked again,
knowing what the others saw (coordinate ascent on the joint density). That can end where two
people who stand close have each other's detections in some cameras; so at last each such pair
tries every exchange of theirs and keeps what fits better.
"""

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tracker.assignment import assign_pairs
from tracker.fusion import Observations, densities_by_others, fuse, inverse
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["Association", "Predicted", "associate", "unclaimed"]

PASSES = 3  # of exchanging: a chain of people needs one for each link
MOST_VIEWS = 4  # of which all subsets are tried; of more views singles, pairs and all


@dataclass(frozen=True)
class Predicted:
    """The N people before a tick. means: (N, 2) metres. spreads: (N, 3)."""

    means: FloatArray
    spreads: FloatArray


@dataclass(frozen=True)
class Association:
    """taken: (N, V) the observation that each person takes in each view, or -1. ratios: (N, M) log
    ratio of each observation being that person rather than clutter, -inf where it can't be."""

    taken: IntArray
    ratios: FloatArray


def associate(
    people: Predicted,
    seen: Observations,
    views: int,
    *,
    gate: float,
    clutter: float,
    rounds: int,
    bonus: FloatArray,
) -> Association:
    """Pair N people with the M observations of V views, jointly.

    bonus: (N, M) nats that something else than the ground says for each pair.
    gate: squared Mahalanobis distance up to which a pair is possible. clutter: density of false
    observations per m^2. rounds: how often the cameras are asked.
    """
    shape = (len(people.means), views)
    taken = np.full(shape, -1)
    ratios = np.full((shape[0], len(seen)), -np.inf)
    if ratios.size == 0:
        return Association(taken, ratios)
    more = bonus + seen.odds - np.log(clutter)
    information = inverse(people.spreads)
    for turn in range(rounds):
        fused = fuse(seen, taken, people.means, information)
        density, squared = densities_by_others(seen, fused, people.means, information)
        if turn == 0:
            possible = squared < gate
        ratios = np.where(squared < gate, density + more, -np.inf)
        before, taken = taken, _pair(ratios, seen.views, views)
        if (before == taken).all():
            break
    taken = _exchange(seen, taken, possible, bonus, (people.means, information))
    return Association(taken, ratios)


def unclaimed(taken: IntArray, count: int) -> BoolArray:
    """(M,) which of so many observations nobody took. taken: any shape, -1 for none."""
    left = np.ones(count + 1, bool)
    left[taken] = False
    return left[:-1]


def _pair(ratios: FloatArray, view_of: IntArray, views: int) -> IntArray:
    """(N, V) the likeliest one-to-one pairs of each view for itself.

    A person in a view is a row of its own, so that all views are asked at once.
    """
    who, which = np.nonzero(ratios > 0)
    rows = who * views + view_of[which]
    order = np.argsort(rows, kind="stable")
    gains = ratios[who, which][order]
    shape = len(ratios) * views, len(view_of)
    made, columns = assign_pairs(rows[order], which[order], gains, shape)
    taken = np.full(shape[0], -1)
    taken[made] = columns
    return taken.reshape(-1, views)


def _exchange(
    seen: Observations,
    taken: IntArray,
    near: BoolArray,
    bonus: FloatArray,
    prior: tuple[FloatArray, FloatArray],
) -> IntArray:
    """Let people who stand close exchange detections, the most rewarding exchanges first.

    near: (N, M) which observations are possible for whom, by the prediction alone. bonus: (N, M)
    nats for each pair. prior: their predicted means (N, 2) and information (N, 3).
    """
    possible = np.append(near, np.ones((len(near), 1), bool), axis=1)
    pairs = _pairs(possible, taken)
    if not len(pairs):
        return taken
    subsets = _subsets(taken.shape[1])
    bonus = np.append(bonus, np.zeros((len(bonus), 1)), axis=1)  # of no observation
    for _ in range(PASSES):
        if not len(pairs):
            break
        before = taken[pairs]  # (P, 2, V)
        swapped = np.where(subsets[:, None], before[:, None, ::-1], before[:, None])
        which, how = np.nonzero(_allowed(possible, pairs, before, subsets))
        if not len(which):
            break
        tried = np.concatenate([before, swapped[which, how]])
        whose = np.concatenate([pairs, pairs[which]])
        cost = _cost(seen, tried, whose, prior)
        cost -= bonus[whose[:, :, None], tried].sum(axis=(1, 2))
        gain = cost[: len(pairs)][which] - cost[len(pairs) :]
        changed = np.zeros(len(taken), bool)
        for k in np.argsort(-gain, kind="stable"):
            two = pairs[which[k]]
            if gain[k] <= 1e-6:
                break
            if not changed[two].any():
                taken[two] = swapped[which[k], how[k]]
                changed[two] = True
        pairs = pairs[changed[pairs].any(axis=1)]
    return taken


def _cost(
    seen: Observations,
    tried: IntArray,
    whose: IntArray,
    prior: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """(K,) cost of K pairs of people, whose (K, 2), who take the observations tried (K, 2, V)."""
    flat = whose.ravel()
    rows = tried.reshape(len(flat), -1)
    cost = fuse(seen, rows, prior[0][flat], prior[1][flat]).cost
    return cost.reshape(-1, 2).sum(axis=1)


def _allowed(
    possible: BoolArray, pairs: IntArray, before: IntArray, subsets: BoolArray
) -> BoolArray:
    """(P, S) which of the exchanges are possible, each once: where both are silent in a view,
    exchanging there as well changes nothing."""
    could: BoolArray = np.asarray(possible[pairs[:, :, None], before[:, ::-1]].all(axis=1))
    useful = could & (before >= 0).any(axis=1)
    allowed: BoolArray = np.asarray((useful[:, None] | ~subsets).all(axis=2))
    if subsets.shape[1] > MOST_VIEWS:  # all views together stand for many sets not listed
        allowed[:, -1] = could.all(axis=1)
    return allowed


def _pairs(possible: BoolArray, taken: IntArray) -> IntArray:
    """(P, 2) people one of whom could have a detection that the other took."""
    could = possible[:, taken] & (taken >= 0)  # (N, N, V): n could have what m took in v
    close = could.any(axis=2)
    return np.argwhere(np.triu(close | close.T, k=1))


@lru_cache
def _subsets(views: int) -> BoolArray:
    """(S, V) the sets of views in which two people's detections are exchanged together."""
    sizes = range(1, views + 1) if views <= MOST_VIEWS else (1, 2, views)
    chosen = [c for size in sizes for c in itertools.combinations(range(views), size)]
    made = np.zeros((len(chosen), views), bool)
    for row, views_of_row in enumerate(chosen):
        made[row, list(views_of_row)] = True
    return made
