"""From what the user typed to open sources."""

import re
from pathlib import Path

from configs.errors import InputError
from tracker.video.files import ImageFolder, VideoFile
from tracker.video.source import CameraSource, Source, VideoSettings
from tracker.video.stream import LiveStream

__all__ = ["cameras_of_paths", "open_source"]

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
