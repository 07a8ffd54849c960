"""All cameras together: from the detections of one tick to who is where, scene-wide.

People are followed (`tracker.followers`). A track shows one person until it meets another one or
is lost for a moment; a new one asks the registry who it is, and so does one after such an
encounter (`tracker.reviews`).
"""

import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from calibration.rig import Rig
from tracker.doors import nearest_door
from tracker.followers import GROUND, Followers
from tracker.ground import GroundTracks
from tracker.identities import IdentityRegistry
from tracker.identity_records import IdentityEvent, IdentitySummary
from tracker.presence import NOBODY, Presence, WaitingFrame
from tracker.questions import Review
from tracker.reviews import doubted, due_now, exchange, lost_since, note_encounters, to_review
from tracker.revision import Revision, revise
from tracker.sampling import embed_tracks, image_quality
from tracker.scene_settings import SceneSettings
from tracker.tracklets import TrackletBook
from tracker.types import (
    BoolArray,
    CameraTracks,
    Detections,
    Embedder,
    FloatArray,
    Frame,
    IntArray,
    Sightings,
)

__all__ = ["SceneTracker"]


class SceneTracker:
    """Follows people on every camera and gives each one identity for the whole scene.

    `update` takes the frames of one tick and returns the sightings that became final, which may
    be of earlier ticks: an entry waits up to `entries.max_wait` seconds for several images before
    it is decided who it is, and the decision holds for its earlier frames too. `finish` returns
    the rest. Same inputs, same settings: same results.
    """

    def __init__(
        self,
        cameras: Sequence[str],
        embedder: Embedder | None,
        settings: SceneSettings,
        on_event: Callable[[IdentityEvent], None] | None = None,
        *,
        rig: Rig | None = None,
    ) -> None:
        """embedder: None uses the embeddings that detections bring, else no appearance at all.

        on_event: called with every decision on identities, in order. rig: the calibration of some
        or all of the cameras; None if there is none.
        """
        self._embedder = embedder
        self._entries = settings.entries
        self._followers = Followers(cameras, settings.camera_tracker, settings.ground, rig)
        self._groups = self._followers.groups
        self._numbers = {group: itertools.count(1) for group in self._groups.values()}
        prior = None if embedder is None else embedder.cosine_prior
        self._registry = IdentityRegistry(settings.identities, on_event, prior)
        self._presences: dict[tuple[str, int], Presence] = {}
        self._waiting: deque[WaitingFrame] = deque()
        self._settings = settings
        self._book = TrackletBook(settings.regrouping.capacity) if settings.offline_pass else None

    def update(self, frames: Sequence[Frame], detections: Sequence[Detections]) -> list[Sightings]:
        """Advance by the frames that the cameras have now; return what became final.

        frames: at most one per camera, each with its detections. Raises ValueError for a camera
        that isn't the scene's, or two frames of one camera.
        """
        self._check(frames)
        tracks = self._follow(frames, detections)
        encounters = self._settings.encounters
        if encounters.enabled and len(self._registry.appearances.galleries):
            note_encounters(itertools.islice(reversed(self._waiting), len(frames)), encounters)
        self._look(frames, detections, tracks)
        self._decide(tracks)
        self._retire(tracks)
        return self._release()

    def finish(self) -> list[Sightings]:
        """Decide what is still open and return the remaining sightings."""
        followed = list(self._presences.values())
        entries = [p for p in followed if p.identity is None and p.confirmed]
        self._resolve(entries, [p for p in followed if p.identity and p.met is not None])
        for presence in self._presences.values():
            presence.identity = presence.identity or NOBODY
            presence.trust()
        return self._release()

    def identities(self) -> tuple[IdentitySummary, ...]:
        """What is known of every person so far."""
        return self._registry.summaries()

    def learned_doors(self) -> Mapping[str, FloatArray]:
        """Where people come and go, if the rig doesn't say: (1, 2) metres by name."""
        return self._followers.learned_doors

    def revision(self) -> Revision:
        """After `finish`: what of the sightings is corrected by the offline pass.

        Raises ValueError if the settings didn't ask for one.
        """
        if self._book is None:
            raise ValueError("nothing was remembered; set offline_pass")
        return revise(
            self._book,
            self.identities(),
            self._registry.appearances,
            self._settings.regrouping,
            overlap=self._settings.identities.overlap,
        )

    def _check(self, frames: Sequence[Frame]) -> None:
        names = [frame.camera for frame in frames]
        if unknown := set(names) - set(self._groups):
            raise ValueError(f"no camera of this scene: {', '.join(sorted(unknown))}")
        if len(set(names)) < len(names):
            raise ValueError("two frames of one camera in one tick")

    def _follow(
        self, frames: Sequence[Frame], detections: Sequence[Detections]
    ) -> list[CameraTracks]:
        """Each frame's tracks; the frames wait with them for the decisions."""
        followed = self._followers.update(frames, detections)
        tracks = [self._hold(one) for one in followed]
        for one in followed:
            for track in one.merged.tolist():
                presence = self._presences.get((self._groups[one.tracks.camera], track))
                if presence is not None and presence.identity is None:
                    presence.identity = NOBODY
        return tracks

    def _hold(self, followed: GroundTracks) -> CameraTracks:
        """Let a frame wait until everybody on it is known."""
        tracks, presences = followed.tracks, []
        group = self._groups[tracks.camera]
        for row, track in enumerate(tracks.ids.tolist()):
            presence = self._presences.get((group, track))
            if presence is None or (presence.resting and tracks.detection_rows[row] >= 0):
                where = followed.positions[row]
                number = next(self._numbers[group])
                presence = Presence(group, number, tracks.time, where, where, tracks.time)
                presence.detected = tracks.time
                self._presences[group, track] = presence
            if tracks.detection_rows[row] >= 0:
                presence.last = followed.positions[row]
            presence.until = tracks.time
            presence.confirmed |= bool(followed.confirmed[row])
            presences.append(presence)
        positions = np.zeros((len(tracks), 3))
        positions[:, :2] = followed.positions
        positions[np.isnan(positions[:, 0])] = np.nan
        self._waiting.append(WaitingFrame(tracks, presences, positions))
        return tracks

    def _look(
        self,
        frames: Sequence[Frame],
        detections: Sequence[Detections],
        tracks: Sequence[CameraTracks],
    ) -> None:
        """Take images of entries, and now and then of people who are known."""
        qualities = [
            image_quality(t.boxes, t.scores, full_height=self._entries.full_height) for t in tracks
        ]
        wanted = [self._wanted(t, q) for t, q in zip(tracks, qualities, strict=True)]
        made = embed_tracks(frames, detections, tracks, wanted, self._embedder)
        for followed, rows, quality, embeddings in zip(
            tracks, wanted, qualities, made, strict=True
        ):
            if embeddings is not None:
                self._remember(followed, rows, quality, embeddings)

    def _wanted(self, tracks: CameraTracks, quality: FloatArray) -> BoolArray:
        """The rows whose image is due now and good enough."""
        presences = self._present(tracks, tracks.ids)
        due = np.array([p.next_image <= tracks.time for p in presences], bool)
        bare = np.array([p.identity is None and not p.images for p in presences], bool)
        good = (quality >= self._entries.min_quality) | bare
        return due & good & (tracks.detection_rows >= 0)

    def _remember(
        self, tracks: CameraTracks, rows: BoolArray, quality: FloatArray, embeddings: FloatArray
    ) -> None:
        for presence, value, embedding in zip(
            self._present(tracks, tracks.ids[rows]), quality[rows].tolist(), embeddings, strict=True
        ):
            if not presence.open:
                presence.next_image = tracks.time + self._entries.interval
            if presence.open or (presence.met is not None and presence.identity != NOBODY):
                presence.take(embedding, value, tracks.camera)
            elif presence.identity != NOBODY:
                pictures = embedding[None], np.array([value]), [tracks.camera]
                self._show(presence, tracks.time, *pictures)

    def _present(self, tracks: CameraTracks, ids: IntArray) -> list[Presence]:
        group = self._groups[tracks.camera]
        return [self._presences[group, track] for track in ids.tolist()]

    def _decide(self, tracks: Sequence[CameraTracks]) -> None:
        """Resolve who is new, and who may have changed, once enough is known of them."""
        ended = {(self._groups[t.camera], track) for t in tracks for track in t.ended.tolist()}
        over = {self._presences[key] for key in ended & self._presences.keys()}
        now = max((t.time for t in tracks), default=-np.inf)
        self._resolve(*due_now(self._presences.values(), over, now, self._entries))

    def _resolve(self, entries: Sequence[Presence], due: Sequence[Presence]) -> None:
        """Ask who they are, one camera after the other: entries of two may be one person."""
        for group in dict.fromkeys(p.group for p in (*entries, *due)):
            here = [p for p in entries if p.group == group]
            tracked = [p for p in self._presences.values() if p.group == group and p not in here]
            for presence in here:
                presence.inside = self._inside(group, presence.first, otherwise=False)
            for presence in tracked:
                presence.inside = self._inside(group, presence.last, otherwise=True)
            numbers = self._numbers[group]
            reviews = to_review(tracked, due, here, numbers)
            if group != GROUND:  # there it is told by the place whether an entry is somebody lost
                reviews = lost_since(tracked, here, numbers) | reviews
            else:
                reviews = doubted(tracked, here, numbers) | reviews
            arrivals = [p.arrival(self._place(group, p.first)) for p in here]
            identities = iter(self._registry.resolve(arrivals, list(reviews.values())))
            for presence in here:
                self._enter(presence, next(identities))
            for (presence, review), identity in zip(reviews.items(), identities, strict=True):
                if identity != presence.identity:
                    self._exchange(presence, review, identity)
                elif presence in due:
                    self._settle(presence, identity, presence.until)
        for presence in due:
            presence.trust(presence.met if presence.alone is None else None)

    def _enter(self, presence: Presence, identity: int) -> None:
        """An entry is that person, or for now nobody."""
        if identity == NOBODY:
            presence.forget_images()
            presence.resting = True
        self._settle(presence, identity, presence.since)

    def _exchange(self, presence: Presence, review: Review, identity: int) -> None:
        """The track changed its person."""
        other = exchange(presence, review, identity, self._waiting)
        self._presences.update({k: other for k, p in self._presences.items() if p is presence})
        if identity == NOBODY:
            other.forget_images()
        self._settle(other, identity, other.until)
        presence.trust()

    def _settle(self, presence: Presence, identity: int, time: float) -> None:
        """Its images show that person. time: of these, seconds."""
        presence.identity = identity
        presence.trust(presence.met if presence.alone is None else None)
        if presence.images:
            images, qualities = np.array(presence.images), np.array(presence.qualities)
            self._show(presence, time, images, qualities, presence.sources)
        presence.forget_images()

    def _show(
        self,
        presence: Presence,
        time: float,
        images: FloatArray,
        qualities: FloatArray,
        sources: Sequence[str],
    ) -> None:
        """Remember (K, D) pictures of somebody whose identity is known."""
        self._registry.observe(presence.group, presence.track, time, images, qualities, sources)
        if self._book is not None:
            cameras = self._registry.camera_numbers(sources)
            self._book.look((presence.group, presence.track), images, cameras)

    def _place(self, group: str, position: FloatArray) -> str:
        """Where somebody comes in or goes out, as a name: the door, else the camera."""
        reach = self._settings.ground.doors.reach
        return nearest_door(self._followers.doors, position, reach) or group

    def _inside(self, group: str, position: FloatArray, *, otherwise: bool) -> bool:
        """Whether nobody comes in there. otherwise: the answer as long as no door is known."""
        if group != GROUND:
            return False
        return self._place(group, position) == group if self._followers.doors else otherwise

    def _retire(self, tracks: Sequence[CameraTracks]) -> None:
        for followed in tracks:
            group = self._groups[followed.camera]
            for track in followed.ended.tolist():
                presence = self._presences.pop((group, track), None)
                if presence is not None and presence.identity is None:
                    presence.identity = NOBODY
                if presence is not None:
                    place = self._place(group, presence.last)
                    self._registry.leave(group, presence.track, presence.until, place)

    def _release(self) -> list[Sightings]:
        """The frames, oldest first, up to the first one with an undecided track."""
        final = []
        while self._waiting and self._waiting[0].decided:
            frame = self._waiting.popleft()
            people = np.array([p.identity for p in frame.presences], np.int64)
            self._registry.see(
                people[people != NOBODY].tolist(), frame.tracks.camera, frame.tracks.time
            )
            if self._book is not None:
                frame.record(self._book)
            final.append(frame.sightings(people))
        return final
