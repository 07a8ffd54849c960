"""HA-CNN (Li et al., CVPR 2018), the paper's baseline, in torchreid's topology.

Without classifiers and without the convolutions' biases, which batch norm makes idle, it has
2,923,458 parameters; the paper's 2.7 M is reached without the 1x1 convolution that mixes the soft
attention's channels.
"""

from torch import nn

from reid.models.blocks import InceptionA, InceptionB

__all__ = ["inception_local", "inception_stage"]


def inception_stage(in_channels: int, out_channels: int) -> nn.Sequential:
    """One stage: Inception-A widens, Inception-B halves the size."""
    return nn.Sequential(
        InceptionA(in_channels, out_channels), InceptionB(out_channels, out_channels)
    )


def inception_local(in_channels: int, out_channels: int) -> nn.Module:
    """The local branch's block at one level, shared by the four regions; halves the size."""
    return InceptionB(in_channels, out_channels)
