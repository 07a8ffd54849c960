"""Second thoughts on identities: hand-made tracklets, and a life story in the small world."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from calibration.rig import Rig
from reid.appearances import Appearances, AppearanceSettings
from reid.likeness import CosinePrior
from tracker import regrouping
from tracker.clustering import cluster
from tracker.evaluation.comparison import Trajectories, compare, ground_similarity
from tracker.evaluation.identity import identity
from tracker.identity_records import IdentityEvent, IdentitySummary
from tracker.regrouping import Evidence, RegroupingSettings, regroup
from tracker.replacement import Replacement
from tracker.results import ResultWriter
from tracker.revision import new_numbers, revise
from tracker.scene_settings import SceneSettings
from tracker.scene_tracker import SceneTracker
from tracker.tracklets import TrackletBook
from tracker.types import Detections, Sightings

ANN, BEN, CLEO = np.eye(4)[:3]
NOWHERE = np.full(2, np.nan)
# One person's pictures have a cosine of 0.9, two people's of 0: 10 nats for the same looks.
CLEAR = CosinePrior(same_mean=0.9, same_std=0.2, different_mean=0.0, different_std=0.2)


class Story:
    """Tracklets, one after the other by hand."""

    def __init__(self, capacity=50):
        self.book = TrackletBook(capacity)
        self.online = {}
        self.tracks = 0
        self.appearances = Appearances(AppearanceSettings(), CLEAR)

    def add(
        self, identity, look, since, until, camera="hall", first=NOWHERE, last=NOWHERE, group=None
    ):
        self.tracks += 1
        key = group or camera, self.tracks
        for time, place in ((since, first), (until, last)):
            self.book.see(key, identity, camera, int(4 * time), time, np.array(place, float))
        if look is not None:
            self.book.look(key, look[None], np.zeros(1, int))
        known = self.online.get(identity)
        since = since if known is None else known.first_time
        self.online[identity] = IdentitySummary(identity, since, until, (camera,), 0, False)
        return self

    def evidence(self, *, overlap=True, **settings):
        asked = RegroupingSettings(**settings)
        return Evidence(self.book.tracklets(), self.appearances, asked, overlap=overlap)

    def think(self, *, overlap=True, **settings):
        online = list(self.online.values())
        asked = RegroupingSettings(**settings)
        return revise(self.book, online, self.appearances, asked, overlap=overlap)


def test_nobody_and_somebody_alone_stay_as_they_are():
    assert Story().think().moved == ()
    revision = Story().add(1, ANN, 0, 5).think()
    assert revision.moved == revision.events == ()
    assert [p.identity for p in revision.identities] == [1]


def test_a_wrong_split_is_joined_under_the_older_number():
    revision = Story().add(1, ANN, 0, 5).add(2, BEN, 0, 5).add(3, ANN, 20, 25).think()
    assert [(t.track, number) for t, number in revision.moved] == [(3, 1)]
    [event] = revision.events
    assert (event.kind, event.identity, event.track, event.time) == ("merged", 1, 3, 20)
    assert event.posterior > 0.99
    assert event.candidates[0].distance == pytest.approx(0)
    ann, ben = revision.identities
    assert (ann.identity, ann.first_time, ann.last_time, ann.reentries) == (1, 0, 25, 1)
    assert ben == IdentitySummary(2, 0, 5, ("hall",), 0, False)


def test_a_wrong_merge_is_split_and_the_longer_part_keeps_the_number():
    story = Story().add(1, ANN, 0, 5).add(1, BEN, 20, 25).add(2, CLEO, 0, 5).add(1, ANN, 40, 45)
    revision = story.think()
    assert [(t.track, number) for t, number in revision.moved] == [(2, 3)]
    [event] = revision.events
    assert (event.kind, event.identity) == ("split", 3)
    assert event.candidates[0].identity == 1
    assert event.candidates[0].distance == pytest.approx(1)
    assert event.posterior > 0.99
    assert [(p.identity, p.reentries) for p in revision.identities] == [(1, 1), (2, 0), (3, 0)]


def test_tracklets_move_from_one_identity_to_another():
    story = Story().add(1, ANN, 0, 5).add(2, BEN, 0, 5).add(1, BEN, 9, 12).add(1, ANN, 15, 20)
    revision = story.think()
    assert [(t.track, number) for t, number in revision.moved] == [(3, 2)]
    assert [e.kind for e in revision.events] == ["merged"]


def test_two_on_one_camera_at_once_are_never_joined():
    revision = Story().add(1, ANN, 0, 5).add(2, ANN, 5, 9).think()
    assert revision.moved == ()


def test_two_cameras_at_once_are_joined_only_if_they_may_overlap():
    story = Story().add(1, ANN, 0, 5).add(2, ANN, 3, 9, camera="stairs")
    assert len(story.think().moved) == 1
    assert story.think(overlap=False).moved == ()


def handed_over(beside, place, *, camera="east", until=9.0, look=ANN):
    """Ann comes from the west and is at x = 4 m after five seconds, when her track ends; another
    track begins on the same ground so many seconds earlier."""
    story = Story().add(1, ANN, 0, 5, "west", [0, 0], [4, 0], group="ground")
    return story.add(2, look, 5 - beside, until, camera, place, [8, 0], group="ground")


def test_a_person_may_have_two_tracks_for_a_moment_when_handed_over():
    revision = handed_over(0.75, [3.5, 0]).think()
    assert [(t.track, number) for t, number in revision.moved] == [(2, 1)]
    [ann] = revision.identities
    assert (ann.first_time, ann.last_time, ann.reentries) == (0, 9, 0)
    assert handed_over(0.0, [4, 0]).think().moved
    assert handed_over(0.75, [3.5, 0]).think(least_overlap=0.75).moved == ()
    assert handed_over(0.75, [3.5, 0]).think(least_overlap=0.0).moved == ()


@pytest.mark.parametrize(
    ("story", "why"),
    [
        (handed_over(1.0, [3, 0]), "two people walk side by side for a second"),
        (handed_over(0.75, [3.5, 0], camera="west"), "one camera's frames show both"),
        (handed_over(0.75, [3.5, 9]), "nobody is that fast"),
        (handed_over(0.75, [3.5, 0], look=BEN), "they look different"),
        (handed_over(3.0, [2, 0], until=3.0), "the short one lies within the other"),
    ],
)
def test_no_hand_over(story, why):
    assert story.think().moved == (), why


def test_on_cameras_that_share_no_place_a_moment_at_once_is_allowed():
    def story(since):
        return Story().add(1, ANN, 0, 5, camera="hall").add(2, ANN, since, 9, camera="stairs")

    assert len(story(4.5).think(overlap=False).moved) == 1
    assert story(4.0).think(overlap=False).moved == ()
    assert Story().add(1, ANN, 0, 5).add(2, ANN, 4.75, 9).think(overlap=False).moved == ()


def test_who_walks_beside_a_hand_over_is_somebody_else():
    """Ben walks beside Ann all the time and looks like her."""
    story = handed_over(0.75, [3.5, 0])
    story.add(3, ANN, 1, 8, "north", [1, 1], [7, 1], group="ground")
    assert [(t.track, number) for t, number in story.think().moved] == [(2, 1)]


def test_who_would_have_had_to_fly_is_not_joined():
    near = Story().add(1, ANN, 0, 5, last=[0, 0]).add(2, ANN, 6, 9, first=[3, 0])
    far = Story().add(1, ANN, 0, 5, last=[0, 0]).add(2, ANN, 6, 9, first=[30, 0])
    assert len(near.think().moved) == 1
    assert far.think().moved == ()


def test_whom_a_mix_up_moved_to_the_other_ones_place_stays_together():
    """Two met, and their tracks go on with the other one of them each, as was found out online."""
    story = Story()
    for person, look, since, until, place in (
        (1, ANN, 0, 5, [0, 0]),
        (2, BEN, 0, 5, [1.9, 0]),
        (2, BEN, 5.1, 9, [0, 0]),
        (1, ANN, 5.1, 9, [1.9, 0]),
    ):
        story.add(person, look, since, until, first=place, last=place, group="ground")
    assert story.think().moved == ()


def test_where_looks_tell_nothing_the_online_decision_stays():
    story = Story().add(1, None, 0, 5).add(1, ANN, 9, 12).add(2, None, 14, 20).add(3, None, 30, 31)
    assert story.think().moved == ()


def test_beginning_where_the_other_just_ended_speaks_for_one_person():
    def odds(first, since):
        story = Story().add(1, None, 0, 5, first=[0, 0], last=[4, 0])
        story.add(2, None, since, since + 9, first=first, last=[0, 4])
        [[nats]] = story.evidence().log_odds(np.array([0]), np.array([1]))
        return nats

    # Variance 0.5^2 + 0.75^2, 16 m^2 of floor, belief 0.95 exp(-0.5 / 3), by hand.
    assert odds([4, 0], 5.5) == pytest.approx(0.9992, abs=1e-4)
    assert odds([0, 3], 5.5) < -1
    assert odds([4, 0], 500) == pytest.approx(0, abs=1e-6)


def muddle(tracklets):
    """Of five identities, who look and walk as they like on two grounds."""
    random = np.random.default_rng(2)
    story = Story()
    for number in range(tracklets):
        since, look = random.uniform(0, 40), (ANN, BEN, None)[random.integers(3)]
        ends = random.uniform(0, 8, (2, 2))
        until = since + random.uniform(0, 9)
        story.add(number % 5 + 1, look, since, until, "ab"[number % 2], *ends)
    return story


def test_rules_and_odds_are_symmetric_and_none_is_forbidden_to_itself():
    everybody = np.arange(40)
    odds = muddle(40).evidence().log_odds(everybody, everybody)
    np.testing.assert_allclose(odds, odds.T)
    assert 40 < np.isneginf(odds).sum() < 800
    assert np.isfinite(odds.diagonal()).all()


@pytest.mark.parametrize("block", [1, 7, 40])
def test_it_does_not_matter_how_many_are_compared_at_once(monkeypatch, block):
    evidence, everybody = muddle(40).evidence(), np.arange(40)
    odds = evidence.log_odds(everybody, everybody)
    some = everybody[:9]
    others = np.flatnonzero(np.isfinite(odds[some]).all(axis=0))
    means = evidence.mean(some, others)
    assert len(others) > 9
    assert means[0] == pytest.approx(odds[np.ix_(some, others)].mean())
    monkeypatch.setattr(regrouping, "BLOCK", block)
    groups = regroup(evidence)
    assert groups.tolist() == cluster(-odds, 0.0, np.isneginf(odds)).tolist()
    assert 2 < groups.max() + 1 < 40
    np.testing.assert_allclose(evidence.mean(some, others), means)


def test_groups_without_a_number_get_new_ones():
    tracklets = Story().add(4, ANN, 0, 1).add(4, BEN, 2, 3).add(2, CLEO, 4, 5).book.tracklets()
    assert new_numbers(tracklets, np.array([0, 1, 2]), taken=4).tolist() == [4, 5, 2]
    assert new_numbers(tracklets, np.array([0, 1, 1]), taken=4).tolist() == [4, 2, 2]


def test_what_was_forgotten_keeps_its_identity():
    story = Story(capacity=2)
    story.add(1, ANN, 0, 5).add(2, BEN, 6, 9).add(3, ANN, 10, 15)
    revision = story.think()
    assert [t.track for t in story.book.tracklets()] == [2, 3]
    assert revision.moved == ()
    assert [p.identity for p in revision.identities] == [1, 2, 3]


def test_only_the_frames_of_a_moved_tracklet_change_and_stay_ordered():
    revision = Story().add(1, ANN, 0, 5).add(2, BEN, 0, 5).add(3, ANN, 20, 25).think()
    assert revision.number("hall", 80, 3) == revision.number("hall", 100, 3) == 1
    assert revision.number("hall", 79, 3) == revision.number("stairs", 80, 3) == 3
    boxes = np.array([[2, 0, 3, 1], [3, 0, 4, 1.0]])
    seen = Sightings("hall", 90, 22.5, np.array([2, 3]), boxes, np.ones(2), np.zeros((2, 3)))
    after = revision.apply(seen)
    assert after.identities.tolist() == [1, 2]
    assert after.boxes[:, 0].tolist() == [3, 2]


def test_rows_and_events_are_replaced_as_a_whole(tmp_path):
    with ResultWriter(tmp_path, ["a", "b"]) as writer:
        for camera in "ab":
            for frame in range(3):
                boxes, ids = np.zeros((1, 4)), np.array([7])
                places = np.full((1, 3), np.nan)
                writer.write(Sightings(camera, frame, frame / 4, ids, boxes, np.ones(1), places))
        writer.write_event(IdentityEvent("opened", 0.0, "a", 1, 7))
        before = (tmp_path / "a.txt").read_text()
        merged = IdentityEvent("merged", 1.0, "b", 1, 2)
        with Replacement() as files:
            writer.revise(lambda c, frame, _: 2 if (c, frame) == ("b", 1) else 7, [merged], files)
    assert (tmp_path / "a.txt").read_text() == before
    rows = (tmp_path / "b.txt").read_text().splitlines()
    assert [row.split(",")[:2] for row in rows] == [["1", "7"], ["2", "2"], ["3", "7"]]
    events = (tmp_path / "events.jsonl").read_text().splitlines()
    assert [json.loads(event)["kind"] for event in events] == ["opened", "merged"]
    assert not list(tmp_path.glob("*.part"))


def test_a_scene_that_remembered_nothing_says_so():
    with pytest.raises(ValueError, match="offline_pass"):
        SceneTracker(["a"], None, SceneSettings()).revision()


@pytest.fixture(scope="module")
def world():
    """The module `world.py` beside this file."""
    spec = importlib.util.spec_from_file_location("world", Path(__file__).with_name("world.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def returning(enter, leave, y):
    """Walks to and fro along x at that y from one second to another."""
    return lambda t: [4 + 2.5 * np.sin(0.6 * (t - enter)), y] if enter <= t < leave else None


def test_who_was_judged_by_bad_pictures_is_put_right_by_the_later_ones(world):
    """Ann and Ben leave. Ann's first second back shows her as a stranger, and the next person's
    first second looks like Ben's; that is when it is decided who they are, wrongly."""
    looks = np.eye(16)
    people = [
        (0, returning(0, 6, 2.0)), (1, returning(0, 6, 4.0)),
        (0, returning(20, 34, 2.0)), (2, returning(21, 34, 4.0)),
    ]  # fmt: skip
    seen_as = {(0, 20): 8, (2, 21): 1}
    settings = SceneSettings(offline_pass=True)
    tracker = SceneTracker(list(world.cameras()), None, settings, rig=world_rig(world))
    online, truth = [], []
    for frames, found, where in world.ticks(
        [way for _, way in people], 68, rate=2.0, looks=np.eye(4), look_noise=0.0
    ):
        time = frames[0].time
        true_look = [
            seen_as.get((person, enter), person) if enter <= time < enter + 1.5 else person
            for (person, _), enter in zip(people, (0, 0, 20, 21), strict=True)
        ]
        shown = [
            Detections(
                d.boxes, d.scores, looks[true_look][d.embeddings.argmax(axis=1)].astype("f4")
            )
            for d in found
        ]
        online += tracker.update(frames, shown)
        truth += [(frames[0].index, people[n][0], place) for n, place in where.items()]
    online += tracker.finish()
    revision = tracker.revision()
    offline = [revision.apply(seen) for seen in online]
    before, after = (ground_idf1(truth, seen) for seen in (online, offline))
    assert before < 0.75
    assert after > 0.95
    assert {e.kind for e in revision.events} == {"merged", "split"}


def world_rig(world):
    cameras = world.cameras()
    return Rig(tuple(cameras), cameras, area=world.AREA)


def ground_idf1(truth, sightings):
    """IDF1 at 1 m of the positions that one camera's sightings give, with all others'."""
    places = {}
    for seen in sightings:
        for number, place in zip(seen.identities.tolist(), seen.positions[:, :2], strict=True):
            places[seen.index, number] = place
    rows = np.array(list(places), int).reshape(-1, 2)
    found = Trajectories(rows[:, 0], rows[:, 1], np.array(list(places.values())).reshape(-1, 2))
    frames, ids, where = zip(*truth, strict=True)
    true = Trajectories(np.array(frames), np.array(ids), np.array(where))
    return identity(compare(true, found, ground_similarity(1.0))).idf1
