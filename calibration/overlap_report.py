"""What calibration from people's tracks found: into a rig, and in words."""

from dataclasses import replace

from calibration.overlap import Overlap
from calibration.rig import Rig
from calibration.rig_update import with_camera, with_time_offsets
from configs.errors import InputError

__all__ = ["describe_overlap", "with_overlap"]


def with_overlap(rig: Rig, found: Overlap) -> Rig:
    """The rig with these cameras and time offsets; sources and frame rates stay.

    Raises InputError where the rig has calibrated cameras that weren't found: theirs is another
    world, as are an area's and doors'.
    """
    foreign = sorted(set(rig.cameras) - set(found.cameras))
    if foreign:
        raise InputError(
            f"camera {foreign[0]} is calibrated already, in another world; give another --output"
        )
    rig = replace(rig, area=None, doors={})
    for name, camera in found.cameras.items():
        rig = with_camera(rig, name, camera)
    return with_time_offsets(rig, found.seconds)


def describe_overlap(found: Overlap) -> list[str]:
    """Lines for people: every camera's offset, how well any two agree, what couldn't be told."""
    lines = [f"{name}: clock {seconds:+.3f} s" for name, seconds in found.seconds.items()]
    for names, one in found.agreements.items():
        lines.append(
            f"{names}: feet differ by {one.pixels:.1f} px, {one.metres * 100:.0f} cm (median of "
            f"{one.moments} moments)"
        )
    return lines + [f"{who}: not told: {why}" for who, why in found.refused.items()]
