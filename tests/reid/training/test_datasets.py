"""Each layout is written in miniature and read back; what is wrong is named in one line."""

import cv2
import numpy as np
import pytest

from configs.errors import InputError
from reid.training.cache import ImageCache, report_undecodable
from reid.training.datasets import Source, read_source
from reid.training.samples import Samples, cross_camera_trials, join_identities, split_identities


def put(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((8, 4, 3), len(name), np.uint8))


def market(root):
    put(
        root,
        "bounding_box_train/0002_c1s1_000451_03.jpg",
        "bounding_box_train/0002_c2s1_000451_03.jpg",
        "query/0001_c1s1_001051_00.jpg",
        "bounding_box_test/-1_c1s1_000401_03.jpg",
        "bounding_box_test/0000_c3s1_000401_03.jpg",
        "bounding_box_test/0001_c2s1_000401_03.jpg",
    )
    (root / "bounding_box_test/Thumbs.db").touch()


@pytest.mark.parametrize("inner", ["", "Market-1501-v15.09.15"])
def test_market_leaves_junk_out_and_keeps_distractors(tmp_path, inner):
    market(tmp_path / inner)
    data = read_source(Source(name="market1501", root=tmp_path))
    assert data.train.identities.tolist() == [2, 2]
    assert data.train.cameras.tolist() == [1, 2]
    (trial,) = data.trials
    assert data.test[trial.query].identities.tolist() == [1]
    assert data.test[trial.gallery].identities.tolist() == [0, 1]
    assert data.test[trial.gallery].cameras.tolist() == [3, 2]


def test_duke_and_cuhk03_share_the_layout(tmp_path):
    market(tmp_path / "DukeMTMC-reID")
    assert len(read_source(Source(name="dukemtmc", root=tmp_path)).train) == 2
    market(tmp_path / "cuhk03-np/detected")
    assert len(read_source(Source(name="cuhk03-detected", root=tmp_path)).test) == 3
    with pytest.raises(InputError, match="lacks the folder labeled"):
        read_source(Source(name="cuhk03-labelled", root=tmp_path))


@pytest.mark.parametrize(
    ("top", "train", "test"),
    [("", "train", "test"), ("MSMT17_V2", "mask_train_v2", "mask_test_v2")],
)
def test_msmt17_in_both_layouts(tmp_path, top, train, test):
    root = tmp_path / top
    put(root / train, "0000/0000_000_01_0303morning_0008_0.jpg")
    put(root / test, "0007/0007_001_15_0303morning_0008_0.jpg")
    lines = "0000/0000_000_01_0303morning_0008_0.jpg 0\n"
    (root / "list_train.txt").write_text(lines)
    (root / "list_val.txt").write_text("")
    (root / "list_query.txt").write_text("0007/0007_001_15_0303morning_0008_0.jpg 7\n")
    (root / "list_gallery.txt").write_text("0007/0007_002_03_0303morning_0008_0.jpg 7\n")
    data = read_source(Source(name="msmt17", root=tmp_path))
    assert data.train.paths[0].is_file()
    assert (data.train.cameras.tolist(), data.test.cameras.tolist()) == ([1], [15, 3])
    (root / "list_val.txt").write_text("../../etc/passwd_1_2 0\n")
    with pytest.raises(InputError, match=r"list_val.txt:1: expected an image and its identity"):
        read_source(Source(name="msmt17", root=tmp_path))
    (root / "list_val.txt").unlink()
    with pytest.raises(InputError, match=r"lacks the file list_val\.txt"):
        read_source(Source(name="msmt17", root=tmp_path))


def test_a_folder_of_people_is_split_by_identity(tmp_path):
    for person in "abcd":
        put(tmp_path / person, "01_1.png", "01_2.png", "02_1.png")
    data = read_source(Source(name="pku-reid", root=tmp_path, holdout=0.5))
    assert len(data.train) == len(data.test) == 6
    assert not set(data.train.identities) & set(data.test.identities)
    there, back = data.trials
    assert set(data.test.cameras[there.query]) == set(data.test.cameras[back.gallery]) == {0}
    assert (len(there.query), len(there.gallery)) == (4, 2)
    everybody = read_source(Source(name="folder", root=tmp_path))
    assert len(everybody.train) == len(everybody.test) == 12


