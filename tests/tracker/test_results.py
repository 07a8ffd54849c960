"""The files of a run."""

import json

import numpy as np
import pytest

from calibration.rig import read_rig
from configs.errors import InputError
from tracker.identity_records import Candidate, IdentityEvent, IdentitySummary
from tracker.motchallenge import read_results
from tracker.replacement import Replacement
from tracker.results import ResultWriter, claim_folder, result_rows
from tracker.types import Sightings


def sightings(n, positions=None, camera="cam", index=4):
    return Sightings(
        camera,
        index,
        0.5,
        np.arange(1, n + 1),
        np.array([[10.0, 20.0, 30.0, 60.0]] * n).reshape(n, 4),
        np.full(n, 0.75),
        np.full((n, 3), np.nan) if positions is None else np.array(positions, float),
    )


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (sightings(0), ""),
        (sightings(1), "5,1,11.00,21.00,20.00,40.00,0.7500,-1,-1,-1\n"),
        (
            sightings(2, [[1.5, -2, 0], [np.nan] * 3]),
            "5,1,11.00,21.00,20.00,40.00,0.7500,1.500,-2.000,0.000\n"
            "5,2,11.00,21.00,20.00,40.00,0.7500,-1,-1,-1\n",
        ),
    ],
)
def test_rows_by_hand(seen, expected):
    assert result_rows(seen) == expected


def test_rows_are_readable_while_the_run_goes_on(tmp_path):
    with ResultWriter(tmp_path, ["cam", "idle"]) as writer:
        writer.write(sightings(2))
        rows = read_results(tmp_path / "cam.txt")
        assert rows.boxes.tolist() == [[10.0, 20.0, 30.0, 60.0]] * 2
    assert (tmp_path / "idle.txt").read_text() == ""


def test_a_decision_can_be_explained_from_the_file(tmp_path):
    event = IdentityEvent(
        "reassigned",
        2.0,
        "cam",
        7,
        3,
        (Candidate(3, 0.2, 0.9, False), Candidate(1, np.inf, 0.01, True)),
        0.9,
        0.4,
        "came back",
    )
    with ResultWriter(tmp_path, ["cam"]) as writer:
        writer.write_event(event)
        record = json.loads((tmp_path / "events.jsonl").read_text())
    assert record["identity"] == 3
    assert (record["posterior"], record["threshold"]) == (0.9, 0.4)
    assert record["candidates"][0] == {
        "identity": 3,
        "distance": 0.2,
        "posterior": 0.9,
        "active": False,
    }
    assert record["candidates"][1]["distance"] is None


def test_identities_and_summary(tmp_path):
    person = IdentitySummary(1, 0.0, 9.5, ("door", "hall"), 2, False)
    with ResultWriter(tmp_path, []) as writer, Replacement() as files:
        writer.write_identities([person], {1: "crops/1.jpg"}, files)
        writer.write_summary({"frames": 3}, files)
    record = json.loads((tmp_path / "identities.jsonl").read_text())
    assert (record["reentries"], record["best_crop"]) == (2, "crops/1.jpg")
    assert json.loads((tmp_path / "summary.json").read_text()) == {"frames": 3}
    assert not list(tmp_path.glob("*.part"))


def test_a_folder_with_results_is_not_overwritten(tmp_path):
    folder = tmp_path / "out"
    assert claim_folder(folder, exist_ok=False) == folder
    assert claim_folder(folder, exist_ok=False) == folder  # empty still
    (folder / "summary.json").write_text("{}")
    with pytest.raises(InputError, match="--exist-ok"):
        claim_folder(folder, exist_ok=False)
    assert claim_folder(folder, exist_ok=True) == folder


def test_without_a_folder_the_next_free_one_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = []
    for _ in range(3):
        folder = claim_folder(None, exist_ok=False)
        (folder / "x").touch()
        names.append(str(folder))
    assert names == ["runs/track", "runs/track-2", "runs/track-3"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(InputError, match="is a file"):
        claim_folder(tmp_path / "out", exist_ok=True)


def test_learned_doors_go_into_a_camera_file_as_they_are(tmp_path):
    doors = {"door 1": np.array([[1.006, -2.5]]), "door 2": np.array([[0.0, 3.0]])}
    with ResultWriter(tmp_path, []) as writer, Replacement() as files:
        writer.write_doors(doors, files)
    written = (tmp_path / "doors.yaml").read_text()
    (tmp_path / "cameras.yaml").write_text("cameras: {a: a.mp4}\n" + written)
    doors = read_rig(tmp_path / "cameras.yaml").doors
    assert {name: door.tolist() for name, door in doors.items()} == {
        "door 1": [[1.01, -2.5]],
        "door 2": [[0.0, 3.0]],
    }
