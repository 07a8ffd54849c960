"""How a detector's raw output becomes detections."""

from pydantic import Field

from configs import Settings

__all__ = ["DetectionSettings"]


class DetectionSettings(Settings):
    """Applied to what an ONNX detector puts out; files of detections are taken as they are."""

    score: float = Field(0.1, ge=0, le=1)
    """Boxes below this score are dropped; the tracker itself tells strong from weak ones."""
    nms_iou: float = Field(0.6, ge=0, le=1)
    """Of two boxes that overlap by more than this IoU the weaker is dropped."""
    min_height: float = Field(0.0, ge=0)
    """Boxes lower than this many pixels are dropped."""
    max_candidates: int = Field(1000, ge=1)
    """Of more boxes than this in a picture, those with the lower scores are dropped before overlaps
    are looked at. A crowd gives some hundred; scores near 0 thousands, for no more people."""
    threads: int = Field(0, ge=0)
    """Processor threads of the network; 0: as many as there are cores."""
