"""Fusion on the ground plane: the detections of all calibrated cameras become one set of people.

Each detection is a point of the ground with a covariance. Every camera's detections are paired
one-to-one with the predicted people; then each camera is asked again, knowing what the others saw.
What nobody claims is grouped across cameras into new people. Whether a person exists is a log-odds
that detections raise and that cameras which ought to see the person, and don't, lower.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from filterpy.kalman import predict, update
from pydantic import Field

from calibration.camera import Camera
from configs import Settings
from reid.likeness import LikenessModel, LikenessSettings
from tracker.assignment import assign
from tracker.boxes import nms
from tracker.clustering import cluster
from tracker.floor import distance_outside
from tracker.footprints import FootprintSettings, expected_boxes, locate, visible_shares
from tracker.fusion import Evidence, Observations, gather, log_densities, solve
from tracker.types import BoolArray, CameraTracks, Detections, FloatArray, Frame, IntArray

__all__ = ["ExistenceSettings", "GroundSettings", "GroundTracker", "GroundTracks"]

POSITION = np.eye(2, 4)  # picks the position from a state


class ExistenceSettings(Settings):
    """When somebody is believed to be there. All in nats of log-odds."""

    hit: float = Field(default=1.5, gt=0)
    """What one camera's confident detection adds."""
    faint_hit: float = Field(default=0.5, ge=0)
    """What a detection below `birth_score` adds."""
    miss: float = Field(default=1.5, ge=0)
    """What a camera that ought to see the person, and doesn't, takes away."""
    confirm: float = 4.0
    """Where a new person is confirmed."""
    drop: float = -3.0
    """Where a person is given up."""
    most: float = 8.0
    """Certainty doesn't grow beyond this."""
    interval: float = Field(default=0.25, gt=0)
    """Seconds: evidence from ticks closer than this counts in proportion, since a detector that
    errs in one frame errs in the next."""


class GroundSettings(Settings):
    """How people are followed on the ground plane."""

    footprint: FootprintSettings = FootprintSettings()
    existence: ExistenceSettings = ExistenceSettings()
    min_score: float = 0.3
    """Detections below this score aren't used."""
    max_detection_iou: float = Field(default=0.7, gt=0, le=1)
    """Of two detections that overlap by more than this, the one with the lower score goes."""
    birth_score: float = 0.4
    """Detections from this score on may begin a person; fainter ones only continue one."""
    acceleration: float = Field(default=1.5, gt=0)
    """Standard deviation of people's acceleration, m/s^2."""
    gate: float = Field(default=20.0, gt=0)
    """Squared Mahalanobis distance up to which a detection may be a person's."""
    clutter: float = Field(default=0.002, gt=0)
    """False detections of one camera in a frame per m^2 of ground."""
    margin: float = Field(default=0.8, ge=0)
    """Metres around the area in which people are followed but not reported."""
    merge_distance: float = Field(default=0.5, ge=0)
    """Metres: two people nearer than this whom no camera shows side by side are one..."""
    merge_time: float = Field(default=1.0, ge=0)
    """...after so many seconds."""
    max_gap: float = Field(default=1.5, ge=0)
    """Seconds that a confirmed person is kept while no camera sees them."""
    rounds: int = Field(default=2, ge=1)
    """How often the cameras are asked: from the second time each knows what the others saw."""
    max_look_ratio: float = Field(default=0.0, ge=0)
    """Nats that looks can add to or take from a pair of person and detection; 0: geometry alone
    decides from tick to tick, and looks only who an entry is. Where people cross,
    their boxes show each other: looks mislead just where geometry is unsure."""
    continuation: LikenessSettings = LikenessSettings(same=0.25, different=0.5, spread=0.2)
    """Likeness of a detection with the person's last pictures from the same camera."""


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


