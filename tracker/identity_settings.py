"""When an arrival is somebody already known: every setting, with its unit and effect."""

from pydantic import Field

from configs import Settings
from reid.appearances import AppearanceSettings
from tracker.travel import TravelSettings

__all__ = ["IdentitySettings"]


class IdentitySettings(Settings):
    """When an arrival is somebody already known."""

    return_probability: float = Field(default=0.8, gt=0, lt=1)
    """Probability that an arrival is one of those who left, before looks are compared. It is
    shared between them: the more there are, the more alike one must look."""
    overlap: bool = True
    """Whether cameras without calibration may see the same place at once. If so, an arrival may
    also be a person who is active on another camera."""
    overlap_probability: float = Field(default=0.3, gt=0, lt=1)
    """Probability that it is one of those, before looks are compared."""
    exchange_probability: float = Field(default=0.01, gt=0, lt=1)
    """Probability that a track shows somebody else after it met another one, or was lost for a
    moment, before looks are compared."""
    stranger_probability: float = Field(default=0.001, gt=0, le=1)
    """Probability that who it then shows is somebody new, where it is known where they stand and
    no door is known to be near; else that is as likely as one of those who were met."""
    newcomer_probability: float = Field(default=0.02, gt=0, le=1)
    """How likely an arrival is somebody new who is first seen away from all known doors, beside
    one at a door: a detector that overlooked them at the door, or a door that isn't known."""
    clear_margin: float = 3.0
    """Nats by which a track that was asked again must look more like its person than like anybody
    else for its pictures to be remembered as that person's."""
    certain_after: float = Field(default=2.0, gt=0)
    """Seconds: pictures of one track this far apart tell how one person's differ, and two tracks
    that one camera sees at once for so long are certainly two people."""
    explained_candidates: int = Field(default=3, ge=1)
    """Likeliest candidates that an event names."""
    appearance: AppearanceSettings = AppearanceSettings()
    travel: TravelSettings = TravelSettings()