def test_rendered_people_in_one_folder_or_three(tmp_path):
    put(tmp_path / "flat", *(f"{i:04d}_c{c}.jpg" for i in range(1, 5) for c in (1, 2)))
    flat = read_source(Source(name="rendered", root=tmp_path / "flat", holdout=0.25))
    assert (len(flat.train), len(flat.test), len(flat.trials)) == (6, 2, 2)
    market(tmp_path / "full")
    assert len(read_source(Source(name="rendered", root=tmp_path / "full")).test) == 3
    (tmp_path / "full" / "bounding_box_train").rename(tmp_path / "elsewhere")
    for_evaluation = read_source(Source(name="rendered", root=tmp_path / "full"))
    assert (len(for_evaluation.train), len(for_evaluation.test)) == (0, 3)


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("market1501", lambda root: None, "lacks the folder bounding_box_train, which Market-1501"),
        ("market1501", lambda r: (r / "bounding_box_train").mkdir(), "holds no images"),
        ("market1501", lambda r: put(r, "bounding_box_train/a.jpg"), "doesn't say identity"),
        ("msmt17", lambda root: None, "lacks the folder train, which MSMT17 has"),
        ("folder", lambda root: None, "holds no identities"),
        ("folder", lambda r: put(r, "anna/1.jpg"), "the name has no camera"),
        ("rendered", lambda root: None, "holds no images"),
    ],
)
def test_what_is_wrong_with_a_root_is_named(tmp_path, name, make, message):
    make(tmp_path)
    with pytest.raises(InputError, match=message):
        read_source(Source(name=name, root=tmp_path))
    with pytest.raises(InputError, match="no such folder"):
        read_source(Source(name=name, root=tmp_path / "nowhere"))


def labelled(identities, cameras):
    rows = [(None, i, c) for i, c in zip(identities, cameras, strict=True)]
    return Samples.of(rows)


def test_joined_sets_share_no_identity_and_no_camera():
    joined = join_identities([labelled([], []), labelled([5, 9, 5, -1], [1, 1, 2, 1]),
                              labelled([5, 6], [1, 1])])  # fmt: skip
    assert joined.identities.tolist() == [0, 1, 0, 2, 3]
    assert joined.cameras.tolist() == [0, 0, 1, 2, 2]
    assert len(join_identities([])) == 0


def test_one_camera_gives_no_trial():
    assert cross_camera_trials(labelled([1, 2], [3, 3])) == ()
    assert cross_camera_trials(labelled([], [])) == ()


def test_the_split_is_the_same_in_every_run():
    samples = labelled(np.repeat(np.arange(10), 3), np.zeros(30, int))
    _, test = split_identities(samples, 0.3)
    assert test.n_identities == 3
    assert split_identities(samples, 0.3)[1].identities.tolist() == test.identities.tolist()


def test_images_are_decoded_once_and_bad_ones_are_listed(tmp_path, caplog):
    put(tmp_path, "a.png", "b.png")
    (tmp_path / "broken.png").write_text("no picture")
    paths = [tmp_path / name for name in ("a.png", "broken.png", "b.png")]
    cache = ImageCache.open(paths, 10, 5, tmp_path / "cache")
    assert cache.images.shape == (3, 10, 5, 3)
    assert cache.decoded.tolist() == [True, False, True]
    assert (cache.images[0] == 5).all()
    files = {f: f.stat().st_mtime_ns for f in (tmp_path / "cache").iterdir()}
    again = ImageCache.open(paths, 10, 5, tmp_path / "cache")
    assert {f: f.stat().st_mtime_ns for f in (tmp_path / "cache").iterdir()} == files
    assert report_undecodable(paths, again.decoded) == [str(paths[1])]
    assert "1 of 3 images can't be decoded" in caplog.text
    assert "broken.png" in caplog.text
    with pytest.raises(InputError, match="none of 1 images can be decoded"):
        report_undecodable(paths[1:2], again.decoded[1:2])
    put(tmp_path, "longer-name/../a.png")  # changed: decoded anew
    assert (ImageCache.open(paths, 10, 5, tmp_path / "cache").images[0] != 5).all()


def test_no_images_make_an_empty_cache(tmp_path):
    cache = ImageCache.open([], 10, 5, tmp_path)
    assert cache.images.shape == (0, 10, 5, 3)
    assert report_undecodable([], cache.decoded) == []


def test_trials_follow_when_images_drop_out(tmp_path):
    for person in "ab":
        put(tmp_path / person, "1_1.png", "2_1.png")
    data = read_source(Source(name="folder", root=tmp_path))
    kept = data.decoded(np.ones(4, bool), np.array([True, False, True, True]))
    assert [(t.query.tolist(), t.gallery.tolist()) for t in kept.trials] == [
        ([0, 1], [2]),
        ([2], [0, 1]),
    ]
