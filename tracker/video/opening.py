"""From what the user typed to open sources."""

import re
from pathlib import Path

from calibration.rig import Rig
from configs.errors import InputError
from tracker.video.files import ImageFolder, VideoFile
from tracker.video.source import CameraSource, Source, VideoSettings
from tracker.video.stream import LiveStream

__all__ = ["cameras_of_paths", "cameras_of_rig", "open_source"]

STREAM_URL = re.compile(r"^(rtsps?|rtmps?|https?|udp|srt)://", re.IGNORECASE)


def cameras_of_paths(locations: list[str]) -> list[CameraSource]:
    """Name each source by its file's stem, its folder's name, or its URL's host and path.

    Raises InputError where two sources would have one name.
    """
    cameras: dict[str, CameraSource] = {}
    for location in locations:
        if STREAM_URL.match(location):
            bare = re.sub(r"^\w+://(?:[^/@]*@)?", "", location).split("?")[0]
            name = re.sub(r"[^\w.-]+", "_", bare).strip("_")
        else:
            path = Path(location)
            name = path.name if path.is_dir() else path.stem
            if name == "img1":  # the folder of pictures of a MOTChallenge sequence
                name = path.resolve().parent.name
        if name in cameras:
            raise InputError(
                f"{location} and {cameras[name].location} would both be camera {name!r}; "
                "rename one, or name the cameras in a cameras.yaml"
            )
        cameras[name] = CameraSource(name, location)
    return list(cameras.values())


def cameras_of_rig(rig: Rig, locations: list[str]) -> list[CameraSource]:
    """The cameras of a run with a rig, with the rig's time offsets.

    locations: videos named by their stems as the rig's cameras are; none takes the sources that
    the rig itself lists. A video that the rig doesn't know runs uncalibrated.
    Raises InputError where no video is one of the rig's cameras, or the rig lists no source.
    """
    if not locations:
        listed = {name: rig.sources[name] for name in rig.names if name in rig.sources}
        if not listed:
            raise InputError("the cameras file lists no `source`; give --videos FILE [FILE ...]")
        found = [CameraSource(name, location) for name, location in listed.items()]
    else:
        found = cameras_of_paths(locations)
        if not {camera.name for camera in found} & set(rig.names):
            raise InputError(
                f"none of the videos is called like a camera of the rig ({', '.join(rig.names)})"
            )
    return [
        CameraSource(camera.name, camera.location, rig.time_offsets.get(camera.name, 0.0))
        for camera in found
    ]


def open_source(camera: CameraSource, settings: VideoSettings) -> Source:
    """Open a camera's source and make sure that it has a picture to give.

    Raises InputError: no such file, not a video, no frames, a stream that doesn't answer.
    """
    if STREAM_URL.match(camera.location):
        return LiveStream(camera, settings)
    path = Path(camera.location)
    if path.is_dir():
        return ImageFolder(camera, settings)
    if not path.exists():
        raise InputError(f"{path}: no such file")
    return VideoFile(camera, settings)
