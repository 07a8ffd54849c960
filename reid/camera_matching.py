"""Matching a network to a camera: its activations get the statistics that they had in training.

Batch norm makes every activation zero on the mean and one in deviation over the training images.
Over one camera's images it is neither, since light, colours and viewpoint move it; that is much of
what makes the embeddings of two cameras differ, and more than their mean, which can be taken away
afterwards (`reid.centring`). With the camera's own statistics in place of the training's it goes
away without any label (Li et al. 2016, AdaBN; Zhuang et al. 2020 for people).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["CameraMatch", "no_match", "statistics_match"]

Array = NDArray[np.float32]

PATIENCE = 30.0  # images after which half of a camera's own statistics is believed


@dataclass(frozen=True)
class CameraMatch:
    """What each of the network's K activations is multiplied by and then moved by, (K,) each."""

    scale: Array
    shift: Array


def no_match(size: int) -> CameraMatch:
    """Leaves K activations as they are."""
    return CameraMatch(np.ones(size, np.float32), np.zeros(size, np.float32))


def statistics_match(mean: Array, square: Array) -> CameraMatch:
    """From the mean and the mean square (N, K) of K activations over each of N images.

    With few images it changes little; with none, nothing.
    """
    if not len(mean):
        return no_match(mean.shape[1])
    trust = len(mean) / (len(mean) + PATIENCE)
    own = mean.mean(axis=0)
    variance = square.mean(axis=0) - own**2
    scale = 1 / np.sqrt(trust * np.maximum(variance, 1e-3) + 1 - trust)
    return CameraMatch(scale.astype(np.float32), (-trust * own * scale).astype(np.float32))
