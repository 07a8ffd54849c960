"""Frames from a network stream that may break at any time."""

import logging
import re
import time as wall
from collections.abc import Iterator

import av

from configs.errors import InputError
from tracker.types import Frame
from tracker.video.decoding import bgr, open_container, timed
from tracker.video.source import CameraSource, SourceReport, VideoSettings

__all__ = ["LiveStream"]

logger = logging.getLogger(__name__)


class LiveStream:
    """A network stream, opened again with growing waits when it breaks.

    `start` and `stop` count from the first connection. Credentials never reach the log.
    """

    live = True

    def __init__(self, camera: CameraSource, settings: VideoSettings) -> None:
        self.camera = camera.name
        self.report = SourceReport()
        self._url = camera.location
        self._shown = re.sub(r"//[^/@]*@", "//", self._url)
        self._offset = camera.offset
        self._settings = settings
        self._epoch = wall.monotonic()
        self._container: av.container.InputContainer | None = self._connect()
        stream = self._container.streams.video[0]
        self.size = (stream.codec_context.width, stream.codec_context.height)
        self.rate = float(stream.average_rate or 25) / settings.stride

    def glimpses(self, count: int) -> Iterator[Frame]:
        """See `Source.glimpses`: nobody can look ahead in what is still to come."""
        return iter(())

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`; the index counts the frames received, over all connections."""
        settings = self._settings
        index = 0
        wait = 0.5
        silent_since = wall.monotonic()
        while True:
            container, self._container = self._container, None
            try:
                container = container or self._connect()
                connected = wall.monotonic() - self._epoch
                first: float | None = None
                time_read = 0.0
                for picture, time in timed(container, self.report):
                    time_read = time
                    first = time if first is None else first
                    moment = connected + time - first + self._offset
                    if settings.stop is not None and moment >= settings.stop:
                        return
                    wait, silent_since = 0.5, wall.monotonic()
                    position, index = index, index + 1
                    if picture is None or moment < settings.start or position % settings.stride:
                        continue
                    self.report.frames += 1
                    yield Frame(self.camera, position, moment, bgr(picture))
                if _is_complete(container, time_read):
                    return
            except InputError as error:
                logger.debug("%s", error)
            finally:
                if container is not None:
                    container.close()
            silence = wall.monotonic() - silent_since
            if settings.stream_patience is not None and silence > settings.stream_patience:
                logger.warning("camera %s: %s stays silent; dropped", self.camera, self._shown)
                return
            self.report.reconnects += 1
            logger.warning(
                "camera %s: %s broke off; trying again in %.1f s", self.camera, self._shown, wait
            )
            wall.sleep(wait)
            wait = min(2 * wait, settings.reconnect_wait)

    def _connect(self) -> av.container.InputContainer:
        options = {"rtsp_transport": "tcp"} if self._url.lower().startswith("rtsp") else {}
        return open_container(self._url, options, self._settings.stream_timeout, self._shown)


def _is_complete(container: av.container.InputContainer, seconds_read: float) -> bool:
    """Whether this was a finite video, read to its end; a live stream has no duration."""
    duration = (container.duration or 0) / 1e6
    return duration > 0 and seconds_read > duration - 1
