"""The ablation: columns as the paper marks them, and a run of two of them on a tiny world."""

import json

import pytest
import torch

from configs.errors import InputError
from reid.training.ablation import COLUMNS, Outcome, averaging_table, column_settings, column_table
from reid.training.ablation.cli import AblationArguments, ablate
from reid.training.ablation.figures import draw_accuracy_by_size
from reid.training.records import read_rows
from reid.training.settings import TrainSettings

CONFIG = """
sources: [{name: folder}]
batch: {identities: 2, images: 2, steps: 1}
stages: [{height: 16, width: 16}]
evaluate_every: 0
schedule: {peak: 0.001}
swag: {peak: 0.001}
"""


@pytest.mark.parametrize("name", [name for name in COLUMNS if COLUMNS[name].paper])
def test_presets_switch_what_the_columns_mark(name):
    settings, on = column_settings(name, TrainSettings(), None), COLUMNS[name].on
    model, loss = settings.model, settings.loss
    tricks = settings.loss.label_smoothing > 0, settings.augment.erasing > 0
    assert {*tricks, settings.schedule.warmup > 0, not settings.classifier_bias} == {
        "BagOfTricks" in on
    }
    assert (loss.triplet == "batch_soft") == ("Soft triplet" in on)
    assert (loss.triplet != "none" and loss.soft_margin) == ("Soft margin" in on)
    assert (model.l2_kind == "both") == ("L2" in on)
    assert (model.block_kind == "shuffle") == ("Shuffle" in on)
    assert (model.pooling_kind == "gem") == ("GeM" in on)
    assert (model.width == "2x") == ("Deeper" in on)
    assert (settings.swag.cycles == 15) == ("SWAG" in on)


def test_a_shorter_ablation_shortens_the_cycles_too():
    settings = column_settings("h", TrainSettings(), 35)
    assert settings.total_epochs == 35 + 15 * 4  # a tenth of 350 + 15 * 35, rounded


def test_tables_in_the_papers_form():
    done = Outcome((90.0, 80.0), (91.0, 81.0), (92.0, 82.0), 2_910_596, 875)
    unfinished = Outcome(None, None, None, 2_910_596, 3)
    table = column_table({"g": unfinished, "h": done})
    assert "| SWAG |  | x |" in table
    assert "| rank-1 | - | 92.0 |" in table
    assert "| paper mAP | 87.3 | 88.7 |" in table
    assert "| 2 | +LR scheme | 91.0 | 81.0 | 95.8 | 88.2 |" in averaging_table({"h": done})
    assert averaging_table({"g": done}) == ""
    assert column_table({}).startswith("|  |")


def test_figures_without_outcomes_are_empty(tmp_path):
    draw_accuracy_by_size({}, tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 0


def test_columns_run_resume_and_continue_each_other(tmp_path, people, capsys):
    torch.set_num_threads(1)
    (tmp_path / "tiny.yaml").write_text(CONFIG)
    given = AblationArguments(
        data=(str(people()),),
        columns=("g", "h"),
        output=tmp_path / "out",
        config=str(tmp_path / "tiny.yaml"),
        epochs=1,
        device="cpu",
    )
    ablate(given)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"tables.md", "outcomes.json", "accuracy-by-size.png", "g", "h"} <= names
    assert (tmp_path / "out/h/averaging.png").is_file()
    rows = [read_rows(tmp_path / f"out/{name}/curves.csv") for name in "gh"]
    assert len(rows[1]) == 1 + 15
    assert rows[0][0] == rows[1][0]  # h went on from g
    outcomes = json.loads((tmp_path / "out/outcomes.json").read_text())
    assert outcomes["h"]["averaged"] is not None
    assert "| +LR scheme |" in capsys.readouterr().out
    before = (tmp_path / "out/h/latest.pt").stat().st_mtime_ns
    ablate(given)
    assert (tmp_path / "out/h/latest.pt").stat().st_mtime_ns == before


def test_an_unknown_column_is_named():
    with pytest.raises(InputError, match="no column is called 'z'"):
        ablate(AblationArguments(data=("x",), columns=("z",)))
