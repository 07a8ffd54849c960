"""The whole command on small generated sequences."""

import json
import runpy
import sys
from pathlib import Path

import pytest
import yaml
from rules import OnlineRules, SecondPassRules, first_pass_tables
from scenes import read_scenes

from configs import command
from configs.errors import InputError
from tracker.camera_tracker import CameraTrackerSettings
from tracker.motchallenge import result_rows, results
from tracker.offline import OfflineSettings, refine
from tracker.plausibility import PlausibilitySettings

MAIN = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "search" / "__main__.py"))["main"]
ONLINE = CameraTrackerSettings()


@pytest.fixture
def tell(root, monkeypatch, capsys, tmp_path):
    """Arguments -> the lines that the command prints, and the JSON that it writes."""

    def call(subcommand, *arguments):
        path = tmp_path / "scores.json"
        flags = ["--root", root, "--json", path, *arguments]
        monkeypatch.setattr(sys, "argv", ["search", subcommand, *map(str, flags)])
        MAIN()
        return capsys.readouterr().out.splitlines(), json.loads(path.read_text())

    return call


@pytest.fixture
def frcnn(root):
    """The one scene with detections by FRCNN."""
    return read_scenes(root, ("MOT17-02-FRCNN",))[0]


def figures(line):
    """The numbers of a printed line by their names."""
    words = line.split()
    first = words.index("HOTA")
    return dict(zip(words[first::2], map(float, words[first + 1 :: 2]), strict=True))


def check_report(lines, numbers):
    """The four lines of scores say what the file says."""
    titles = [(title, source) for title, told in numbers.items() for source in told]
    assert titles == [
        (title, f"public {detector}")
        for title in ("held out", "fitted to all")
        for detector in ("DPM", "FRCNN")
    ]
    for line, (title, source) in zip(lines[:4], titles, strict=True):
        assert line.startswith(title)
        assert source in line
        assert figures(line) == pytest.approx(numbers[title][source], abs=0.005)


def test_the_online_rule_that_is_printed_gives_the_scores_that_are_printed(tell, frcnn):
    lines, numbers = tell("fit", "--online")
    check_report(lines, numbers)
    rule = PlausibilitySettings.model_validate(yaml.safe_load("\n".join(lines[4:]))["plausibility"])
    assert rule.min_probability == PlausibilitySettings().min_probability
    assert rule.seen.score > 0  # false alarms have lower scores
    assert rule.seen.outside == 0  # not used
    tracks = frcnn.track(ONLINE.model_copy(update={"plausibility": rule}))
    table = frcnn.score(results(tracks)).table()
    told = numbers["fitted to all"]["public FRCNN"]
    assert told == {name: table[name] for name in told}
    assert told["MOTA"] > 50


def test_the_second_pass_that_is_printed_gives_the_scores_that_are_printed(tell, root, frcnn):
    lines, numbers = tell("fit")
    check_report(lines, numbers)
    settings = OfflineSettings.model_validate(yaml.safe_load("\n".join(lines[4:])))
    assert settings.joining.weights != OfflineSettings().joining.weights
    assert settings.hindsight.seen != OfflineSettings().hindsight.seen
    ways = refine(first_pass_tables([frcnn], ONLINE)[frcnn.name], settings)
    rows = result_rows(ways.frames, ways.ids, ways.boxes, ways.scores)
    table = frcnn.score(rows).table()
    told = numbers["fitted to all"]["public FRCNN"]
    assert told == {name: table[name] for name in told}
    assert told["MOTA"] > 50


@pytest.mark.parametrize(
    ("rule", "flags"), [("plausibility", ()), ("hindsight", ("--offline-pass",))]
)
def test_the_better_of_two_points_is_chosen_in_every_fold(tell, tmp_path, rule, flags):
    options = tmp_path / "options.yaml"
    options.write_text(f"{rule}.min_probability: [0.999, 0.5]\n")
    lines, (points, told) = tell("choose", "--options", options, *flags)
    assert points == [{f"{rule}.min_probability": value} for value in (0.999, 0.5)]
    assert lines[4:7] == [f"{who}: {points[1]}" for who in ("without 02", "without 05", "all")]
    best = [figures(line) for line in lines[2:4]]
    assert [figures(line) for line in lines[7:]] == best * 2  # held out, and chosen on all
    assert best == [pytest.approx(told[1][f"public {d}"], abs=0.005) for d in ("DPM", "FRCNN")]
    assert all(
        figures(line)["MOTA"] < 50 < one["MOTA"] for line, one in zip(lines, best, strict=False)
    )


def test_bad_input_is_one_line(root, monkeypatch, capsys):
    flags = ["--root", str(root), "--sequences", "05", "--online"]
    monkeypatch.setattr(sys, "argv", ["search", "fit", *flags])
    assert command.run(MAIN) == 2
    assert capsys.readouterr().err.startswith("error: only the place '05'")


def test_rules_that_are_off_can_not_be_fitted():
    with pytest.raises(InputError, match="no plausibility rule"):
        OnlineRules([], CameraTrackerSettings(plausibility=None))
    with pytest.raises(InputError, match="no joining or no hindsight"):
        SecondPassRules({}, OfflineSettings(hindsight=None))
