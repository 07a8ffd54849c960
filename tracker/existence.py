"""Is somebody there? Log-odds that detections raise and that cameras which see nobody lower."""

import numpy as np

from tracker.ground_settings import ExistenceSettings
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["hits", "misses", "seen_together", "spare"]

HIDDEN, SHOWN = 0.2, 0.8  # visible shares at which a miss says nothing, and all that it can say


def hits(sure: BoolArray, taken: IntArray, settings: ExistenceSettings) -> FloatArray:
    """(N, V) what each view's detection adds to each person.

    sure: (M,) which observations are good evidence. taken: (N, V) index of each person's
    observation or -1.
    """
    worth = np.where(np.append(sure, False)[taken], settings.hit, settings.faint_hit)
    return np.where(taken >= 0, worth, 0.0)


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
