"""Robust-ReID (arXiv 1910.07038): the paper's Table 1, read literally.

Counted without the training classifiers, the table adds up to 2,910,596 parameters (1x, the paper
says 2.9 M) and 5,759,834 (2x, the paper says 6.4 M: its own table does not reach that figure, and
nothing is added here to hit it). Multiply-adds of convolutions and linear layers at 160x64:
0.683 G and 1.622 G; the paper's 0.72 G and 1.68 G are met when biases, batch norm and ReLU are
counted too.
"""

from torch import nn

from reid.models.blocks import ShuffleA, ShuffleB

__all__ = ["shuffle_local", "shuffle_stage"]


def shuffle_stage(in_channels: int, out_channels: int, repeats: int) -> nn.Sequential:
    """One stage: Shuffle-B widens, `repeats` times Shuffle-A, and a last Shuffle-B halves the size.

    The map shrinks at the stage's end and not at its beginning, so that most of the network works
    at the higher resolution.
    """
    return nn.Sequential(
        ShuffleB(in_channels, out_channels, stride=1),
        *(ShuffleA(out_channels) for _ in range(repeats)),
        ShuffleB(out_channels, out_channels, stride=2),
    )


def shuffle_local(in_channels: int, out_channels: int) -> nn.Module:
    """The local branch's block at one level, shared by the four regions; halves the size."""
    return ShuffleB(in_channels, out_channels, stride=2)
