"""Fusion on the ground plane: the detections of all calibrated cameras become one set of people.

Each detection is a point of the ground with a covariance. All cameras' detections are paired with
the predicted people jointly (`tracker.ground_association`). What nobody claims is grouped across
cameras into newcomers, each somebody who was lost or somebody new (`tracker.births`). Whether a
person exists is a log-odds that detections raise and that cameras which ought to see the person,
and don't, lower (`tracker.existence`).
"""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from calibration.camera import Camera
from tracker.births import entry_density, group, resume
from tracker.existence import hits, misses, seen_together, spare, worth
from tracker.floor import distance_outside
from tracker.fusion import Observations, fuse, inverse, unpack
from tracker.ground_association import Association, Predicted, associate, unclaimed
from tracker.ground_settings import GroundSettings
from tracker.ground_views import GroundViews
from tracker.last_boxes import LastBoxes
from tracker.people import People
from tracker.types import BoolArray, CameraTracks, Detections, FloatArray, Frame, IntArray

__all__ = ["GroundTracker", "GroundTracks"]


@dataclass(frozen=True)
class GroundTracks:
    """The people of one camera's frame, with where they stand.

    positions: (N, 2) metres, fused from all cameras, for the N tracks. confirmed: (N,) False for
    people who may yet turn out to be nobody. merged: (M,) ids of those that ended because they
    turned out to be somebody else who is followed; they are among `tracks.ended`, too.
    """

    tracks: CameraTracks
    positions: FloatArray
    confirmed: BoolArray
    merged: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))


