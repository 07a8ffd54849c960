"""Which network, and each of the paper's modifications as a switch."""

from typing import Literal

from pydantic import Field

from configs.settings import Settings

__all__ = ["BlockKind", "L2Mode", "ModelSettings", "PoolingKind"]

BlockKind = Literal["shuffle", "inception"]
PoolingKind = Literal["gem", "average", "max", "average_max"]
L2Mode = Literal["both", "triplet_only", "off"]


class ModelSettings(Settings):
    """A ReID network.

    `network` alone gives a network as its paper has it. The switches that are None follow it:
    robust_reid has shuffle blocks, GeM and L2 in training; hacnn has Inception blocks, average
    pooling and L2 at test time only. Both share stem, attention, branches and widths.
    """

    network: Literal["robust_reid", "hacnn"] = "robust_reid"
    """Robust-ReID (arXiv 1910.07038) or its baseline HA-CNN (Li et al., CVPR 2018)."""

    blocks: BlockKind | None = None
    """What the stages and the local branch are made of. None: as the network has it."""

    pooling: PoolingKind | None = None
    """How a map becomes a vector; average_max concatenates both. None: as the network has it."""

    width: Literal["1x", "2x"] = "1x"
    """2x is the paper's "deeper and wider": channels 36, 240, 320, 480, vectors of 960."""

    l2_mode: L2Mode | None = None
    """Which training losses see unit vectors: both, only the triplet loss, or none.
    The descriptor is normalised in every case. None: as the network has it."""

    bn_neck: bool = False
    """Batch norm between the vector that the triplet loss sees and the one that is classified and
    used at test time (Luo et al. 2019). The paper found it inferior to L2."""

    logit_scale: float = Field(default=1.0, gt=0)
    """Factor on the logits. 1 is the paper's literal reading; with unit vectors the logits then
    stay in a narrow range and cross-entropy far from zero."""

    stem_norm: Literal["batch", "instance"] = "batch"
    """Normalisation after the first convolution. instance removes each picture's own contrast and
    colour cast, which helps on cameras never seen in training; the paper has batch."""

    smoothing: float = Field(default=0.0, ge=0, le=10)
    """Images are smoothed first, by a Gaussian of this standard deviation in pixels of 160 rows.
    What rendered pictures lack most is the fine detail and the sharpening of real ones."""

    @property
    def block_kind(self) -> BlockKind:
        """`blocks`, or what the network has."""
        return self.blocks or ("shuffle" if self.network == "robust_reid" else "inception")

    @property
    def pooling_kind(self) -> PoolingKind:
        """`pooling`, or what the network has."""
        return self.pooling or ("gem" if self.network == "robust_reid" else "average")

    @property
    def l2_kind(self) -> L2Mode:
        """`l2_mode`, or what the network has."""
        return self.l2_mode or ("both" if self.network == "robust_reid" else "off")
