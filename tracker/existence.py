"""Is somebody there? Log-odds that detections raise and that cameras which see nobody lower."""

import numpy as np

from tracker.fusion import Observations
from tracker.ground_settings import ExistenceSettings, GroundSettings
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["hits", "misses", "seen_together", "spare", "worth"]

HIDDEN, SHOWN = 0.2, 0.8  # visible shares at which a miss says nothing, and all that it can say


def worth(seen: Observations, confirmed: BoolArray, settings: GroundSettings) -> FloatArray:
    """(N, M) nats that each observation says for each person, if it is theirs.

    confirmed: (N,). For somebody who may be nobody only boxes that are confident and as tall as
    people are say much, since parts of people make faint boxes and short ones. For somebody who is
    known a box says more, the higher its score is; that it is short says nothing against them,
    as they may have sat down or be half hidden.
    """
    existence, least = settings.existence, settings.min_score
    sure = (seen.scores >= settings.birth_score) & (seen.odds >= 0)
    confident = (seen.scores - least) / max(settings.full_score - least, 1e-9)
    share = np.where(confirmed[:, None], np.clip(confident, 0, 1), sure)
    return existence.faint_hit + share * (existence.hit - existence.faint_hit)


def hits(said: FloatArray, taken: IntArray) -> FloatArray:
    """(N, V) what each view's detection adds to each person.

    said: (N, M) as of `worth`. taken: (N, V) index of each person's observation or -1.
    """
    silent = np.zeros((len(taken), 1))
    return np.take_along_axis(np.concatenate([said, silent], axis=1), taken, axis=1)


def misses(shares: FloatArray, settings: ExistenceSettings) -> FloatArray:
    """(N, V) what it costs each person not to be seen in each view that ought to show a share of
    them (N, V). Detectors find many of the half hidden: of them a miss says much, too."""
    return settings.miss * np.clip((shares - HIDDEN) / (SHOWN - HIDDEN), 0, 1)


def spare(
    taken: IntArray, ratios: FloatArray, existence: FloatArray, missed: FloatArray, most: float
) -> FloatArray:
    """(N, V) how well somebody surer, who has no detection in that view, could use this one.

    That much of a hit says nothing about the existence of who took it: it is what remains of
    two tracks that share one person's cameras between them. ratios: (N, M) log ratio of each
    observation being each person's. missed: (N, V) as of `misses`. most: what a hit is worth.
    """
    here = taken >= 0
    if not here.any():
        return np.zeros(taken.shape)
    surer = (existence[:, None] < existence) | (
        (existence[:, None] == existence) & np.tri(len(existence), k=-1, dtype=bool)
    )
    theirs = ratios[:, taken].swapaxes(0, 1)  # (N, N, V): who took it, who could use it
    fits = np.minimum(np.maximum(theirs, 0), most) + np.where(theirs > 0, missed, 0)
    possible = surer[:, :, None] & here[:, None] & ~here
    return np.where(possible, fits, 0.0).max(axis=1, initial=0.0)


def seen_together(taken: IntArray) -> BoolArray:
    """(N, N) which two people some camera shows side by side as two boxes."""
    here = (taken >= 0).astype(np.int64)
    return here @ here.T > 0
