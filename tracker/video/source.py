"""What a source of frames is, and what part of it a run reads.

Times are seconds on the scene's clock: a file's own presentation times, counted from the
container's start, plus the camera's offset; a live stream is placed on the clock by the moment at
which it connected.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pydantic import Field

from configs import Settings
from tracker.types import Frame

__all__ = ["CameraSource", "Source", "SourceReport", "VideoSettings"]


class VideoSettings(Settings):
    """What part of the videos is read, and how patient the reader is with streams."""

    start: float = Field(0.0, ge=0)
    """Seconds on the scene's clock at which the run begins."""
    stop: float | None = Field(None, gt=0)
    """Seconds on the scene's clock at which the run ends; none: at the end of the last camera."""
    stride: int = Field(1, ge=1)
    """Only every stride-th frame of each camera is used."""
    image_rate: float = Field(25.0, gt=0)
    """Frames per second of a folder of images that has no seqinfo.ini beside or above it."""
    stream_timeout: float = Field(10.0, gt=0)
    """Seconds without data after which a stream counts as broken and is opened again."""
    reconnect_wait: float = Field(30.0, gt=0)
    """Longest wait in seconds between two attempts; the first waits half a second, then twice."""
    stream_patience: float | None = Field(None, gt=0)
    """Seconds for which a broken stream is tried again before its camera drops out; none: ever."""


@dataclass(frozen=True)
class CameraSource:
    """Where a camera's pictures come from.

    location: a path or a URL. offset: seconds added to the source's own times.
    """

    name: str
    location: str
    offset: float = 0.0


@dataclass
class SourceReport:
    """What happened while a source was read; `corrupt` counts frames that didn't decode."""

    frames: int = 0
    corrupt: int = 0
    dropped: int = 0
    reconnects: int = 0


class Source(Protocol):
    """A camera's frames, in order.

    rate: frames per second that `frames` will yield, as far as it is known. size: (width, height).
    live: frames come when they come; a reader that is too slow loses the oldest.
    """

    camera: str
    rate: float
    size: tuple[int, int]
    live: bool
    report: SourceReport

    def frames(self) -> Iterator[Frame]:
        """Yield the frames between the settings' start and stop, every stride-th."""

    def glimpses(self, count: int) -> Iterator[Frame]:
        """At most `count` frames, spread over what `frames` will yield, at little cost.

        They may be fewer, and lie beside the times that would be even; a live source has none.
        """
