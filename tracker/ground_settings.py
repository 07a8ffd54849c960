"""How people are followed on the ground plane: every setting, with its unit and effect."""

from pydantic import Field

from configs import Settings
from tracker.footprints import FootprintSettings

__all__ = ["DoorSettings", "EntranceSettings", "ExistenceSettings", "GroundSettings"]


class ExistenceSettings(Settings):
    """When somebody is believed to be there. All in nats of log-odds."""

    hit: float = Field(default=1.5, gt=0)
    """What one camera's confident detection adds: for a newcomer from `birth_score` on, if it is as
    tall as a person, for somebody confirmed from `full_score` on."""
    faint_hit: float = Field(default=0.5, ge=0)
    """What any other detection of a newcomer adds, and one of somebody confirmed at `min_score`."""
    miss: float = Field(default=1.5, ge=0)
    """What a camera that ought to see the person, and doesn't, takes away."""
    confirm: float = 4.0
    """Where a new person is confirmed."""
    drop: float = -3.0
    """Where a person is given up."""
    most: float = 8.0
    """Certainty doesn't grow beyond this."""
    interval: float = Field(default=0.25, gt=0)
    """Seconds: evidence from ticks closer than this counts in proportion, since a detector that
    errs in one frame errs in the next."""


class EntranceSettings(Settings):
    """Who appears is somebody who was lost, or somebody new: what is expected beforehand."""

    max_lost: float = Field(default=8.0, ge=0)
    """Seconds that somebody who was confirmed is waited for, reported by nobody."""
    door_density: float = Field(default=0.3, gt=0)
    """New people per m^2 where people enter: at a door, or at the border of the area."""
    inner_density: float = Field(default=0.005, gt=0)
    """New people per m^2 anywhere else, on the scale of one lost person's density."""
    reach: float = Field(default=0.7, gt=0)
    """Metres around a door or inside the area's border that count as an entrance."""


class DoorSettings(Settings):
    """Where people come and go: which door it is, and how one becomes known."""

    learned: bool = True
    """Whether doors are learned from where people come and go, if `cameras.yaml` names none."""
    reach: float = Field(default=1.0, gt=0)
    """Metres from a door within which people come and go by it."""
    evidence: float = Field(default=9.0, gt=0)
    """A place is a door when as many comings and goings within its reach are so unlikely, in nats,
    were they spread evenly over its surroundings: 9 is seven of seven, or twelve of seventeen."""
    lasted: float = Field(default=3.0, ge=0)
    """Seconds that somebody must be followed, as shorter tracks begin and end anywhere, and within
    which somebody who comes or goes walks farther than `reach`."""
    alone: float = Field(default=1.0, ge=0)
    """Metres to the next person: tracks of people closer together may be mixed up."""
    memory: int = Field(default=1000, ge=1)
    """Comings and goings that are remembered."""


class GroundSettings(Settings):
    """How people are followed on the ground plane."""

    footprint: FootprintSettings = FootprintSettings()
    existence: ExistenceSettings = ExistenceSettings()
    entrances: EntranceSettings = EntranceSettings()
    doors: DoorSettings = DoorSettings()
    min_score: float = 0.3
    """Detections below this score aren't used."""
    max_detection_iou: float = Field(default=0.7, gt=0, le=1)
    """Of two detections that overlap by more than this, the one with the lower score goes."""
    birth_score: float = 0.4
    """Detections from this score on may begin a person; fainter ones only continue one."""
    full_score: float = 0.45
    """From this score on a detection is all the evidence (`existence.hit`) for somebody confirmed
    that it can be; below it is less, down to `existence.faint_hit` at `min_score`."""
    acceleration: float = Field(default=1.5, gt=0)
    """Standard deviation of people's acceleration, m/s^2."""
    gate: float = Field(default=20.0, gt=0)
    """Squared Mahalanobis distance up to which a detection may be a person's."""
    clutter: float = Field(default=0.01, gt=0)
    """False detections of one camera in a frame per m^2 of ground."""
    box_bonus: float = Field(default=2.0, ge=0)
    """Nats for a detection that is exactly where the same camera saw the person last; falls to 0 at
    an intersection over union of one half."""
    box_memory: float = Field(default=0.2, ge=0)
    """Seconds that this last box counts."""
    margin: float = Field(default=2.0, ge=0)
    """Metres around the area in which people are followed but not reported: who steps out for a
    moment is known again."""
    merge_distance: float = Field(default=0.5, ge=0)
    """Metres: two people nearer than this whom no camera shows side by side are one..."""
    merge_time: float = Field(default=1.0, ge=0)
    """...after so many seconds."""
    max_gap: float = Field(default=1.5, ge=0)
    """Seconds that a confirmed person is reported while no camera sees them."""
    rounds: int = Field(default=3, ge=1)
    """How often the cameras are asked: from the second time each knows what the others saw."""
