"""How the detector is trained."""

from typing import Annotated

from pydantic import Field

from configs.settings import Settings

__all__ = ["DetectorTraining"]


class DetectorTraining(Settings):
    """How the detector is trained."""

    steps: int = Field(6000, ge=1)
    """Batches in all; the learning rate falls to nearly zero over them."""
    sides: tuple[Annotated[int, Field(ge=64, multiple_of=32)], ...] = Field(
        (224, 320, 448), min_length=1
    )
    """Of the square canvases, pixels; each step has one of these sizes. People reach from a few
    pixels to all of a canvas's height, so the largest side should not be lower than pictures
    are at run time: who is larger than anybody in training is cut into halves. Small canvases show
    more different people for the same time."""
    pixels: int = Field(600_000, ge=8192)
    """Of all canvases of a step, about: the smaller they are, the more, but two at least."""
    mosaics: float = Field(0.4, ge=0, le=1)
    """Share of canvases that four pictures share."""
    spoilt: float = Field(0.65, ge=0, le=1)
    """Share of canvases that lights, lenses, sensors and codecs spoil."""
    spoilt_before: float = Field(0.0, ge=0, le=1)
    """Share of pictures that the same spoils at their own size, before they are shrunk and cut:
    what a camera does happens before the picture is made smaller."""
    learning_rate: float = Field(2e-3, gt=0)
    """Of AdamW, after the warm-up."""
    warmup: int = Field(200, ge=1)
    """Steps over which the learning rate rises."""
    weight_decay: float = Field(0.05, ge=0)
    """Of AdamW."""
    average: float = Field(0.998, ge=0, lt=1)
    """Share of the running average of the weights that a step keeps; the average is exported."""
    teaching: float = Field(0.5, ge=0)
    """Weight of the teacher's scores and boxes beside the annotations."""
    describing: float = Field(2.0, ge=0)
    """Weight of the teacher's features."""
    bfloat16: bool = False
    """bfloat16 for the backbone and the neck: faster where the processor has it built in
    (AVX512-BF16, AMX), slower elsewhere."""
    save_every: int = Field(200, ge=1)
    """Steps between checkpoints."""
    seed: int = 0
    """Of weights, pictures and augmentation."""

    def canvases(self, side: int) -> int:
        """How many of this size a step has."""
        return max(2, round(self.pixels / side**2))
