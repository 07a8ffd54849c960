"""PyAV, wrapped so that damage is counted instead of ending the run."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import av

from configs.errors import InputError
from tracker.types import Image
from tracker.video.source import SourceReport

__all__ = ["MAX_PIXELS", "bgr", "decode", "open_container", "timed"]

logger = logging.getLogger(__name__)

MAX_PIXELS = 2**26  # an 8K picture has 2**25; more is a mistake or an attack


@dataclass
class _Clock:
    """Presentation stamps to seconds; frames without a stamp follow at the nominal rate."""

    time_base: Fraction
    begin: float
    step: float
    last: float = field(default=-1.0)

    def seconds(self, pts: int | None) -> float:
        time = self.last + self.step if pts is None else float(pts * self.time_base) - self.begin
        self.last = time
        return time


def open_container(
    location: str, options: dict[str, str], timeout: float | None = None, shown: str | None = None
) -> av.container.InputContainer:
    shown = shown or location
    try:
        container = av.open(location, options=options, timeout=timeout)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(f"{shown}: can't be read as a video ({reason})") from None
    if not container.streams.video:
        container.close()
        raise InputError(f"{shown}: has no video in it")
    context = container.streams.video[0].codec_context
    if context.width * context.height > MAX_PIXELS:
        container.close()
        raise InputError(f"{shown}: {context.width}x{context.height} pixels are too many")
    container.streams.video[0].thread_type = "AUTO"
    return container


def decode(
    container: av.container.InputContainer, report: SourceReport
) -> Iterator[av.VideoFrame | None]:
    """Pictures in presentation order; None stands for one that was damaged (and is counted)."""
    packets = container.demux(video=0)
    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, OSError) as error:
            if not isinstance(error, av.error.EOFError):
                logger.debug("the container ends early: %s", error)
                report.corrupt += 1
            return
        if packet is None:
            return
        try:
            pictures = packet.decode()
        except av.error.FFmpegError:
            report.corrupt += 1
            yield None
            continue
        for picture in pictures:
            if picture.is_corrupt:
                report.corrupt += 1
                yield None
            else:
                yield picture


def timed(
    container: av.container.InputContainer, report: SourceReport
) -> Iterator[tuple[av.VideoFrame | None, float]]:
    """Pictures with their times in seconds from the container's start."""
    stream = container.streams.video[0]
    clock = _Clock(
        Fraction(stream.time_base or Fraction(1, 25)),
        (container.start_time or 0) / 1e6,
        1 / float(stream.average_rate or 25),
    )
    for picture in decode(container, report):
        yield picture, clock.seconds(None if picture is None else picture.pts)


def bgr(picture: av.VideoFrame) -> Image:
    return picture.to_ndarray(format="bgr24")  # type: ignore[return-value]  # bytes, by its format
