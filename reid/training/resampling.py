"""Cropping and shrinking as matrices: what is done to the rows and columns of a whole batch.

None of these operations rotates, so each is `rows @ image @ columns.T`, and a chain of them is one
product of small matrices per axis. A batch costs two matrix products, whatever is chained.
"""

from functools import lru_cache

import torch
from torch import Tensor

__all__ = ["apply_separable", "crop_matrices", "low_resolution_matrix"]


def crop_matrices(starts: Tensor, lengths: Tensor, n_in: int, n_out: int) -> Tensor:
    """(N, n_out, n_in) weights that read `n_out` samples from the windows `starts + [0, lengths)`.

    starts, lengths: (N,) pixels of an axis with `n_in`, edges as coordinates. Bilinear where the
    window grows, a tent as wide as a sample where it shrinks. Outside the image its border
    repeats. Each row sums to 1.
    """
    step = lengths / n_out
    samples = torch.arange(n_out) + 0.5
    centres = (starts[:, None] + samples * step[:, None] - 0.5).clamp(0, n_in - 1)
    reach = step.clamp(min=1)[:, None, None]
    weights = (1 - (torch.arange(n_in) - centres[..., None]).abs() / reach).clamp(min=0)
    return weights / weights.sum(2, keepdim=True)


@lru_cache(maxsize=1024)
def low_resolution_matrix(n: int, kept: int) -> Tensor:
    """(n, n): shrink an axis of n pixels to `kept` and enlarge it again; none if `kept >= n`."""
    if kept >= n:
        return torch.eye(n)
    zero = torch.zeros(1)
    shrink = crop_matrices(zero, torch.full((1,), float(n)), n, kept)[0]
    return crop_matrices(zero, torch.full((1,), float(kept)), kept, n)[0] @ shrink


def apply_separable(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Images (N, C, H, W) through rows (N, H', H) and columns (N, W', W): (N, C, H', W')."""
    return rows[:, None] @ (images @ columns[:, None].transpose(-1, -2))
