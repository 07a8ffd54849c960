"""Gaussian smoothing of whole batches, as one small matrix per axis."""

import torch
from torch import Tensor, nn

__all__ = ["Smoothing", "blur_matrices"]


def blur_matrices(sigmas: Tensor, n: int) -> Tensor:
    """(N, n, n) Gaussian filters with a standard deviation of `sigmas` (N,) pixels; 0 changes
    nothing. At the borders the weights inside are scaled up.
    """
    offsets = torch.arange(n, device=sigmas.device)
    offsets = offsets[:, None] - offsets
    weights = torch.exp(-(offsets**2) / (2 * sigmas.clamp(min=1e-3)[:, None, None] ** 2))
    return weights / weights.sum(2, keepdim=True)


class Smoothing(nn.Module):
    """Smooths images (N, C, H, W) by the same Gaussian.

    sigma: standard deviation in pixels of an image of 160 rows; others are smoothed in proportion.
    """

    def __init__(self, sigma: float) -> None:
        super().__init__()
        self.sigma = sigma

    def matrices(self, height: int, width: int) -> tuple[Tensor, Tensor]:
        """The filters of the rows (H, H) and of the columns (W, W)."""
        sigma = torch.tensor([self.sigma * height / 160])
        return blur_matrices(sigma, height)[0], blur_matrices(sigma, width)[0]

    def forward(self, images: Tensor) -> Tensor:
        rows, columns = (m.to(images) for m in self.matrices(*images.shape[-2:]))
        return rows @ (images @ columns.T)
