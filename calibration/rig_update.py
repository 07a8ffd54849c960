"""Rigs with one thing changed: values stay values."""

from collections.abc import Mapping
from dataclasses import replace

from calibration.camera import Camera
from calibration.rig import Rig
from calibration.rig_schema import check_name

__all__ = ["with_camera", "with_time_offsets"]


def with_camera(rig: Rig, name: str, camera: Camera) -> Rig:
    """The rig with this camera's calibration new or replaced; all else stays.

    Raises InputError: a name that can't be a file's.
    """
    check_name(name)
    names = rig.names if name in rig.names else (*rig.names, name)
    return replace(rig, names=names, cameras={**rig.cameras, name: camera})


def with_time_offsets(rig: Rig, offsets: Mapping[str, float]) -> Rig:
    """The rig with these time offsets (seconds to add to a camera's own time); others stay."""
    return replace(rig, time_offsets={**rig.time_offsets, **offsets})
