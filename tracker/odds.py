"""Who is it? The arithmetic: evidence for each candidate against the odds of somebody new."""

import numpy as np

from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["posteriors", "prior_log_odds", "reviewed"]


def prior_log_odds(
    returning: BoolArray, active: BoolArray, journeys: FloatArray, chances: tuple[float, float]
) -> FloatArray:
    """(N, P) log odds of each candidate against somebody new, before looks are compared.

    returning, active: (N, P) who may have come back to each arrival, and who may be seen by two
    cameras at once; for others the odds are nil. journeys: (N, P) log likelihood ratios of the
    time since they left. chances: the probability that an arrival is one of those who left rather
    than somebody new, and that it is one of those who are active rather than somebody new.

    Each probability is shared between its candidates, in proportion to the ratios for those who
    left: a ratio says who of them it is, not whether it is one of them.
    """
    weights = returning * np.exp(journeys)
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    halves = active / np.maximum(active.sum(axis=1, keepdims=True), 1)
    back, twice = (chance / (1 - chance) for chance in chances)
    with np.errstate(divide="ignore"):
        return np.log(shares * back + halves * twice)


def reviewed(prior: FloatArray, own: IntArray, stranger: FloatArray, exchange: float) -> FloatArray:
    """(N, P) the prior log odds (N, P) where strangers aren't expected, and where some are known.

    own: (N,) the column of the person whom a track under review shows so far, else -1. stranger:
    (N,) how likely somebody new is there, beside one at a door. exchange: the probability that a
    track under review shows somebody else now.
    """
    prior = prior - np.log(stranger)[:, None]
    rows = np.flatnonzero(own >= 0)
    prior[rows, own[rows]] = np.log((1 - exchange) / (exchange * stranger[rows]))
    return prior


def posteriors(log_odds: FloatArray) -> FloatArray:
    """(N, P) probability of each candidate: log odds (N, P) against somebody new.

    What is missing from 1 in a row is the probability of somebody new.
    """
    top = np.maximum(log_odds.max(axis=1, initial=0.0, keepdims=True), 0.0)
    odds = np.exp(log_odds - top)
    return odds / (np.exp(-top) + odds.sum(axis=1, keepdims=True))
