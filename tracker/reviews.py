"""Whom a track shows is asked again once it may have changed: when, and what follows."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np

from tracker.encounters import EncounterSettings, too_near
from tracker.presence import NOBODY, Presence, WaitingFrame
from tracker.questions import Review
from tracker.scene_settings import EntrySettings

__all__ = ["doubted", "due_now", "exchange", "lost_since", "note_encounters", "to_review"]


def note_encounters(frames: Iterable[WaitingFrame], settings: EncounterSettings) -> None:
    """Tell everybody on the frames of one tick whether they came too near to another one, and
    whether they are detected; and begin to look who they are once they are alone again.

    Those who don't come apart for `patience` seconds are looked at all the same if it is known
    where they stand, all together, as they may have been exchanged with one another.
    """
    here: dict[int, tuple[Presence, bool, bool]] = {}
    for frame in frames:
        near = too_near(frame.tracks.boxes, frame.positions[:, :2], settings).tolist()
        detected = (frame.tracks.detection_rows >= 0).tolist()
        for presence, close, seen in zip(frame.presences, near, detected, strict=True):
            _, before, found = here.get(id(presence), (presence, False, False))
            here[id(presence)] = presence, before or close, found or seen
    for presence, close, seen in here.values():
        presence.meet(presence.until, near=close, detected=seen, gap=settings.gap)
    everybody = list(here.values())
    placed = any(p.placed and p.waited >= settings.patience for p, _, seen in everybody if seen)
    for presence, close, seen in everybody:
        if seen and (not close or (placed and presence.placed)):
            presence.look_again()
        elif presence.alone is not None and not presence.placed:
            presence.alone = None


def due_now(
    presences: Iterable[Presence], ended: Collection[Presence], now: float, settings: EntrySettings
) -> tuple[list[Presence], list[Presence]]:
    """Entries, and tracks to review, that have their images, waited long enough, or are over.

    Those who are looked at where it is known where they stand are due together, since each may be
    any other: once all have their images, or one waited long enough.
    """
    entries, doubted, together = [], [], []
    for presence in presences:
        began = presence.since if presence.identity is None else presence.alone
        waited = began is not None and now - began >= settings.max_wait
        ready = len(presence.images) >= settings.images
        if presence.identity and presence.alone is not None and presence.placed:
            together.append((presence, waited, ready))
        elif not (waited or ready or presence in ended):
            continue
        elif presence.identity is None and presence.confirmed:
            entries.append(presence)
        elif presence.identity and presence.met is not None:
            doubted.append(presence)
    all_now = all(ready for *_, ready in together) or any(waited for _, waited, _ in together)
    for presence, waited, _ in together:
        if presence in ended or (all_now and (waited or presence.images)):
            doubted.append(presence)
    return entries, doubted


def to_review(
    tracked: Iterable[Presence],
    due: Collection[Presence],
    entries: Sequence[Presence],
    numbers: Iterable[int],
) -> dict[Presence, Review]:
    """The tracks of one camera that are asked together: those that are due, and those about whom
    something is known since their encounter, as they may be the others of it.

    All may have changed at one time, so that nobody is ever two of them, and no later than the
    entries that are decided with them began, which may be their people. numbers: for the tracks
    that they are if they have.
    """
    asked = [p for p in tracked if p.images and (p in due or p.alone is not None)]
    since = max((p.met for p in asked if p.met is not None), default=-np.inf)
    since = min([since, *(p.since for p in entries)])
    return {p: p.review(number, since) for p, number in zip(asked, numbers, strict=False)}


def lost_since(
    tracked: Iterable[Presence], entries: Sequence[Presence], numbers: Iterable[int]
) -> dict[Presence, Review]:
    """The tracks of one camera that nobody has detected since an entry began: the entry may be
    what became of one. Where it is not, they stay what they are."""
    latest = max((p.since for p in entries), default=-np.inf)
    lost = [p for p in tracked if p.identity and p.detected < latest]
    return {
        p: p.review(number, float(np.nextafter(p.detected, np.inf)), bare=True)
        for p, number in zip(lost, numbers, strict=False)
    }


def doubted(
    tracked: Iterable[Presence], entries: Sequence[Presence], numbers: Iterable[int]
) -> dict[Presence, Review]:
    """The tracks that met others and have no images since: an entry may be their person. Where it
    is not, they stay what they are."""
    since = min((p.since for p in entries), default=np.inf)
    unsure = [p for p in tracked if entries and p.identity and p.met is not None]
    return {
        p: p.review(number, since, bare=True) for p, number in zip(unsure, numbers, strict=False)
    }


def exchange(
    presence: Presence, review: Review, identity: int, waiting: Iterable[WaitingFrame]
) -> Presence:
    """The track that it is from the review's time on, on the waiting frames, too. Who was lost
    and is found elsewhere rests until something is detected there again."""
    other = replace(
        presence,
        track=review.now.track_id,
        since=review.now.time,
        first=presence.last,
        identity=identity,
        resting=identity == NOBODY,
    )
    for frame in waiting:
        if frame.tracks.time >= other.since:
            frame.presences[:] = [other if p is presence else p for p in frame.presences]
    return other
