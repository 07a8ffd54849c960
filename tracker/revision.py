"""Second thoughts on who was who: new numbers, and what there is to say of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from reid.appearances import Appearances
from tracker.identity_records import Candidate, IdentityEvent, IdentitySummary
from tracker.regrouping import Evidence, RegroupingSettings, regroup
from tracker.tracklets import Tracklet, TrackletBook
from tracker.types import IntArray, Sightings

__all__ = ["Revision", "new_numbers", "revise"]


@dataclass(frozen=True)
class Revision:
    """Which tracklets are whose, after all.

    moved: the tracklets whose number changes, and to which. identities: everybody, by number.
    events: one for each identity that lost tracklets to another: "merged" into one that was
    known, or "split" off as a person of its own.
    """

    moved: tuple[tuple[Tracklet, int], ...]
    identities: tuple[IdentitySummary, ...]
    events: tuple[IdentityEvent, ...]
    _spans: dict[tuple[str, int], list[tuple[int, int, int]]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        spans: dict[tuple[str, int], list[tuple[int, int, int]]] = defaultdict(list)
        for tracklet, number in self.moved:
            for camera, (first, last) in tracklet.frames.items():
                spans[camera, tracklet.identity].append((first, last, number))
        object.__setattr__(self, "_spans", dict(spans))

    def number(self, camera: str, frame: int, identity: int) -> int:
        """Who that is whom a camera's frame, from 0, showed as `identity`."""
        for first, last, number in self._spans.get((camera, identity), ()):
            if first <= frame <= last:
                return number
        return identity

    def apply(self, sightings: Sightings) -> Sightings:
        """The same sightings under the new numbers, in their order."""
        numbers = [
            self.number(sightings.camera, sightings.index, identity)
            for identity in sightings.identities.tolist()
        ]
        people = np.array(numbers, np.int64)
        rows = np.argsort(people, kind="stable")
        return replace(
            sightings,
            identities=people[rows],
            boxes=sightings.boxes[rows],
            scores=sightings.scores[rows],
            positions=sightings.positions[rows],
        )


def revise(
    book: TrackletBook,
    online: Sequence[IdentitySummary],
    appearances: Appearances,
    settings: RegroupingSettings,
    *,
    overlap: bool,
) -> Revision:
    """Think over the tracklets of a whole run. online: what was known of everybody."""
    tracklets = book.tracklets()
    if not tracklets:
        return Revision((), tuple(online), ())
    evidence = Evidence(tracklets, appearances, settings, overlap=overlap)
    taken = max([0, *(person.identity for person in online)])
    numbers = new_numbers(tracklets, regroup(evidence), taken)
    moved = tuple(
        (tracklet, number)
        for tracklet, number in zip(tracklets, numbers.tolist(), strict=True)
        if tracklet.identity != number
    )
    changed = {n for tracklet, number in moved for n in (tracklet.identity, number)}
    identities = _summaries(tracklets, numbers, online, changed, book.final)
    return Revision(moved, identities, _events(tracklets, numbers, evidence))


def new_numbers(tracklets: Sequence[Tracklet], groups: IntArray, taken: int) -> IntArray:
    """(N,) the number of each tracklet, given its group (N,): where a group and an online number
    share most frames they stay together (ties: the lower number). A group that is left without
    one gets the next after `taken`."""
    shared: Counter[tuple[int, int]] = Counter()
    for tracklet, group in zip(tracklets, groups.tolist(), strict=True):
        shared[group, tracklet.identity] += tracklet.seen
    chosen: dict[int, int] = {}
    given: set[int] = set()
    for (group, number), _ in sorted(shared.items(), key=lambda item: (-item[1], item[0][1])):
        if group not in chosen and number not in given:
            chosen[group] = number
            given.add(number)
    for group in sorted(set(groups.tolist()) - chosen.keys()):
        taken += 1
        chosen[group] = taken
    return np.array([chosen[group] for group in groups.tolist()], np.int64)


def _events(
    tracklets: Sequence[Tracklet], numbers: IntArray, evidence: Evidence
) -> tuple[IdentityEvent, ...]:
    before = np.array([t.identity for t in tracklets], np.int64)
    pairs = sorted({(a, b) for a, b in zip(before.tolist(), numbers.tolist(), strict=True)})
    return tuple(
        _event(tracklets, before, numbers, (old, new), evidence) for old, new in pairs if old != new
    )


def _event(
    tracklets: Sequence[Tracklet],
    before: IntArray,
    numbers: IntArray,
    change: tuple[int, int],
    evidence: Evidence,
) -> IdentityEvent:
    """Why the tracklets of `change[0]` that are now `change[1]` are: how near they are to the
    others of both."""
    old, new = change
    went = np.flatnonzero((before == old) & (numbers == new))
    candidates = []
    for number, others in ((new, numbers == new), (old, (before == old) & (numbers != new))):
        rest = np.setdiff1d(np.flatnonzero(others), went)
        if len(rest):
            odds, distance = evidence.mean(went, rest)
            chance = float(1 / (1 + np.exp(-np.clip(odds, -700, 700))))
            candidates.append(Candidate(number, distance, chance, active=False))
    merged = bool(((before == new) & (numbers == new)).any())
    first = tracklets[int(went[0])]
    left = next((c.posterior for c in candidates if c.identity == old), 0.0)
    return IdentityEvent(
        "merged" if merged else "split",
        first.since,
        first.group,
        first.track,
        new,
        tuple(candidates),
        candidates[0].posterior if merged else 1 - left,
        why=f"{len(went)} of the tracks of {old} are of {new}, compared after the run",
    )


def _summaries(
    tracklets: Sequence[Tracklet],
    numbers: IntArray,
    online: Sequence[IdentitySummary],
    changed: set[int],
    final: set[int],
) -> tuple[IdentitySummary, ...]:
    """Everybody by number; anew for whom a tracklet came or went."""
    known = {person.identity: person for person in online}
    people = {n: person for n, person in known.items() if n not in changed or n in final}
    owned: dict[int, list[Tracklet]] = defaultdict(list)
    for tracklet, number in zip(tracklets, numbers.tolist(), strict=True):
        owned[number].append(tracklet)
    for number in sorted(changed):
        if own := owned[number]:
            anew = _summary(number, own)
            people[number] = _joined(people[number], anew) if number in people else anew
    return tuple(people[number] for number in sorted(people))


def _summary(number: int, tracklets: Iterable[Tracklet]) -> IdentitySummary:
    """Of one person's tracklets, in the order of time."""
    own = list(tracklets)
    cameras = dict.fromkeys(camera for t in own for camera in t.frames)
    until, returns = own[0].until, 0
    for tracklet in own:
        returns += tracklet.since > until
        until = max(until, tracklet.until)
    return IdentitySummary(number, own[0].since, until, tuple(cameras), returns, active=False)


def _joined(online: IdentitySummary, anew: IdentitySummary) -> IdentitySummary:
    """Of a person some of whose tracklets are forgotten; only what was said online is known of
    these."""
    return replace(
        online,
        last_time=max(online.last_time, anew.last_time),
        cameras=tuple(dict.fromkeys((*online.cameras, *anew.cameras))),
        reentries=max(online.reentries, anew.reentries),
    )
