"""How the tracks of one camera are found, kept and reported."""

from pydantic import Field

from configs.settings import Settings
from tracker.association import Stage
from tracker.candidates import CandidateSettings
from tracker.kalman import MotionSettings
from tracker.plausibility import PlausibilitySettings

__all__ = ["CameraTrackerSettings"]


class CameraTrackerSettings(Settings):
    """How the tracks of one camera are found, kept and reported.

    The defaults come from MOT17-02, 05, 09, 11 and 13 with public FRCNN and DPM detections, motion
    only. `tools/search` fitted the plausibility rule and compared values of
    `candidates.max_iou` and of the rule's `min_probability`; 0.35 was the better `max_iou` in every
    fold, 0.42 the better probability in four of five. Everything else was picked by hand on all
    five. So only the rule is held out in the first of these rows (HOTA, MOTA, IDF1):

    rule fitted without the scene:  FRCNN 47.4, 47.8, 54.8;  DPM 31.6, 31.5, 39.8
    rule fitted to all five:        FRCNN 47.5, 48.1, 55.0;  DPM 31.8, 31.9, 40.2
    """

    candidates: CandidateSettings = CandidateSettings()
    """Which boxes take part."""
    confident_score: float = Field(default=0.5, ge=0, le=1)
    """A detection at or above this score is confident; one below it is faint."""
    stages: tuple[Stage, ...] = (
        Stage(min_similarity=0.2, buffer=0.3),
        Stage(tracks=("tracked",), detections="faint", min_similarity=0.5, buffer=0.5),
        Stage(tracks=("tentative",), min_similarity=0.3, buffer=0.3),
    )
    """The rounds of pairing, in order. Who is paired in one takes no part in the next."""
    motion: MotionSettings = MotionSettings()
    """The box filter."""
    faint_doubt: float = Field(default=2.0, ge=0)
    """By how much a detection of score 0 is trusted less than one of score 1: its measurement
    noise is 1 + this times as large."""
    common_motion: bool = True
    """Tracks not yet paired follow the median error of those that are: a moving camera."""
    image_motion: bool = False
    """Read the camera's motion from the images, where they are given (sparse optical flow)."""
    recovery_steps: int = Field(default=0, ge=0)
    """When a lost track is seen again, replay the gap along a straight line in this many steps
    (OC-SORT's re-update); 0 doesn't."""
    gallery_size: int = Field(default=30, ge=1)
    """Embeddings remembered per track, where detections bring them."""
    birth_score: float = Field(default=0.3, ge=0, le=1)
    """An unpaired detection at or above this score begins a tentative track."""
    min_hits: int = Field(default=1, ge=1)
    """Detections that a track must have taken before it is confirmed."""
    confirm_probability: float = Field(default=0.9, ge=0, lt=1)
    """A track is confirmed once 1 - product(1 - score) of its detections reaches this: one sure
    detection is enough, or several faint ones."""
    report_tentative: bool = False
    """Report tracks also before they are confirmed, for a second pass that will know which ones
    were. `is_new` then marks the frame of the confirmation, which need not be the first."""
    max_tentative_missed: int = Field(default=0, ge=0)
    """Updates that a track not yet reported may stay unseen."""
    max_gap: float = Field(default=2.0, ge=0)
    """Seconds that a reported track may stay unseen before it is dropped."""
    max_predicted: int = Field(default=30, ge=0)
    """Updates for which a reported track that isn't seen may be reported at its predicted box."""
    plausibility: PlausibilitySettings | None = PlausibilitySettings()
    """Report only boxes that are likely right; null reports every box of a reported track."""
    detected_share: float = Field(default=0.0, ge=0, le=1)
    """Where a track is seen, report its filtered box (0), the detected one (1), or between."""
