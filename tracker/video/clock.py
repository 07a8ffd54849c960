"""Many cameras on one clock."""

import queue
import threading
import time as wall
from collections.abc import Generator, Sequence
from typing import Final

from tracker.types import Frame
from tracker.video.source import Source

__all__ = ["ticks"]

AHEAD: Final = 4  # frames decoded before they are asked for, per camera
PATIENCE: Final = 0.25  # seconds of silence after which nobody waits for a live camera any more


def ticks(
    sources: Sequence[Source], stop: threading.Event | None = None
) -> Generator[list[Frame], None, None]:
    """Serve the frames of all cameras in the order of time, those of one moment together.

    A tick holds at most one frame of a camera: all frames that lie less than half of the shortest
    frame interval after the earliest one, in the order of `sources`. So every frame of every file
    is served exactly once, whatever the frame rates, offsets and lengths; a camera that ends drops
    out. Live cameras never hold the others up for long: where one is late its frames come in a
    later tick, and those that lie before the clock are dropped and counted.

    Each source is decoded in a thread of its own, a few frames ahead. `stop` ends the ticks from
    another thread, even while a live camera is silent.
    """
    if not sources:
        return
    window = min(0.5 / source.rate for source in sources)
    readers = [_Reader(source) for source in sources]
    live = any(source.live for source in sources)
    begin = wall.monotonic()
    clock = -float("inf")
    try:
        while not all(reader.exhausted for reader in readers):
            if stop is not None and stop.is_set():
                return
            for reader in readers:
                reader.fill(clock)
            waiting = [reader.pending.time for reader in readers if reader.pending is not None]
            if not waiting or (live and min(waiting) > wall.monotonic() - begin):
                wall.sleep(0.005 if live else 0)
                continue
            clock = min(waiting)
            yield [
                reader.take()
                for reader in readers
                if reader.pending is not None and reader.pending.time < clock + window
            ]
    finally:
        for reader in readers:
            reader.close()


class _Reader:
    """One source, read ahead in a thread. `pending` is its next frame, if it is there yet."""

    def __init__(self, source: Source) -> None:
        self.pending: Frame | None = None
        self._ended = False
        self._heard = wall.monotonic()
        self._source = source
        self._queue: queue.Queue[Frame | BaseException | None] = queue.Queue(AHEAD)
        self._closing = threading.Event()
        self._thread = threading.Thread(
            target=self._read, name=f"reader of {source.camera}", daemon=True
        )
        self._thread.start()

    @property
    def exhausted(self) -> bool:
        """No frame is left, nor will one come."""
        return self._ended and self.pending is None

    def fill(self, clock: float) -> None:
        """Have the next frame pending; of a live source, only if it comes soon enough."""
        while self.pending is None and not self._ended:
            patience = max(self._heard + PATIENCE - wall.monotonic(), 0.0)
            try:
                item = self._queue.get(timeout=patience if self._source.live else None)
            except queue.Empty:
                return
            self._heard = wall.monotonic()
            if item is None:
                self._ended = True
            elif isinstance(item, BaseException):
                raise item
            elif self._source.live and item.time < clock:
                self._source.report.dropped += 1
            else:
                self.pending = item

    def take(self) -> Frame:
        frame, self.pending = self.pending, None
        assert frame is not None
        return frame

    def close(self) -> None:
        self._closing.set()
        while self._thread.is_alive() and not self._source.live:
            self._discard_one()
            self._thread.join(timeout=0.01)

    def _read(self) -> None:
        try:
            for frame in self._source.frames():
                if self._source.live and self._queue.full():
                    self._discard_one()
                    self._source.report.dropped += 1
                self._queue.put(frame)
                if self._closing.is_set():
                    return
            self._queue.put(None)
        except BaseException as error:  # told to the thread that asks for frames
            self._queue.put(error)

    def _discard_one(self) -> None:
        try:
            self._queue.get_nowait()
        except queue.Empty:
            return
