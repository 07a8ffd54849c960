"""How a detector's raw output becomes detections."""

from pydantic import Field

from configs import Settings

__all__ = ["DetectionSettings"]


class DetectionSettings(Settings):
    """Applied to what an ONNX detector puts out; files of detections are taken as they are."""

    pixels: int = Field(196_608, ge=32 * 32)
    """About as many pixels of a picture are shown to a network that takes pictures of any size:
    more find smaller people and take longer. The default is 512 x 384, or 576 x 320."""
    score: float = Field(0.1, ge=0, le=1)
    """Boxes below this score are dropped; the tracker itself tells strong from weak ones."""
    nms_iou: float = Field(0.5, ge=0, le=1)
    """Of two boxes that overlap by more than this IoU the weaker is dropped."""
    min_height: float = Field(0.0, ge=0)
    """Boxes lower than this many pixels are dropped."""
    max_candidates: int = Field(1000, ge=1)
    """Of more boxes than this in a picture, those with the lower scores are dropped before overlaps
    are looked at. A crowd gives some hundred; scores near 0 thousands, for no more people."""
    threads: int = Field(0, ge=0)
    """Processor threads of the network; 0: as many as there are cores."""
