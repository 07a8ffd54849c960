"""Settings of following people across a whole scene."""

from pydantic import Field

from configs import Settings
from tracker.camera_tracker_settings import CameraTrackerSettings
from tracker.encounters import EncounterSettings
from tracker.ground_settings import GroundSettings
from tracker.identities import IdentitySettings
from tracker.regrouping import RegroupingSettings

__all__ = ["EntrySettings", "SceneSettings"]


class EntrySettings(Settings):
    """Which pictures of a person are looked at, and how long a decision waits for them."""

    images: int = Field(default=4, ge=1)
    """Images of an entry that are gathered before it is decided who it is."""
    max_wait: float = Field(default=1.0, ge=0)
    """Seconds after which it is decided with the images at hand."""
    interval: float = Field(default=1.0, gt=0)
    """Seconds between two images of a person who is known already."""
    min_quality: float = Field(default=0.1, ge=0, le=1)
    """Images below this quality (score x visible share x size) aren't looked at, except where an
    entry has no better one."""
    full_height: float = Field(default=128.0, gt=0)
    """Height in pixels from which on a box counts as large."""


class SceneSettings(Settings):
    """Settings of a scene's tracking."""

    camera_tracker: CameraTrackerSettings = CameraTrackerSettings()
    ground: GroundSettings = GroundSettings()
    entries: EntrySettings = EntrySettings()
    encounters: EncounterSettings = EncounterSettings()
    identities: IdentitySettings = IdentitySettings()
    offline_pass: bool = False
    """After the run, think over who was who with all that is known then, and correct it."""
    regrouping: RegroupingSettings = RegroupingSettings()
