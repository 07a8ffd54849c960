"""The whole command on a generated room, laid out as each data set is."""

import json

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.rig import Rig, write_rig
from configs.errors import InputError
from tracker.evaluation.mtmc.cli import Arguments, benchmark

# Two cameras above the corners of a room of 6 x 3.4 m that look down at its middle.
K = [[1000, 0, 960], [0, 1000, 512], [0, 0, 1]]
CENTRES = {"cam1": (-3.0, -4.0, 4.0), "cam2": (12.0, 7.5, 4.0)}
FRAMES = 24


def looking_at(centre, target=(4.2, 1.7, 0.0)):
    forward = np.subtract(target, centre) / np.linalg.norm(np.subtract(target, centre))
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward])
    return np.array(K, float) @ np.column_stack([R, -R @ centre])


PROJECTIONS = {name: looking_at(np.array(centre)) for name, centre in CENTRES.items()}


def people():
    """(identity, frame) -> metres: three people who walk on lines far from each other."""
    for frame in range(FRAMES):
        for identity, y in ((1, 0.4), (2, 1.7), (3, 3.0)):
            yield identity, frame, 2.6 + 0.12 * frame, y


def box(camera, x, y):
    """Left, top, right, bottom of a cylinder of 1.7 m on the ground."""
    angle = np.linspace(0, 2 * np.pi, 16)
    ring = np.column_stack([x + 0.2 * np.cos(angle), y + 0.2 * np.sin(angle), 0 * angle])
    points = np.vstack([ring, ring + np.array([0, 0, 1.7])])
    pixels, valid = Camera.from_projection(PROJECTIONS[camera], (1920, 1024)).world2image(points)
    assert valid.all()
    return [*pixels.min(0), *pixels.max(0)]


def embedding(identity):
    return np.eye(128)[identity]


@pytest.fixture
def cmc(tmp_path):
    (tmp_path / "CMC1" / "fairmot").mkdir(parents=True)
    (tmp_path / "CMC1" / "faster_rcnn").mkdir()
    for name, P in PROJECTIONS.items():
        np.savetxt(tmp_path / f"{name}_projection.txt", P)
        rows = [(f, [*box(name, x, y), 0.9, *embedding(i)]) for i, f, x, y in people()]
        frames = {str(f): np.array([r for g, r in rows if g == f], "f4") for f in range(FRAMES)}
        np.savez(tmp_path / "CMC1" / "fairmot" / f"{name}.npz", **frames)
        lines = [[f + 1, -1, r[0], r[1], r[2] - r[0], r[3] - r[1], -1, -1] for f, r in rows]
        np.savetxt(tmp_path / "CMC1" / "faster_rcnn" / f"{name}.txt", lines)
    world = [[f + 1, i, -1, -1, -1, -1, -1, x, y, 0.85] for i, f, x, y in people()]
    np.savetxt(tmp_path / "CMC1" / "gt_world.txt", world)
    np.savetxt(tmp_path / "CMC1" / "mv_glmb_oc_world.txt", world)
    return tmp_path


def run(dataset, root, **options):
    path = root / "scores.json"
    benchmark(Arguments(dataset, root, json=path, **options))
    return json.loads(path.read_text())


def test_cmc_is_scored_on_the_ground_beside_the_published_result(cmc, capsys):
    found = run("cmc", cmc)
    assert list(found) == ["CMC1"]
    assert list(found["CMC1"]) == ["1.0", "0.5"]
    assert found["CMC1"]["0.5"]["MOTA"] > 90
    assert found["CMC1"]["0.5"]["IDF1"] > 90
    printed = capsys.readouterr().out
    assert "MV-GLMB-OC  ground 1.0 m  100.0  100.0  100.0" in printed
    assert "detections fairmot, appearance given" in printed


def test_the_offline_pass_is_said_and_hurts_nobody(cmc, capsys):
    online, offline = run("cmc", cmc), run("cmc", cmc, offline_pass=True)
    assert "online and offline pass" in capsys.readouterr().out
    assert offline["CMC1"]["1.0"]["IDF1"] >= online["CMC1"]["1.0"]["IDF1"]


def test_cmc_has_boxes_without_embeddings_too(cmc, capsys):
    found = run("cmc", cmc, detections="faster_rcnn")
    assert found["CMC1"]["1.0"]["Rcll"] > 90
    assert "appearance none" in capsys.readouterr().out
    with pytest.raises(InputError, match="bring no embeddings"):
        run("cmc", cmc, detections="faster_rcnn", reid=("given",))
    with pytest.raises(InputError, match="CMC has fairmot and faster_rcnn"):
        run("cmc", cmc, detections="mine")


def test_pictures_that_are_not_there_are_asked_for(cmc):
    with pytest.raises(InputError, match="camera cam1 has no pictures"):
        run("cmc", cmc, reid=("histogram",))


def test_what_is_malformed_in_cmc_is_named(cmc):
    with pytest.raises(InputError, match="no sequence 'CMC9'; expected one of CMC1"):
        run("cmc", cmc, sequences=("CMC9",))
    truth = cmc / "CMC1" / "gt_world.txt"
    truth.write_text("1 1 -1 -1 -1 -1 -1 2 2 1\n\n0 1 -1 -1 -1 -1 -1 2 2 1\n")
    with pytest.raises(InputError, match=r"gt_world\.txt:3: frame and id"):
        run("cmc", cmc)
    truth.write_text("1 1 -1 -1 -1 -1 -1 2 2 1\n1 1 -1 -1 -1 -1 -1 2 2 1\n")
    with pytest.raises(InputError, match=r"gt_world\.txt: an id is twice"):
        run("cmc", cmc)
    with pytest.raises(InputError, match="no CMC here"):
        run("cmc", cmc / "CMC1")


