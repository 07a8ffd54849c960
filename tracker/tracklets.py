"""What is remembered of every track that was somebody, to think again when all is known."""

from collections import OrderedDict
from dataclasses import dataclass, field, replace

import numpy as np

from reid.appearances import Look
from tracker.types import FloatArray, IntArray

__all__ = ["Tracklet", "TrackletBook"]


@dataclass
class Tracklet:
    """One track and the person it was said to show.

    group: the camera, or what stands for all calibrated ones. identity: decided online. since,
    until: seconds. first, last: (2,) metres, where it began and ended, NaN without calibration.
    frames: by camera, the first and last frame that shows it, from 0. seen: in how many frames of
    all cameras. look: None without pictures.
    """

    group: str
    track: int
    identity: int
    since: float
    until: float
    first: FloatArray
    last: FloatArray
    frames: dict[str, tuple[int, int]] = field(default_factory=dict)
    seen: int = 0
    look: Look | None = None


class TrackletBook:
    """The `capacity` tracklets of a run that were seen last; what is said of others is final."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._tracklets: OrderedDict[tuple[str, int], Tracklet] = OrderedDict()
        self._looks: dict[tuple[str, int], Look] = {}
        self.final: set[int] = set()
        """Identities of which a tracklet was forgotten."""

    def see(
        self,
        key: tuple[str, int],
        identity: int,
        camera: str,
        frame: int,
        time: float,
        position: FloatArray,
    ) -> None:
        """A camera's frame shows that (group, track) at `position` (2,), which is that person."""
        known = self._tracklets.get(key)
        if known is None:
            known = Tracklet(*key, identity, time, time, position, position)
            self._tracklets[key] = known
        self._tracklets.move_to_end(key)
        first, _ = known.frames.get(camera, (frame, frame))
        known.frames[camera] = first, frame
        known.until, known.last = time, position
        known.seen += 1
        if len(self._tracklets) > self._capacity:
            oldest, forgotten = self._tracklets.popitem(last=False)
            self._looks.pop(oldest, None)
            self.final.add(forgotten.identity)

    def look(self, key: tuple[str, int], embeddings: FloatArray, cameras: IntArray) -> None:
        """(K, D) unit embeddings, K >= 1, of a tracklet that is seen, taken by (K,) cameras."""
        total, before = embeddings.sum(axis=0, dtype=np.float64), self._looks.get(key)
        if before is not None:
            total += len(before.cameras) * before.mean
            cameras = np.concatenate([before.cameras, cameras])
        self._looks[key] = Look(total / len(cameras), cameras)

    def tracklets(self) -> list[Tracklet]:
        """All that are remembered, in the order of their first frame."""
        known = [replace(t, look=self._looks.get(key)) for key, t in self._tracklets.items()]
        return sorted(known, key=lambda t: (t.since, t.group, t.track))
