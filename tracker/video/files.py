"""Frames from video files and folders of images."""

import configparser
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np

from configs.errors import InputError
from reid.images import read_image
from tracker.types import Frame, Image
from tracker.video.decoding import MAX_PIXELS, bgr, decode, open_container, timed
from tracker.video.source import CameraSource, SourceReport, VideoSettings

__all__ = ["ImageFolder", "VideoFile"]

IMAGE_SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
FILE_OPTIONS = {"protocol_whitelist": "file,crypto,data"}  # a playlist can't reach the network


class VideoFile:
    """A video file. Stretches that don't decode are skipped and counted in `report.corrupt`."""

    live = False

    def __init__(self, camera: CameraSource, settings: VideoSettings) -> None:
        self.camera = camera.name
        self.report = SourceReport()
        self._path = camera.location
        self._offset = camera.offset
        self._settings = settings
        with closing(open_container(self._path, FILE_OPTIONS)) as container:
            stream = container.streams.video[0]
            self.size = (stream.codec_context.width, stream.codec_context.height)
            self.rate = float(stream.average_rate or 25) / settings.stride
            first = next(decode(container, SourceReport()), None)
        if first is None:
            raise InputError(f"{self._path}: the video has no frames that can be decoded")

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`; the index counts all frames of the file, skipped ones too."""
        settings = self._settings
        with closing(open_container(self._path, FILE_OPTIONS)) as container:
            index = self._seek(container)
            for picture, time in timed(container, self.report):
                time += self._offset
                if settings.stop is not None and time >= settings.stop:
                    return
                position, index = index, index + 1
                if picture is None or time < settings.start or position % settings.stride:
                    continue
                self.report.frames += 1
                yield Frame(self.camera, position, time, bgr(picture))

    def glimpses(self, count: int) -> Iterator[Frame]:
        """See `Source.glimpses`: key frames, which need no others to be decoded."""
        with closing(open_container(self._path, FILE_OPTIONS)) as container:
            stream = container.streams.video[0]
            if stream.time_base is None or not container.duration:
                return
            begin = (container.start_time or 0) / 1e6
            stop = container.duration / 1e6 + self._offset
            if self._settings.stop is not None:
                stop = min(stop, self._settings.stop)
            looked: set[int | None] = set()  # key frames, by the stamps of their packets
            for time in np.linspace(max(self._settings.start, self._offset), stop, count + 2)[1:-1]:
                pts = int((float(time) - self._offset + begin) / stream.time_base)
                try:
                    container.seek(pts, stream=stream, backward=True)
                    packet = next(container.demux(stream), None)
                    if packet is None or packet.pts in looked:  # no need to decode it again
                        continue
                    looked.add(packet.pts)
                    container.seek(pts, stream=stream, backward=True)
                except av.error.FFmpegError:
                    continue
                picture = next(decode(container, SourceReport()), None)
                if picture is None or picture.pts is None:
                    continue
                shown = float(picture.pts * stream.time_base) - begin
                index = round(shown * float(stream.average_rate or 25))
                yield Frame(self.camera, index, shown + self._offset, bgr(picture))

    def _seek(self, container: av.container.InputContainer) -> int:
        """Go to the last key frame before the start; return the index of the frame there."""
        stream = container.streams.video[0]
        target = self._settings.start - self._offset
        if target <= 1 or stream.time_base is None:
            return 0
        begin = container.start_time or 0  # microseconds
        pts = int((target + begin / 1e6) / stream.time_base)
        with closing(open_container(self._path, FILE_OPTIONS)) as scan:
            before = []  # presentation stamps, to count the frames without decoding them
            for packet in scan.demux(video=0):
                if packet.dts is not None and packet.dts > pts:
                    break
                if packet.pts is not None:
                    before.append(packet.pts)
        container.seek(pts, stream=stream, backward=True)
        with closing(open_container(self._path, FILE_OPTIONS)) as probe:
            probe.seek(pts, stream=probe.streams.video[0], backward=True)
            first = next(decode(probe, SourceReport()), None)
        if first is None or first.pts is None:
            return 0
        return sum(stamp < first.pts for stamp in before)


class ImageFolder:
    """A folder of pictures in the order of their names; seqinfo.ini tells the frame rate."""

    live = False

    def __init__(self, camera: CameraSource, settings: VideoSettings) -> None:
        self.camera = camera.name
        self.report = SourceReport()
        self._offset = camera.offset
        self._settings = settings
        folder = Path(camera.location)
        self._paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
        if not self._paths:
            raise InputError(f"{folder}: the folder has no images ({', '.join(IMAGE_SUFFIXES)})")
        first = next((i for i in map(_read_image, self._paths) if i is not None), None)
        if first is None:
            raise InputError(f"{folder}: none of the {len(self._paths)} images can be decoded")
        self.size = (first.shape[1], first.shape[0])
        self._file_rate = _folder_rate(folder) or settings.image_rate
        self.rate = self._file_rate / settings.stride

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`; the index counts the files, from 0."""
        settings = self._settings
        for index in range(0, len(self._paths), settings.stride):
            time = index / self._file_rate + self._offset
            if settings.stop is not None and time >= settings.stop:
                return
            if time < settings.start:
                continue
            image = _read_image(self._paths[index])
            if image is None:
                self.report.corrupt += 1
                continue
            self.report.frames += 1
            yield Frame(self.camera, index, time, image)

    def glimpses(self, count: int) -> Iterator[Frame]:
        """See `Source.glimpses`."""
        times = np.arange(len(self._paths)) / self._file_rate + self._offset
        stop = np.inf if self._settings.stop is None else self._settings.stop
        first, last = np.searchsorted(times, [self._settings.start, stop]).tolist()
        for index in _spread(first, last, count):
            image = _read_image(self._paths[index])
            if image is not None:
                yield Frame(self.camera, index, float(times[index]), image)


def _spread(first: int, last: int, count: int) -> list[int]:
    """At most `count` whole numbers in first..last - 1, evenly."""
    return sorted({int(n) for n in np.linspace(first, last, count + 2)[1:-1]} - {last})


def _read_image(path: Path) -> Image | None:
    """A picture from a file, or None if it can't be decoded (or is absurdly large)."""
    image = read_image(path)
    return None if image is None or image.shape[0] * image.shape[1] > MAX_PIXELS else image


def _folder_rate(folder: Path) -> float | None:
    """Frames per second by a MOTChallenge seqinfo.ini in the folder or above it."""
    for info in (folder / "seqinfo.ini", folder.parent / "seqinfo.ini"):
        if info.is_file():
            parser = configparser.ConfigParser()
            try:
                parser.read(info)
                rate = parser.getfloat("Sequence", "frameRate")
            except (configparser.Error, ValueError) as error:
                raise InputError(f"{info}: {str(error).splitlines()[0]}") from None
            return rate if rate > 0 else None
    return None