@dataclass
class _Person:
    track: int
    state: FloatArray  # (4,) x, y, vx, vy
    covariance: FloatArray  # (4, 4)
    existence: float
    since: float
    seen: float
    confirmed: bool = False
    looks: dict[str, FloatArray] = field(default_factory=dict)  # camera -> mean of last pictures
    doubts: dict[int, float] = field(default_factory=dict)  # track -> seconds in its place


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
    ) -> None:
        """area: (K, 2) polygon in metres that people are reported in; None for everywhere."""
        self._cameras = dict(cameras)
        self._settings = settings or GroundSettings()
        self._area = area
        self._people: list[_Person] = []
        self._tracks = itertools.count(1)
        self._time: float | None = None
        self._likeness = LikenessModel(self._settings.continuation)

    def update(
        self, frames: Sequence[Frame], detections: Sequence[Detections]
    ) -> list[GroundTracks]:
        """Advance to this tick; return each frame's people, ordered by id."""
        if not frames:
            return []
        time = max(frame.time for frame in frames)
        elapsed = 0.0 if self._time is None else max(time - self._time, 0.0)
        self._time = time
        self._predict(elapsed)
        seen = self._observe(frames, detections)
        taken, ratios = self._associate(frames, seen)
        self._correct(frames, seen, taken, time)
        self._judge(frames, seen, taken, ratios, elapsed)
        taken, merged = self._merge(taken, elapsed)
        taken = self._begin(frames, seen, taken, time)
        taken, gone = self._retire(taken, time)
        return self._report(frames, detections, seen, taken, (gone, merged))

    def _predict(self, elapsed: float) -> None:
        if elapsed == 0:
            return
        F = np.eye(4) + elapsed * np.eye(4, k=2)
        G = np.vstack([elapsed**2 / 2 * np.eye(2), elapsed * np.eye(2)])
        Q = self._settings.acceleration**2 * G @ G.T
        for person in self._people:
            person.state, person.covariance = predict(person.state, person.covariance, F, Q)

    def _observe(self, frames: Sequence[Frame], detections: Sequence[Detections]) -> Observations:
        """The detections that lie on the ground where people are followed."""
        views, rows, points, covariances = [], [], [], []
        for view, (frame, found) in enumerate(zip(frames, detections, strict=True)):
            where = locate(self._cameras[frame.camera], found.boxes, self._settings.footprint)
            good = where.valid & (found.scores >= self._settings.min_score)
            kept = nms(found.boxes, found.scores, self._settings.max_detection_iou)
            good &= np.isin(np.arange(len(found)), kept)
            if self._area is not None:
                outside = distance_outside(self._area, np.nan_to_num(where.points, nan=1e9))
                good &= outside <= self._settings.margin
            rows.append(np.flatnonzero(good))
            views.append(np.full(len(rows[-1]), view))
            points.append(where.points[good])
            covariances.append(where.covariances[good])
        given = [found.embeddings for found in detections]
        embeddings = None
        if all(g is not None for g in given):
            embeddings = np.concatenate(
                [g[r] for g, r in zip(given, rows, strict=True) if g is not None]
            )
        scores = [found.scores[r] for found, r in zip(detections, rows, strict=True)]
        return Observations(
            np.concatenate(views),
            np.concatenate(rows),
            np.concatenate(points),
            np.concatenate(covariances),
            np.concatenate(scores),
            embeddings,
        )

    def _associate(
        self, frames: Sequence[Frame], seen: Observations
    ) -> tuple[IntArray, FloatArray]:
        """(N, V) the observation that each person takes in each view, or -1; (N, M) log ratios of
        each observation being that person rather than clutter."""
        taken = np.full((len(self._people), len(frames)), -1)
        ratios = np.full((len(self._people), len(seen)), -np.inf)
        if ratios.size == 0:
            return taken, ratios
        means, spreads = self._positions()
        information = np.linalg.inv(spreads)
        looks = self._look_ratio(frames, seen)
        for turn in range(self._settings.rounds):
            evidence = gather(seen, taken, means, information)
            for view in range(len(frames)):
                columns = np.flatnonzero(seen.views == view)
                if turn == 0:
                    center, spread = means, spreads
                else:
                    J, h = evidence.without(view)
                    J = J + information
                    h = h + np.einsum("nij,nj->ni", information, means)
                    center, spread = solve(J, h), np.linalg.inv(J)
                density, squared = log_densities(
                    seen.points[columns], seen.covariances[columns], center, spread
                )
                ratio = density - np.log(self._settings.clutter) + looks[:, columns]
                ratios[:, columns] = np.where(squared < self._settings.gate, ratio, -np.inf)
                rows, found = assign(-ratios[:, columns], 0.0)
                taken[:, view] = -1
                taken[rows, view] = columns[found]
        order = self._rename(seen, taken, looks, means, spreads)
        return taken[order], ratios

    def _rename(
        self,
        seen: Observations,
        taken: IntArray,
        looks: FloatArray,
        means: FloatArray,
        spreads: FloatArray,
    ) -> IntArray:
        """(N,) whose detections each person should have had.

        Which detections belong together is known better than to whom: in a crossing the rounds may
        have led two people's detections to each other, all of them. So the groups are assigned
        once more, as wholes, by where each person was predicted.
        """
        order = np.arange(len(taken))
        groups = np.flatnonzero((taken >= 0).sum(axis=1))
        if len(groups) < 2:
            return order
        J, h = gather(seen, taken, means, np.linalg.inv(spreads)).total()
        covariances = np.linalg.inv(J[groups])
        density, _ = log_densities(
            solve(J[groups], h[groups]), covariances, means[groups], spreads[groups]
        )
        alike = np.append(looks, np.zeros((len(looks), 1)), axis=1)[groups][:, taken[groups]]
        cost = -density - alike.sum(axis=2)
        people, columns = assign(cost - cost.max() - 1, 0.0)
        order[groups[people]] = groups[columns]
        return order

    def _positions(self) -> tuple[FloatArray, FloatArray]:
        """(N, 2) and (N, 2, 2): where the people are, and how sure that is."""
        means = np.array([p.state[:2] for p in self._people]).reshape(-1, 2)
        spreads = np.array([p.covariance[:2, :2] for p in self._people]).reshape(-1, 2, 2)
        return means, spreads

    def _look_ratio(self, frames: Sequence[Frame], seen: Observations) -> FloatArray:
        """(N, M) log ratio of each observation looking like each person did on that camera."""
        ratio = np.zeros((len(self._people), len(seen)))
        if seen.embeddings is None:
            return ratio
        most = self._settings.max_look_ratio
        for view, frame in enumerate(frames):
            columns = np.flatnonzero(seen.views == view)
            known = np.array(
                [n for n, p in enumerate(self._people) if frame.camera in p.looks], np.int64
            )
            if len(known) and len(columns):
                memory = np.array([self._people[n].looks[frame.camera] for n in known])
                distances = 1 - memory @ seen.embeddings[columns].T
                ratio[np.ix_(known, columns)] = np.clip(
                    self._likeness.log_ratio(distances), -most, most
                )
        return ratio

    def _correct(
        self, frames: Sequence[Frame], seen: Observations, taken: IntArray, time: float
    ) -> None:
        if not len(self._people):
            return
        means, spreads = self._positions()
        evidence: Evidence = gather(seen, taken, means, np.linalg.inv(spreads))
        J, h = evidence.total()
        for n in np.flatnonzero((taken >= 0).any(axis=1)):
            person = self._people[n]
            R = np.linalg.inv(J[n])
            person.state, person.covariance = update(
                person.state, person.covariance, R @ h[n], R, POSITION
            )
            person.seen = time
            self._remember(person, frames, seen, taken[n])

    def _remember(
        self, person: _Person, frames: Sequence[Frame], seen: Observations, taken: IntArray
    ) -> None:
        if seen.embeddings is None:
            return
        for view in np.flatnonzero(taken >= 0).tolist():
            camera = frames[view].camera
            new = seen.embeddings[taken[view]].astype(np.float64)
            old = person.looks.get(camera)
            if old is not None:
                others = np.array(
                    [p.looks[camera] for p in self._people if p is not person and camera in p.looks]
                )
                self._likeness.learn(
                    np.array([1 - old @ new]), 1 - others @ new if len(others) else np.zeros(0)
                )
                new = 0.5 * old + 0.5 * new
            person.looks[camera] = new / max(float(np.linalg.norm(new)), 1e-9)

    def _judge(
        self,
        frames: Sequence[Frame],
        seen: Observations,
        taken: IntArray,
        ratios: FloatArray,
        elapsed: float,
    ) -> None:
        """Raise and lower existence by who is seen, who ought to be, and who is needed."""
        if not len(self._people):
            return
        settings = self._settings.existence
        misses = self._misses(frames)
        gain = self._hits(seen, taken) - np.where(taken < 0, misses, 0)
        gain -= self._spare(taken, ratios, misses)
        weight = min(elapsed / settings.interval, 1.0)
        for person, value in zip(self._people, weight * gain.sum(axis=1), strict=True):
            person.existence = min(person.existence + float(value), settings.most)

    def _hits(self, seen: Observations, taken: IntArray) -> FloatArray:
        """(N, V) what each view's detection adds to each person's existence."""
        settings = self._settings.existence
        scores = np.append(seen.scores, 0.0)[taken]
        hits = np.where(scores >= self._settings.birth_score, settings.hit, settings.faint_hit)
        return np.where(taken >= 0, hits, 0.0)

    def _misses(self, frames: Sequence[Frame]) -> FloatArray:
        """(N, V) what it costs each person not to be seen in each view."""
        return self._settings.existence.miss * np.clip(2 * self._shares(frames) - 1, 0, 1)

    def _spare(self, taken: IntArray, ratios: FloatArray, misses: FloatArray) -> FloatArray:
        """(N, V) how well somebody surer, who has no detection in that view, could use this one.

        That much of a hit says nothing about the existence of who took it: it is what remains of
        two tracks that share one person's cameras between them.
        """
        existence = np.array([p.existence for p in self._people])
        surer = (existence[:, None] < existence) | (
            (existence[:, None] == existence) & np.tri(len(existence), k=-1, dtype=bool)
        )
        spare = np.zeros(taken.shape)
        most = self._settings.existence.hit
        for view in range(taken.shape[1]):
            own = np.flatnonzero(taken[:, view] >= 0)
            idle = np.flatnonzero(taken[:, view] < 0)
            if len(own) == 0 or len(idle) == 0:
                continue
            theirs = ratios[np.ix_(idle, taken[own, view])].T
            fits = np.clip(theirs, 0, most) + np.where(theirs > 0, misses[idle, view], 0)
            spare[own, view] = np.where(surer[np.ix_(own, idle)], fits, 0).max(axis=1)
        return spare

    def _shares(self, frames: Sequence[Frame]) -> FloatArray:
        """(N, V) the share of each person that each view ought to show."""
        means, _ = self._positions()
        shares = np.zeros((len(means), len(frames)))
        for view, frame in enumerate(frames):
            camera = self._cameras[frame.camera]
            boxes = expected_boxes(camera, means, self._settings.footprint.person_height)
            shares[:, view] = visible_shares(camera, means, boxes)
        return shares

    def _merge(self, taken: IntArray, elapsed: float) -> tuple[IntArray, list[int]]:
        """Drop the younger of two who stand in one place and are never seen side by side."""
        means, _ = self._positions()
        distance = np.asarray(np.linalg.norm(means[:, None] - means, axis=2))
        here: BoolArray = taken >= 0
        together = (here[:, None] & here).any(axis=2)
        doubtful = np.tril(np.less(distance, self._settings.merge_distance) & ~together, -1)
        both = np.logical_and.outer(here.any(axis=1), here.any(axis=1))
        for young, person in enumerate(self._people):
            doubts = {}
            for old in np.flatnonzero(doubtful[young]):
                track = self._people[old].track
                doubts[track] = person.doubts.get(track, 0.0) + elapsed * bool(both[young, old])
            person.doubts = doubts
        keep = [max(p.doubts.values(), default=0) < self._settings.merge_time for p in self._people]
        merged = [p.track for p, k in zip(self._people, keep, strict=True) if not k]
        self._people = [p for p, k in zip(self._people, keep, strict=True) if k]
        return taken[np.array(keep, bool)], merged

    def _begin(
        self, frames: Sequence[Frame], seen: Observations, taken: IntArray, time: float
    ) -> IntArray:
        """New people from what nobody took: groups across cameras, at most one of each camera."""
        free = np.setdiff1d(np.flatnonzero(seen.scores >= self._settings.birth_score), taken)
        if len(free) == 0:
            return taken
        points, covariances, views = seen.points[free], seen.covariances[free], seen.views[free]
        _, squared = log_densities(points, covariances, points, covariances)
        labels = cluster(squared, self._settings.gate / 2, views[:, None] == views)
        born = np.full((labels.max() + 1, len(frames)), -1)
        born[labels, views] = free
        spread = np.tile(np.eye(2) * 1e-6, (len(born), 1, 1))
        start = np.array([points[labels == k].mean(axis=0) for k in range(len(born))])
        J, h = gather(seen, born, start, spread).total()
        R, place = np.linalg.inv(J), solve(J, h)
        for k in range(len(born)):
            covariance = np.diag([0.0, 0.0, 1.0, 1.0])
            covariance[:2, :2] = R[k]
            state = np.concatenate([place[k], [0.0, 0.0]])
            person = _Person(next(self._tracks), state, covariance, 0.0, time, time)
            self._people.append(person)
            self._remember(person, frames, seen, born[k])
        gains = self._hits(seen, born) - np.where(born < 0, self._misses(frames)[len(taken) :], 0)
        for person, value in zip(self._people[len(taken) :], gains.sum(axis=1), strict=True):
            person.existence = float(value)
        return np.concatenate([taken, born])

    def _retire(self, taken: IntArray, time: float) -> tuple[IntArray, list[int]]:
        keep = []
        for person in self._people:
            if person.existence >= self._settings.existence.confirm and not person.doubts:
                person.confirmed = True
            alive = person.existence > self._settings.existence.drop
            keep.append(alive and time - person.seen <= self._settings.max_gap)
        gone = [p.track for p, k in zip(self._people, keep, strict=True) if not k]
        self._people = [p for p, k in zip(self._people, keep, strict=True) if k]
        return taken[np.array(keep, bool)], gone

    def _report(
        self,
        frames: Sequence[Frame],
        detections: Sequence[Detections],
        seen: Observations,
        taken: IntArray,
        ended: tuple[list[int], list[int]],
    ) -> list[GroundTracks]:
        means, _ = self._positions()
        shown = np.array([p.existence > 0 for p in self._people], bool)
        if self._area is not None:
            shown &= distance_outside(self._area, means) <= 0
        best = self._shares(frames).argmax(axis=1)
        lost = (taken < 0).all(axis=1)
        return [
            self._snapshot(
                frame,
                found,
                seen,
                np.where(lost & (best == view), -2, taken[:, view]),
                shown,
                means,
                ended,
            )
            for view, (frame, found) in enumerate(zip(frames, detections, strict=True))
        ]

    def _snapshot(
        self,
        frame: Frame,
        found: Detections,
        seen: Observations,
        taken: IntArray,
        shown: BoolArray,
        means: FloatArray,
        ended: tuple[list[int], list[int]],
    ) -> GroundTracks:
        """One frame: those seen on it, and at their expected box those whom nobody sees (-2)."""
        camera = self._cameras[frame.camera]
        boxes = expected_boxes(camera, means, self._settings.footprint.person_height)
        drawable = (taken >= 0) | ((taken == -2) & np.isfinite(boxes).all(axis=1))
        here = np.flatnonzero(shown & drawable)
        rows = np.where(taken[here] >= 0, np.append(seen.rows, -1)[np.maximum(taken[here], -1)], -1)
        boxes = boxes[here]
        drawn = rows >= 0
        boxes[drawn] = found.boxes[rows[drawn]]
        scores = np.where(drawn, np.append(found.scores, 0.0)[rows], 0.0)
        people = [self._people[n] for n in here]
        tracks = CameraTracks(
            frame.camera,
            frame.index,
            frame.time,
            np.array([p.track for p in people], np.int64),
            boxes,
            scores,
            np.array([p.since == self._time for p in people], bool),
            rows,
            np.array(sorted(ended[0] + ended[1]), np.int64),
        )
        confirmed = np.array([p.confirmed for p in people], bool)
        return GroundTracks(tracks, means[here], confirmed, np.array(ended[1], np.int64))
