"""Rooms with people who come and go: stories, files, and truth against the calibration."""

import csv
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from layouts import LAYOUTS, draw_layout
from room_video import VideoSettings, collect_truth, open_video, write_views
from stage import stage_vertices
from walkers import Society

from calibration.rig import read_rig
from configs.errors import InputError

SHORT = VideoSettings(
    seconds=0.2, layout="room", width=5, depth=6, people=2, most_at_once=2, present=2, stay=20,
    frame_rate=15, crf=30, quick=True, seed=4,
)  # fmt: skip


def layout_of(kind, seed=0):
    return draw_layout(kind, 6, 6, np.random.default_rng(seed))


def story(layout, seconds, people=8, present=2, seed=0):
    society = Society(layout, people, 5, present, 15, np.random.default_rng(seed))
    return [society.step(1 / 15) for _ in range(int(seconds * 15))]


@pytest.mark.parametrize("kind", LAYOUTS)
def test_people_come_go_and_come_back(kind):
    moments = story(layout_of(kind), 150)
    counts = [len(m.identities) for m in moments]
    assert 3 <= max(counts) <= 5
    visits = {}
    for before, after in pairwise(moments):
        for identity in set(after.identities) - set(before.identities):
            visits[identity] = visits.get(identity, 0) + 1
    assert max(visits.values()) >= 2
    assert len(visits) >= 4


@pytest.mark.parametrize("kind", LAYOUTS)
def test_nobody_leaps_or_leaves_the_place(kind):
    layout = layout_of(kind)
    previous = {}
    for moment in story(layout, 60):
        spots = dict(zip(moment.identities, moment.positions, strict=True))
        for identity in spots.keys() & previous.keys():
            assert np.linalg.norm(spots[identity] - previous[identity]) < 0.3
        previous = spots
        assert (np.array(list(spots.values())).reshape(-1, 2) > -8).all()


def test_somebody_sits_down():
    assert any((moment.sitting == 1).any() for moment in story(layout_of("room"), 120))


def test_an_empty_place_stays_empty_without_people():
    moments = story(layout_of("room"), 2, people=0, present=0)
    assert all(moment.positions.shape == (0, 2) for moment in moments)


def test_the_same_seed_tells_the_same_story():
    first, second = (story(layout_of("room"), 20) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.identities == b.identities
        np.testing.assert_array_equal(a.positions, b.positions)


def test_the_rooms_of_a_corridor_share_no_view():
    layout = layout_of("corridor")
    low, high = layout.cells[0]
    inside = np.stack(np.meshgrid(*np.linspace(low + 0.5, high - 0.5, 5).T), -1).reshape(-1, 2)
    points = np.c_[inside, np.full(len(inside), 0.9)]
    first, depth = layout.cameras["first"].project(points)
    assert ((depth > 0) & (first >= 0).all(1) & (first < (640, 480)).all(1)).mean() > 0.5
    _, depth = layout.cameras["second"].project(points)
    assert (depth < 0).all()  # the second camera looks away


@pytest.mark.parametrize(("kind", "size"), [("castle", 5), ("room", 1), ("room", 100)])
def test_nonsense_is_refused(kind, size):
    with pytest.raises(InputError):
        draw_layout(kind, size, size, np.random.default_rng(0))


def test_layouts_are_drawable():
    for kind in LAYOUTS:
        assert np.isfinite(stage_vertices(layout_of(kind).patches)).all()
    assert stage_vertices([]).shape == (0, 12)


@pytest.fixture(scope="module")
def video(asset_folder, tmp_path_factory, renderer):
    output = tmp_path_factory.mktemp("video")
    names = open_video(output, SHORT)
    assert names == ["c1", "c2", "c3", "c4"]
    assert len(list(write_views((asset_folder, output, SHORT, names)))) == 12
    assert collect_truth(output, SHORT) > 0
    return output


def rows_of(output: Path):
    with (output / "truth.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_camera_has_its_frames(video):
    for name in ("c1", "c2", "c3", "c4"):
        with av.open(str(video / f"{name}.mp4")) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
            assert container.streams.video[0].average_rate == 15
        assert len(frames) == 3
        assert frames[0].shape == (480, 640, 3)
        assert frames[0].std() > 10


def test_truth_agrees_between_cameras_and_with_the_calibration(video):
    rig = read_rig(video / "cameras.yaml")
    places = {}
    for row in rows_of(video):
        key = row["frame"], row["identity"]
        place = float(row["x"]), float(row["y"])
        assert places.setdefault(key, place) == place
        camera = rig.cameras[row["camera"]]
        pixels, valid = camera.ground2image(np.array([place]))
        back, seen = camera.image2ground(pixels)
        assert valid.all()
        assert seen.all()
        np.testing.assert_allclose(back, [place], atol=1e-3)
        left, top, width, height = (float(row[k]) for k in ("left", "top", "width", "height"))
        assert 0 <= left <= left + width <= 640
        assert 0 <= top <= top + height <= 480
        if left > 0 and top > 0 and left + width < 640 and top + height < 480:
            assert left - 15 < pixels[0, 0] < left + width + 15
            assert top < pixels[0, 1] < top + height + 15


def test_finished_cameras_are_not_drawn_again(video):
    assert open_video(video, SHORT) == []
    with pytest.raises(InputError, match="other settings"):
        open_video(video, VideoSettings(**{**vars(SHORT), "seed": 5}))


def test_the_same_seed_gives_the_same_bytes(video, asset_folder, tmp_path):
    open_video(tmp_path, SHORT)
    list(write_views((asset_folder, tmp_path, SHORT, ["c3"])))
    assert (tmp_path / "c3.mp4").read_bytes() == (video / "c3.mp4").read_bytes()
    drawn = (tmp_path / "parts" / "c3.csv").read_bytes()
    assert drawn == (video / "parts" / "c3.csv").read_bytes()
