"""The whole command on tiny videos."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from reid.opening import default_embedder
from tracker import cli
from tracker.motchallenge import read_results

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def scene(make_video, tmp_path):
    """Two cameras on which one person walks to the right, with files of detections."""
    for name in ("left", "right"):
        make_video(f"cams/{name}.mp4", frames=20, rate=10, size=(160, 120))
        rows = [f"{n},-1,{5 + 3 * n},31,30,80,0.9" for n in range(1, 21)]
        (tmp_path / "cams" / f"{name}.txt").write_text("\n".join(rows) + "\n")
    return tmp_path / "cams"


def run(*arguments, monkeypatch, capsys):
    """Exit code, stdout, stderr of the command in this process."""
    monkeypatch.setattr(sys, "argv", ["track-mtmc", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    captured = capsys.readouterr()
    return ended.value.code, captured.out, captured.err


@pytest.fixture
def command(monkeypatch, capsys):
    return lambda *arguments: run(*arguments, monkeypatch=monkeypatch, capsys=capsys)


def videos(scene):
    return sorted(scene.glob("*.mp4"))


def test_from_videos_to_identities(scene, command, tmp_path):
    out = tmp_path / "out"
    code, said, _ = command(
        "--videos", *videos(scene), "--detector", scene, "--output", out, "--save-video"
    )
    assert code == 0
    assert "40 frames" in said
    summary = json.loads((out / "summary.json").read_text())
    assert summary["finished"]
    assert summary["frames"] == 40
    assert summary["cameras"]["left"] == {"frames": 20, "corrupt": 0, "dropped": 0, "reconnects": 0}
    rows = read_results(out / "left.txt")
    assert len(set(rows.ids.tolist())) == 1
    assert rows.frames[-1] == 20
    people = [json.loads(line) for line in (out / "identities.jsonl").read_text().splitlines()]
    assert len(people) == summary["identities"]
    assert all((out / person["best_crop"]).is_file() for person in people)
    decisions = [
        json.loads(line)["kind"] for line in (out / "events.jsonl").read_text().splitlines()
    ]
    assert "opened" in decisions
    assert yaml.safe_load((out / "config.yaml").read_text())["reid"] == default_embedder()
    assert (out / "mosaic.mp4").stat().st_size > 1000


def test_the_offline_pass_corrects_every_file(scene, command, tmp_path):
    """A registry that believes in no overlap opens an identity for each camera; the pictures are
    the same, so that afterwards both are found to be one."""
    common = ["--videos", *videos(scene), "--detector", scene, "--reid", "histogram"]
    common += ["--identities.overlap-probability", "1e-9"]
    people, files, events = {}, {}, {}
    for name, flags in (("online", []), ("offline", ["--offline-pass"])):
        out = tmp_path / name
        code, said, _ = command(*common, *flags, "--output", out)
        assert code == 0
        lines = (out / "identities.jsonl").read_text().splitlines()
        people[name] = [json.loads(line) for line in lines]
        assert said.startswith(f"{len(lines)} people")
        files[name] = {c: read_results(out / f"{c}.txt") for c in ("left", "right")}
        lines = (out / "events.jsonl").read_text().splitlines()
        events[name] = [json.loads(line) for line in lines]
    assert [p["cameras"] for p in people["online"]] == [["left"], ["right"]]
    [person] = people["offline"]
    assert person["cameras"] == ["left", "right"]
    assert [p.name for p in (tmp_path / "offline" / "crops").iterdir()] == ["1.jpg"]
    assert person["best_crop"] == "crops/1.jpg"
    for camera, online in files["online"].items():
        offline = files["offline"][camera]
        assert offline.frames.tolist() == online.frames.tolist()
        assert set(offline.ids.tolist()) == {1}
    assert events["offline"][: len(events["online"])] == events["online"]
    assert [e["kind"] for e in events["offline"][len(events["online"]) :]] == ["merged"]
    assert not list((tmp_path / "offline").glob("*.part"))


@pytest.mark.parametrize("full", ["right.txt", "crops/1.jpg"])
def test_an_offline_pass_that_fails_leaves_the_run_as_it_was(scene, command, tmp_path, full):
    """The disk is full when one of the new files is to be written."""
    common = ["--videos", *videos(scene), "--detector", scene, "--reid", "histogram"]
    common += ["--identities.overlap-probability", "1e-9"]
    command(*common, "--output", tmp_path / "online")
    out = tmp_path / "offline"
    (out / "crops").mkdir(parents=True)
    (out / f"{full}.part").symlink_to("/dev/full")
    code, _, said = command(*common, "--offline-pass", "--output", out, "--exist-ok")
    assert code == 1
    assert "No space left" in said
    results = ["left.txt", "right.txt", "events.jsonl", "identities.jsonl"]
    for file in (*results, "crops/1.jpg", "crops/2.jpg"):
        assert (out / file).read_bytes() == (tmp_path / "online" / file).read_bytes()
    assert not json.loads((out / "summary.json").read_text())["finished"]
    assert not list(out.rglob("*.part"))


def test_the_same_run_twice_gives_the_same_bytes(scene, command, tmp_path):
    for name in ("one", "two"):
        command("--videos", *videos(scene), "--detector", scene, "--output", tmp_path / name)
    for file in ("left.txt", "right.txt", "events.jsonl", "identities.jsonl", "config.yaml"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_written_settings_repeat_a_run(scene, command, tmp_path):
    common = ["--videos", *videos(scene), "--detector", scene]
    command(
        *common,
        "--stride",
        "2",
        "--identities.return-probability",
        "0.2",
        "--output",
        tmp_path / "a",
    )
    command(*common, "--config", tmp_path / "a" / "config.yaml", "--output", tmp_path / "b")
    assert (tmp_path / "a/left.txt").read_bytes() == (tmp_path / "b/left.txt").read_bytes()
    assert (tmp_path / "a/config.yaml").read_bytes() == (tmp_path / "b/config.yaml").read_bytes()


def test_flags_override_the_file(scene, command, tmp_path):
    (tmp_path / "my.yaml").write_text("video: {stride: 4}\nreid: none\n")
    out = tmp_path / "out"
    code, *_ = command(
        "--config",
        tmp_path / "my.yaml",
        "--stride",
        "5",
        "--videos",
        *videos(scene),
        "--detector",
        scene,
        "--output",
        out,
    )
    assert code == 0
    resolved = yaml.safe_load((out / "config.yaml").read_text())
    assert (resolved["video"]["stride"], resolved["reid"]) == (5, "none")


def test_cameras_file_names_the_sources(scene, command, tmp_path):
    text = "cameras:\n  left: {source: left.mp4}\n  right: {source: right.mp4, time_offset: 0.5}\n"
    (scene / "cameras.yaml").write_text(text)
    code, *_ = command(
        "--cameras", scene / "cameras.yaml", "--detector", scene, "--output", tmp_path / "out"
    )
    assert code == 0
    people = [json.loads(x) for x in (tmp_path / "out/identities.jsonl").read_text().splitlines()]
    assert max(person["last_time"] for person in people) == pytest.approx(2.4, abs=0.2)


def test_a_run_leaves_the_doors_that_it_learned(make_video, command, tmp_path):
    """Seen from above at 30 pixels a metre, somebody walks 3 m and is gone."""
    make_video("top.mp4", frames=50, rate=10, size=(160, 120))
    rows = [f"{n},-1,{5 + 3 * n},31,30,60,0.9" for n in range(1, 31)]
    (tmp_path / "top.txt").write_text("\n".join(rows) + "\n")
    camera = "source: top.mp4, image_size: [160, 120]"
    camera += ", homography: [[30, 0, 0], [0, -30, 120], [0, 0, 1]]"
    (tmp_path / "cameras.yaml").write_text("cameras: {top: {" + camera + "}}\n")
    settings = "--ground.max-gap 0.2 --ground.entrances.max-lost 0 --ground.doors.reach 0.5"
    settings += " --ground.doors.lasted 1 --ground.doors.evidence 1"
    code, _, said = command(
        *("--cameras", tmp_path / "cameras.yaml", "--detector", tmp_path / "top.txt"),
        *("--output", tmp_path / "out", *settings.split()),
    )
    assert (code, said) == (0, "")
    doors = yaml.safe_load((tmp_path / "out" / "doors.yaml").read_text())["doors"]
    assert list(doors) == ["door 1"]
    assert doors["door 1"][0] == pytest.approx([109 / 30, 30 / 30], abs=0.3)
    assert (tmp_path / "out" / "map.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to track"),
        (["--videos", "nowhere.mp4"], "nowhere.mp4: no such file"),
        (["--videos", "a/x.mp4", "b/x.mp4"], "would both be camera 'x'"),
        (["--videos", "{video}", "--detector", "nothing.onnx"], "nothing.onnx: no such file"),
        (["--videos", "{video}", "--reid", "resnet"], "no ReID model 'resnet'"),
        (["--videos", "{video}", "--config", "nothing.yaml"], "no such settings file"),
        (["--videos", "{video}", "--config", "nothing"], "no preset is called 'nothing'"),
        (["--videos", "{video}", "--config", "{typo}"], "unknown setting identities.treshold"),
        (["--videos", "{video}", "--output", "{full}"], "--exist-ok"),
        (["--videos", "{video}", "--detector", "yolox-nano", "--offline"], "--offline forbids"),
        (["--videos", "{text}"], "can't be read as a video"),
        (["--cameras", "nothing.yaml"], "nothing.yaml"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    scene, command, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "typo.yaml").write_text("identities: {treshold: 0.3}\n")
    (tmp_path / "text.mp4").write_text("no video")
    full = tmp_path / "full"
    full.mkdir()
    (full / "x").touch()
    out = tmp_path / "out"
    names = {
        "video": scene / "left.mp4",
        "typo": tmp_path / "typo.yaml",
        "full": full,
        "text": tmp_path / "text.mp4",
    }
    arguments = [argument.format(**names) for argument in arguments]
    defaults = [] if "--detector" in arguments else ["--detector", str(scene)]
    output = [] if "--output" in arguments else ["--output", str(out)]
    code, _, err = command(*arguments, *defaults, *output)
    assert code == 2
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not out.exists()


def test_near_names_of_an_unknown_setting_are_told(scene, command, tmp_path):
    (tmp_path / "typo.yaml").write_text("camera_tracker: {max_gpa: 3}\n")
    _, _, err = command("--videos", scene / "left.mp4", "--config", tmp_path / "typo.yaml")
    assert "expected one of max_gap" in err


def test_an_interrupted_run_leaves_readable_files(scene, command, tmp_path, monkeypatch):
    from tracker.recording import RunRecorder

    write = RunRecorder.write

    def interrupt(self, moment):
        write(self, moment)
        if self.frames >= 20:
            raise KeyboardInterrupt

    monkeypatch.setattr(RunRecorder, "write", interrupt)
    out = tmp_path / "out"
    code, _, err = command(
        "--videos", *videos(scene), "--detector", scene, "--output", out, "--save-video"
    )
    assert code == 130
    assert "interrupted" in err
    assert not json.loads((out / "summary.json").read_text())["finished"]
    assert 0 < len(read_results(out / "left.txt")) < 20
    assert (out / "identities.jsonl").read_text()
    assert (out / "mosaic.mp4").stat().st_size > 500


def test_help_names_every_setting():
    done = subprocess.run(
        [sys.executable, "-m", "tracker.cli", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0
    for flag in (
        "--videos",
        "--start",
        "--stop",
        "--stride",
        "--detector",
        "--reid",
        "--output",
        "--identities.return-probability",
        "--camera-tracker.max-gap",
        "--anonymise",
    ):
        assert flag in done.stdout
