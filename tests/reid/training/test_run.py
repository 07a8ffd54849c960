"""Whole runs on a tiny world: records, resuming to the bit, averaging, processes, failures."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from configs.errors import InputError
from reid.training import engine
from reid.training import run as run_module
from reid.training.checkpoint import load_checkpoint, load_model, save_checkpoint
from reid.training.datasets import Source
from reid.training.export import export_onnx
from reid.training.losses import reid_losses
from reid.training.records import read_rows
from reid.training.run import Place, train
from reid.training.schedule import Stage
from reid.training.settings import SwagSettings, TrainSettings

ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def place(tmp_path, name, **more):
    return Place(tmp_path / name, tmp_path / "cache", CPU, **more)


def changed(settings, **changes):
    return settings.model_copy(update=changes)


def assert_same_end(a, b):
    left, right = (load_checkpoint(folder / "latest.pt") for folder in (a, b))
    assert (left.epoch, left.step) == (right.epoch, right.step)
    for part in ("model", "classifiers"):
        for name, value in getattr(left, part).items():
            assert torch.equal(value, getattr(right, part)[name]), name
    for key, slot in left.optimiser["state"].items():
        assert torch.equal(
            slot["momentum_buffer"], right.optimiser["state"][key]["momentum_buffer"]
        )
    timed = {"seconds", "data_seconds"}
    rows = [
        [{k: v for k, v in row.items() if k not in timed} for row in read_rows(f / "curves.csv")]
        for f in (a, b)
    ]
    assert rows[0] == rows[1]


def test_a_run_leaves_its_records_and_a_model(tmp_path, people, tiny):
    settings = tiny(people())
    scores = train(settings, place(tmp_path, "run"))
    output = tmp_path / "run"
    names = {"settings.yaml", "latest.pt", "best.pt", "curves.csv", "curves.png"}
    assert names <= {path.name for path in output.iterdir()}
    rows = read_rows(output / "curves.csv")
    assert [row["epoch"] for row in rows] == [1, 2]
    assert [row["steps"] for row in rows] == [2, 2]
    assert [row["images"] for row in rows] == [8, 8]
    assert rows[0]["learning_rate"] == pytest.approx(0.03)
    assert rows[1]["learning_rate"] == pytest.approx(0.003)
    assert rows[-1]["rank1"] == pytest.approx(scores["rank1"])
    checkpoint = load_checkpoint(output / "latest.pt")
    assert checkpoint.settings == settings
    assert checkpoint.description == "folder: 16 images of 4 identities"
    assert checkpoint.preprocessing.height == 16
    assert load_model(checkpoint).embed(torch.zeros(1, 3, 16, 16)).shape == (1, 1024)


@pytest.mark.parametrize("saves_before", [1, 2])
def test_a_resumed_run_ends_with_the_same_bits(tmp_path, people, tiny, monkeypatch, saves_before):
    # Interrupted once within an epoch and once at an epoch's end.
    settings = changed(tiny(people()), checkpoint_minutes=1e-9)
    train(settings, place(tmp_path, "whole"))
    saves = []

    def save_then_stop(checkpoint, path):
        save_checkpoint(checkpoint, path)
        saves.append(path.name)
        if saves.count("latest.pt") == saves_before:
            raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "save_checkpoint", save_then_stop)
    with pytest.raises(KeyboardInterrupt):
        train(settings, place(tmp_path, "cut"))
    monkeypatch.undo()
    assert load_checkpoint(tmp_path / "cut/latest.pt").step == (1 if saves_before == 1 else 0)
    torch.set_num_threads(1)
    train(settings, place(tmp_path, "cut", resume=True))
    assert_same_end(tmp_path / "whole", tmp_path / "cut")


def test_bfloat16_takes_nearly_the_same_way(tmp_path, people, tiny):
    # Of maps of one pixel torch's bfloat16 gradients are sometimes not finite (2.14.1, AVX512).
    settings = changed(tiny(people()), stages=(Stage(height=64, width=32),))
    train(settings, place(tmp_path, "whole"))
    train(changed(settings, bfloat16=True), place(tmp_path, "halved"))
    whole, halved = (read_rows(tmp_path / name / "curves.csv") for name in ("whole", "halved"))
    assert halved[0]["loss"] != whole[0]["loss"]
    assert [row["loss"] for row in halved] == pytest.approx([r["loss"] for r in whole], rel=0.05)
    weights = load_checkpoint(tmp_path / "halved/latest.pt").model.values()
    assert {value.dtype for value in weights} <= {torch.float32, torch.int64}


def test_the_averaging_stage_collects_and_scores(tmp_path, people, tiny):
    swag = SwagSettings(cycles=2, cycle_epochs=1, samples=2)
    settings = changed(tiny(people()), swag=swag, evaluate_every=0)
    train(settings, place(tmp_path, "run"))
    rows = read_rows(tmp_path / "run/curves.csv")
    assert [row["epoch"] for row in rows if "swag_mAP" in row] == [3, 4]
    assert [row["learning_rate"] for row in rows[2:]] == pytest.approx([0.03, 0.021])
    written = json.loads((tmp_path / "run/averaged.json").read_text())
    assert set(written) == {"mean", "samples"}
    averaged = load_checkpoint(tmp_path / "run/averaged.pt")
    latest = load_checkpoint(tmp_path / "run/latest.pt")
    assert averaged.moments["count"] == 2
    name = "stem.conv.weight"
    torch.testing.assert_close(averaged.model[name], latest.moments["mean"][name].float())
    assert not torch.equal(averaged.model["stem.norm.running_mean"],
                           latest.model["stem.norm.running_mean"])  # fmt: skip


def test_stages_and_minutes_shape_a_run(tmp_path, people, tiny):
    stages = (Stage(until=0.5, height=16, width=16), Stage(height=32, width=16))
    settings = changed(tiny(people()), stages=stages, minutes=0.03, evaluate_every=0)
    train(settings, place(tmp_path, "run"))
    rows = read_rows(tmp_path / "run/curves.csv")
    assert rows[0]["height"] == 16
    assert load_checkpoint(tmp_path / "run/latest.pt").elapsed >= 1.8
    assert "rank1" in rows[-1]


def test_another_set_can_score_the_run(tmp_path, people, tiny):
    root = people()
    settings = changed(tiny(root), test=Source(name="pku-reid", root=root, holdout=0.5))
    assert train(settings, place(tmp_path, "run"))["queries"] == 8


def test_a_loss_that_is_not_finite_stops_with_its_values(tmp_path, people, tiny):
    settings = tiny(people())
    endless = settings.schedule.model_copy(update={"peak": 1e30, "warmup": 0})
    with pytest.raises(FloatingPointError, match=r"epoch 1, step 2: loss nan, identity_global"):
        train(changed(settings, schedule=endless), place(tmp_path, "run"))


def test_a_gradient_that_is_not_finite_stops_before_the_weights_change(
    tmp_path, people, tiny, monkeypatch
):
    def with_a_root_at_zero(features, *rest):
        losses = reid_losses(features, *rest)
        root = (0 * features[0].sum()).sqrt()  # 0, with an endless slope
        return dataclasses.replace(losses, triplet_local=losses.triplet_local + root)

    monkeypatch.setattr(engine, "reid_losses", with_a_root_at_zero)
    settings = tiny(people())
    with pytest.raises(FloatingPointError, match=r"gradient isn't finite at epoch 1, step 1: loss"):
        train(settings, place(tmp_path, "run"))


def test_an_output_folder_with_a_run_is_not_overwritten(tmp_path, people, tiny):
    settings = tiny(people())
    (tmp_path / "run").mkdir()
    (tmp_path / "run/latest.pt").touch()
    with pytest.raises(InputError, match="holds a run already"):
        train(settings, place(tmp_path, "run"))
    with pytest.raises(InputError, match="not a readable checkpoint"):
        train(settings, place(tmp_path, "run", resume=True))


def test_a_checkpoint_of_another_network_or_data_is_refused(tmp_path, people, tiny):
    settings = changed(tiny(people()), evaluate_every=0)
    train(settings, place(tmp_path, "run"))
    other = settings.model.model_copy(update={"network": "hacnn"})
    with pytest.raises(InputError, match="holds another network"):
        train(changed(settings, model=other), place(tmp_path, "run", resume=True))
    half = settings.sources[0].model_copy(update={"holdout": 0.5})
    with pytest.raises(InputError, match="was trained on 4 identities, the data has 2"):
        train(changed(settings, sources=(half,)), place(tmp_path, "run", resume=True))
    torch.save({"state_dict": {}}, tmp_path / "foreign.pt")
    with pytest.raises(InputError, match="not a checkpoint of reid-train"):
        load_checkpoint(tmp_path / "foreign.pt")
    with pytest.raises(InputError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "missing.pt")


def test_a_run_can_begin_with_the_network_of_another(tmp_path, people, tiny):
    settings = changed(tiny(people()), evaluate_every=0)
    train(settings, place(tmp_path, "first"))
    first = tmp_path / "first" / "latest.pt"
    still = changed(settings, optimiser=settings.optimiser.model_copy(update={"weight_decay": 0}))
    still = changed(still, schedule=still.schedule.model_copy(update={"peak": 1e-30}))
    train(still, place(tmp_path, "second", weights=first))
    before, after = (load_checkpoint(tmp_path / name / "latest.pt") for name in ("first", "second"))
    for name, value in before.model.items():
        if "running" not in name and "tracked" not in name:  # batch statistics move all the same
            assert torch.allclose(value, after.model[name], atol=1e-12), name
    assert after.epoch == before.epoch  # its own schedule, from the start
    exported = tmp_path / "first.onnx"
    export_onnx(load_model(before), exported, {}, preprocessing=before.preprocessing)
    train(still, place(tmp_path, "exported", weights=exported))
    again = load_checkpoint(tmp_path / "exported" / "latest.pt").model
    for name, value in before.model.items():
        if name.endswith("centres.weight"):  # of the few that no batch norm is folded into
            assert torch.allclose(value, again[name], atol=1e-6), name
    other = settings.model.model_copy(update={"network": "hacnn"})
    with pytest.raises(InputError, match="weights to start from are another network's"):
        train(changed(settings, model=other), place(tmp_path, "third", weights=first))


def test_an_identity_with_one_image_is_named(tmp_path, people, tiny, caplog):
    root = people()
    for path in sorted((root / "001").iterdir())[1:]:
        path.unlink()
    (root / "002/0_0.png").write_text("broken")
    train(changed(tiny(root), evaluate_every=0), place(tmp_path, "run"))
    assert "1 of 4 identities have one image only, such as" in caplog.text
    assert "1 of 13 images can't be decoded" in caplog.text


def test_one_camera_cannot_be_scored(tmp_path, people, tiny):
    root = people()
    for path in root.glob("*/1_*.png"):
        path.unlink()
    with pytest.raises(InputError, match=r"no query has a match .* 4 identities, 1 camera\)"):
        train(tiny(root), place(tmp_path, "run"))


def test_averaging_and_a_time_budget_exclude_each_other():
    with pytest.raises(ValueError, match="swag counts epochs"):
        TrainSettings(minutes=1, swag=SwagSettings(cycles=1))


def test_two_processes_train_one_model(tmp_path, people):
    root = people(n_people=8)
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "-m", "reid.training.cli", "--data", f"folder={root}", "--output", str(tmp_path / "run"),
        "--epochs", "1", "--batch.identities", "2", "--batch.images", "2", "--batch.steps", "2",
        "--stages.0.height", "16", "--stages.0.width", "16", "--device", "cpu",
    ]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (row,) = read_rows(tmp_path / "run/curves.csv")
    assert row["images"] == 16  # two steps of four images in each of two processes
    assert np.isfinite(row["loss"])