class GroundTracker:
    """Follows people on the ground with all calibrated cameras at once.

    `update` takes the frames of one tick, in any order, of any of the cameras. Ids are unique
    within the tracker and never used again; a person has one id on all cameras.
    """

    def __init__(
        self,
        cameras: Mapping[str, Camera],
        settings: GroundSettings | None = None,
        area: FloatArray | None = None,
        doors: Collection[FloatArray] = (),
    ) -> None:
        """area: (K, 2) polygon in metres that people are reported in; None for everywhere.

        doors: (K, 2) metres each, a point, a line or a polygon where people come and go. Asked
        anew at each tick, as some may be learned; as long as none are given, people may also enter
        anywhere over the area's border.
        """
        self._settings = settings or GroundSettings()
        self._views = GroundViews(cameras, self._settings, area)
        self._area = area
        self._doors = doors
        self._border = None if doors else area
        self._people = People()
        self._lost = People()  # waited for, neither reported nor given detections
        self._numbers = itertools.count(1)
        self._boxes = LastBoxes(len(cameras), self._settings.box_memory)
        self._time: float | None = None

    def update(
        self, frames: Sequence[Frame], detections: Sequence[Detections]
    ) -> list[GroundTracks]:
        """Advance to this tick; return each frame's people, ordered by id."""
        if not frames:
            return []
        time = max(frame.time for frame in frames)
        elapsed = 0.0 if self._time is None else max(time - self._time, 0.0)
        self._time = time
        self._people.predict(elapsed, self._settings.acceleration)
        self._lost.predict(elapsed, self._settings.acceleration)
        seen = self._views.observe(frames, detections)
        _, shares = self._views.outlook(frames, self._people.position)
        found = self._associate(seen, len(frames), time)
        self._correct(seen, found.taken, time)
        people = self._people
        self._views.align(frames, seen, found.taken, people.position, people.confirmed)
        self._judge(seen, found, shares, elapsed)
        taken, merged = self._merge(found.taken, elapsed)
        taken = self._begin(frames, seen, taken, time)
        taken, gone = self._retire(taken, time)
        self._boxes.remember(self._people.track, seen, taken, time)
        ended = np.array(sorted(gone + merged), np.int64)
        return self._report(frames, detections, seen, taken, (ended, np.array(merged, np.int64)))

    def _associate(self, seen: Observations, views: int, time: float) -> Association:
        """Who is sure chooses first; who may be nobody gets what is left."""
        overlaps = self._boxes.overlaps(self._people.track, seen, time)
        bonus = self._settings.box_bonus * np.maximum(2 * overlaps - 1, 0.0)
        taken = np.full((len(self._people), views), -1)
        ratios = np.full((len(taken), len(seen)), -np.inf)
        free = np.arange(len(seen))
        for turn in (self._people.confirmed, ~self._people.confirmed):
            rows = np.flatnonzero(turn)
            if len(rows) and len(free):
                made = self._pair(rows, seen[free], views, bonus[np.ix_(rows, free)])
                taken[rows] = np.append(free, -1)[made.taken]
                ratios[np.ix_(rows, free)] = made.ratios
                free = np.flatnonzero(unclaimed(taken, len(seen)))
        return Association(taken, ratios)

    def _pair(
        self, rows: IntArray, seen: Observations, views: int, bonus: FloatArray
    ) -> Association:
        settings = self._settings
        return associate(
            Predicted(self._people.position[rows], self._people.spread[rows]),
            seen,
            views,
            gate=settings.gate,
            clutter=settings.clutter,
            rounds=settings.rounds,
            bonus=bonus,
        )

    def _correct(self, seen: Observations, taken: IntArray, time: float) -> None:
        rows = np.flatnonzero((taken >= 0).any(axis=1))
        if len(rows) == 0:
            return
        people = self._people
        fused = fuse(seen, taken[rows], people.position[rows], inverse(people.spread[rows]))
        places, spreads = fused.places()
        people.correct(rows, places, unpack(spreads), time)

    def _judge(
        self, seen: Observations, found: Association, shares: FloatArray, elapsed: float
    ) -> None:
        """Raise and lower existence by who is seen, who ought to be, and who is needed."""
        settings, people = self._settings.existence, self._people
        missed = misses(shares, settings)
        gain = hits(worth(seen, people.confirmed, self._settings), found.taken)
        gain -= np.where(found.taken < 0, missed, 0.0)
        gain -= spare(found.taken, found.ratios, people.existence, missed, settings.hit)
        weight = min(elapsed / settings.interval, 1.0)
        people.existence = np.minimum(people.existence + weight * gain.sum(axis=1), settings.most)

    def _merge(self, taken: IntArray, elapsed: float) -> tuple[IntArray, list[int]]:
        """Drop the younger of two who stand in one place and are never seen side by side."""
        people = self._people
        here: BoolArray = np.asarray((taken >= 0).any(axis=1))
        apart = people.position[:, None] - people.position
        near = (apart**2).sum(axis=2) < self._settings.merge_distance**2
        doubtful = np.tril(near & ~seen_together(taken), -1)
        both = np.where(doubtful, here[:, None] & here, -1) * elapsed
        people.doubts = np.where(near, np.maximum(people.doubts + both, 0.0), 0.0)
        young, old = np.nonzero(np.tril(people.doubts >= self._settings.merge_time, -1))
        views = (taken >= 0).sum(axis=1)
        for one, other in zip(young.tolist(), old.tolist(), strict=True):
            if views[one] > views[other]:
                people.state[other] = people.state[one]
                people.covariance[other] = people.covariance[one]
                taken[other] = taken[one]
        if not len(young):
            return taken, []
        keep = np.ones(len(people), bool)
        keep[young] = False
        merged = people.track[~keep].tolist()
        self._people = people[keep]
        return taken[keep], merged

    def _begin(
        self, frames: Sequence[Frame], seen: Observations, taken: IntArray, time: float
    ) -> IntArray:
        """Newcomers from what nobody took: lost people who are found again, and new ones."""
        settings = self._settings
        free = np.flatnonzero((seen.scores >= settings.birth_score) & unclaimed(taken, len(seen)))
        born, places, spreads = group(seen, free, len(frames), settings.gate / 2)
        if len(born) == 0:
            return taken
        taken, fresh = self._resume(born, places, spreads, taken, time)
        born, places, spreads = born[fresh], places[fresh], spreads[fresh]
        before = len(taken)
        self._people += People.new(places, unpack(spreads), time)
        _, shares = self._views.outlook(frames, self._people.position)
        missed = misses(shares[before:], settings.existence)
        said = worth(seen, self._people.confirmed[before:], settings)
        gain = hits(said, born) - np.where(born < 0, missed, 0.0)
        self._people.existence[before:] = gain.sum(axis=1)
        likely = np.append(np.full(before, True), gain.sum(axis=1) > 0)
        self._people = self._people[likely]
        count = len(self._people) - before
        self._people.track[before:] = list(itertools.islice(self._numbers, count))
        return np.concatenate([taken, born])[likely]

    def _resume(
        self,
        born: IntArray,
        places: FloatArray,
        spreads: FloatArray,
        taken: IntArray,
        time: float,
    ) -> tuple[IntArray, IntArray]:
        """Newcomers who are lost people, or those whom no camera sees at this tick."""
        unseen = (taken < 0).all(axis=1)
        if not (len(self._lost) or (unseen & self._people.confirmed).any()):
            return taken, np.arange(len(born))
        everybody = self._people + self._lost
        unseen = np.append(unseen, np.ones(len(self._lost), bool))
        waiting = np.flatnonzero(unseen & everybody.confirmed)
        new = entry_density(places, self._border, self._doors, self._settings.entrances)
        rows, found = resume(
            places, spreads, everybody.position[waiting], everybody.spread[waiting], new
        )
        who = waiting[found]
        everybody.correct(who, places[rows], unpack(spreads[rows]), time)
        again = who[who >= len(self._people)]
        everybody.existence[again] = np.maximum(everybody.existence[again], 0.0)
        taken = np.pad(taken, ((0, len(self._lost)), (0, 0)), constant_values=-1)
        taken[who] = born[rows]
        back = np.arange(len(everybody)) < len(self._people)
        back[who] = True
        self._people, self._lost = everybody[back], everybody[~back]
        return taken[back], np.setdiff1d(np.arange(len(born)), rows)

    def _retire(self, taken: IntArray, time: float) -> tuple[IntArray, list[int]]:
        """Confirm who is sure, wait for who was, and forget the others."""
        settings, people = self._settings, self._people
        doubted = (people.doubts > 0).any(axis=1)
        people.confirmed |= (people.existence >= settings.existence.confirm) & ~doubted
        stay = people.existence > settings.existence.drop
        stay &= time - people.seen <= settings.max_gap
        if not stay.all():
            self._lost += people[~stay & people.confirmed]
        gone = people.track[~stay & ~people.confirmed].tolist()
        rows = np.flatnonzero(stay)
        rows = rows[np.argsort(people.track[rows])]
        self._people = people[rows]
        if len(self._lost):
            wait = time - self._lost.seen <= settings.entrances.max_lost
            if self._area is not None:
                wait &= distance_outside(self._area, self._lost.position) <= settings.margin
            gone += self._lost.track[~wait].tolist()
            self._lost = self._lost[wait]
        return taken[rows], gone

    def _report(
        self,
        frames: Sequence[Frame],
        detections: Sequence[Detections],
        seen: Observations,
        taken: IntArray,
        ended: tuple[IntArray, IntArray],
    ) -> list[GroundTracks]:
        """Each frame with those seen on it; whom nobody sees is on the frame that ought to."""
        shown = self._people.existence > 0
        if self._area is not None:
            shown &= distance_outside(self._area, self._people.position) <= 0
        unseen: BoolArray = np.asarray((taken < 0).all(axis=1))
        best = np.full(len(unseen), -1)
        boxes = np.full((len(frames), len(unseen), 4), np.nan)
        if unseen.any():
            boxes, shares = self._views.outlook(frames, self._people.position)
            best[unseen] = shares[unseen].argmax(axis=1)
        rows = np.append(seen.rows, -1)[taken]
        here = (taken >= 0) | (best[:, None] == np.arange(len(frames)))
        return [
            self._snapshot(frame, found, rows[:, view], shown & here[:, view], boxes[view], ended)
            for view, (frame, found) in enumerate(zip(frames, detections, strict=True))
        ]

    def _snapshot(
        self,
        frame: Frame,
        found: Detections,
        rows: IntArray,
        shown: BoolArray,
        boxes: FloatArray,
        ended: tuple[IntArray, IntArray],
    ) -> GroundTracks:
        """One frame. rows: (N,) each person's detection in it or -1. shown: (N,).

        boxes: (N, 4) where they are expected, needed of those whom no camera sees; changed.
        """
        people = self._people
        boxes[rows >= 0] = found.boxes[rows[rows >= 0]]
        here = np.flatnonzero(shown & np.isfinite(boxes.sum(axis=1)))
        tracks = CameraTracks(
            frame.camera,
            frame.index,
            frame.time,
            people.track[here],
            boxes[here],
            np.append(found.scores, 0.0)[rows[here]],
            people.since[here] == self._time,
            rows[here],
            ended[0],
        )
        return GroundTracks(tracks, people.position[here], people.confirmed[here], ended[1])
