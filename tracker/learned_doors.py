"""Doors that nobody named: places on the ground where people come and go again and again."""

import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tracker.doors import nearest_door, surprise
from tracker.ground import GroundTracks
from tracker.ground_settings import DoorSettings
from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["LearnedDoors"]

PAUSE = 2.0  # seconds without a frame, or since the first one, within which ends say nothing
SURROUNDINGS = 3.0  # times the reach: what a door is compared with
SHARE = 0.25  # of them that is within reach, at most: in a corner or a corridor; 1/9 in the open
KEPT = 0.5  # of the evidence that made it a door: below, it is none any more
SHIFTS = 5  # of a door's middle to the mean of the ends around it


@dataclass
class _Way:
    """A track so far. first: where it began, (2,) metres; None where that is no sign of a door.

    trail: when and where it was detected during the last few seconds. alone: whether nobody else
    was near when it was last. sure: it surely is a person, and lasted.
    """

    first: FloatArray | None
    trail: deque[tuple[float, FloatArray]] = field(default_factory=deque)
    alone: bool = False
    sure: bool = False

    def detect(self, time: float, place: FloatArray, seconds: float, *, alone: bool) -> None:
        """It is there now. seconds: that the trail is long."""
        self.trail.append((time, place))
        self.alone = alone
        while len(self.trail) > 1 and self.trail[1][0] <= time - seconds:
            self.trail.popleft()

    @property
    def lasted(self) -> float:
        """Seconds of the trail."""
        return self.trail[-1][0] - self.trail[0][0] if self.trail else 0.0

    @property
    def walked(self) -> float:
        """Metres between the ends of the trail."""
        (_, start), (_, end) = self.trail[0], self.trail[-1]
        return float(np.linalg.norm(end - start))


class LearnedDoors:
    """Where tracks of the ground begin and end more often than around there.

    `places` are the doors so far, each a point (1, 2) in metres by a name that it keeps; it changes
    with every `watch`. The last `memory` ends are remembered, and no more.
    """

    def __init__(self, settings: DoorSettings) -> None:
        self.places: dict[str, FloatArray] = {}
        self._settings = settings
        self._numbers = itertools.count(1)
        self._ends = np.zeros((0, 2))
        self._ways: dict[int, _Way] = {}
        self._begun = self._time = -np.inf

    def watch(self, frames: Sequence[GroundTracks]) -> None:
        """Look at the people of one tick: of those who came a while ago and those who left, learn
        where that was."""
        if not frames:
            return
        time = max(one.tracks.time for one in frames)
        if time - self._time > PAUSE:  # nobody knows what happened, or who was here before
            self._ways.clear()
            self._begun = time
        self._time = time
        self._follow(frames, time)
        merged = {track for one in frames for track in one.merged.tolist()}
        for track in sorted({track for one in frames for track in one.tracks.ended.tolist()}):
            way = self._ways.pop(track, None)
            if way is not None and way.sure and way.alone and track not in merged:
                self._learn(way, way.trail[-1][1])

    def note(self, end: FloatArray) -> None:
        """Somebody surely came or went at a place (2,)."""
        reach, evidence = self._settings.reach, self._settings.evidence
        self._ends = np.vstack([self._ends, end])[-self._settings.memory :]
        for name, place in list(self.places.items()):
            if self._evidence(place[0]) < KEPT * evidence:
                del self.places[name]
            else:
                self.places[name] = self._middle(place[0])[None]
        place = end
        for _ in range(SHIFTS):
            place = self._middle(place)
        taken = nearest_door(self.places, place, 2 * reach)
        if taken is None and self._evidence(place) >= evidence:
            self.places[f"door {next(self._numbers)}"] = place[None]

    def _follow(self, frames: Sequence[GroundTracks], time: float) -> None:
        """Take in who is where; somebody who has lasted counts from now on, and came in."""
        tracks, places, detected, sure = _everybody(frames)
        apart = np.linalg.norm(places[:, None] - places, axis=2)
        np.fill_diagonal(apart, np.inf)
        alone = apart.min(axis=1, initial=np.inf) >= self._settings.alone
        for row, track in enumerate(tracks.tolist()):
            way = self._ways.get(track)
            if way is None:
                known = alone[row] and time - self._begun > PAUSE
                way = self._ways[track] = _Way(places[row] if known else None)
            if detected[row]:
                way.detect(time, places[row], self._settings.lasted, alone=bool(alone[row]))
            if sure[row] and not way.sure and way.lasted >= self._settings.lasted:
                way.sure = True
                if way.first is not None:
                    self._learn(way, way.first)

    def _learn(self, way: _Way, end: FloatArray) -> None:
        """Note an end of a way whose trail begins or ends there, if it wasn't lost or found
        standing still: behind a desk, people vanish and appear without leaving."""
        if way.walked >= self._settings.reach:
            self.note(end)

    def _middle(self, place: FloatArray) -> FloatArray:
        """(2,) the mean of the ends within reach of a place, of which there is at least one."""
        mean: FloatArray = self._ends[self._within(self._settings.reach, place)].mean(axis=0)
        return mean

    def _evidence(self, place: FloatArray) -> float:
        """How far more ends are within reach of a place (2,) than chance has it, nats."""
        reach = self._settings.reach
        inside, around = (self._within(r, place).sum() for r in (reach, SURROUNDINGS * reach))
        return surprise(int(inside), int(around), SHARE)

    def _within(self, metres: float, place: FloatArray) -> BoolArray:
        """(E,) which ends are so near to a place (2,)."""
        return np.asarray(((self._ends - place) ** 2).sum(axis=1) <= metres**2)


def _everybody(
    frames: Sequence[GroundTracks],
) -> tuple[IntArray, FloatArray, BoolArray, BoolArray]:
    """Each person of a tick once: tracks (N,), places (N, 2), whether any camera detects them
    (N,), whether they are confirmed (N,)."""
    tracks, first, rows = np.unique(
        np.concatenate([one.tracks.ids for one in frames]), return_index=True, return_inverse=True
    )
    detected = np.zeros(len(tracks), bool)
    found = np.concatenate([one.tracks.detection_rows for one in frames]) >= 0
    np.logical_or.at(detected, rows, found)
    places = np.concatenate([one.positions for one in frames])[first]
    sure = np.concatenate([one.confirmed for one in frames])[first]
    return tracks, places, detected, sure