@pytest.mark.parametrize(
    "frames",
    [
        {"0": np.ones((2, 4))},
        {"first": np.ones((2, 133))},
        {"0": np.full((2, 133), np.nan)},
        {"0": np.array([{}])},
    ],
)
def test_malformed_arrays_of_cmc_are_refused(cmc, frames):
    np.savez(cmc / "CMC1" / "fairmot" / "cam1.npz", **frames)
    with pytest.raises(InputError, match=r"cam1\.npz: "):
        run("cmc", cmc)


@pytest.fixture
def own(tmp_path):
    cameras = {n: Camera.from_projection(P, (1920, 1024)) for n, P in PROJECTIONS.items()}
    write_rig(Rig(tuple(cameras), cameras), tmp_path / "cameras.yaml")
    (tmp_path / "detections").mkdir()
    lines = ["frame,camera,identity,left,top,width,height,visible,x,y"]
    for name in cameras:
        rows = [(f, i, box(name, x, y), x, y) for i, f, x, y in people()]
        np.savez(
            tmp_path / "detections" / f"{name}.npz",
            frames=[f + 1 for f, *_ in rows],
            boxes=[b for _, _, b, _, _ in rows],
            scores=np.full(len(rows), 0.9),
            embeddings=[embedding(i) for _, i, *_ in rows],
        )
        for f, i, (left, top, right, bottom), x, y in rows:
            lines.append(f"{f + 1},{name},{i},{left},{top},{right - left},{bottom - top},1,{x},{y}")
    (tmp_path / "truth.csv").write_text("\n".join(lines))
    return tmp_path


def test_a_scene_of_ones_own_is_scored_on_the_ground_and_in_the_views(own, capsys):
    (scores,) = run("scene", own).values()
    assert list(scores) == ["1.0", "0.5", "views"]
    assert scores["1.0"]["IDF1"] > 90
    assert scores["views"]["IDF1"] > 90


def test_without_geometry_the_cameras_know_nothing_of_each_other(own, capsys):
    (scores,) = run("scene", own, geometry=False, reid=("none",)).values()
    assert scores["views"]["Rcll"] > 90
    assert scores["views"]["IDF1"] < 60  # each person is two, one on each camera
    assert "geometry not used" in capsys.readouterr().out


def test_lab_prints_ours_beside_the_papers_table(own, capsys):
    found = run("lab", own, reid=("Robust-ReID/made=given", "none"))
    assert list(found) == ["Robust-ReID/made", "none"]
    printed = capsys.readouterr().out
    lines = [line.split() for line in printed.splitlines()[-5:]]
    assert [line[:2] for line in lines[:2]] == [["Robust-ReID", "made"], ["-", "-"]]
    assert [line[-4:] for line in lines[:2]] == [
        ["Robust-ReID", "DukeMTMC", "96.1", "89.1"],
        ["Robust-ReID", "Market1501", "96.1", "79.6"],
    ]
    (scores,) = found["none"].values()
    table = scores["1.0"]
    assert lines[4][:4] == ["none", "-", f"{table['MOTA']:.1f}", f"{table['IDF1']:.1f}"]


def test_two_runs_of_one_name_are_refused(own):
    with pytest.raises(InputError, match="names 'a' twice"):
        run("lab", own, reid=("a=given", "a=none"))


@pytest.fixture
def filmed(own, make_video):
    """The scene with a picture for each frame, and files of what a detector finds in them."""
    boxes = {}
    for name in PROJECTIONS:
        make_video(f"{name}.mp4", frames=FRAMES, rate=25)
        given = np.load(own / "detections" / f"{name}.npz")
        boxes[name] = np.column_stack([given["frames"], given["boxes"]])
        (own / "detections" / f"{name}.npz").unlink()
    cameras = {n: Camera.from_projection(P, (1920, 1024)) for n, P in PROJECTIONS.items()}
    sources = {n: str(own / f"{n}.mp4") for n in PROJECTIONS}
    write_rig(Rig(tuple(cameras), cameras, sources), own / "cameras.yaml")
    (own / "found").mkdir()
    for name, rows in boxes.items():
        lines = [
            f"{f:.0f},-1,{x + 1},{y + 1},{r - x},{b - y},0.9" for f, x, y, r, b in rows.tolist()
        ]
        (own / "found" / f"{name}.txt").write_text("\n".join(lines))
    return own


def test_what_a_detector_finds_is_kept_until_it_would_find_something_else(filmed):
    cache = filmed / "cache"
    options = {"detections": str(filmed / "found"), "reid": ("none",), "cache": cache}
    first = run("scene", filmed, **options)
    ((name, scores),) = first.items()
    assert scores["1.0"]["MOTA"] > 90
    kept = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert len(kept) == 2
    assert run("scene", filmed, **options) == first
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == kept
    assert run("scene", filmed, **{**options, "cache": None}) == first
    for file in (filmed / "found").iterdir():
        file.write_text("1,-1,1,1,5,9,0.9\n")
    assert run("scene", filmed, **options)[name]["1.0"]["MOTA"] <= 0
