"""The presets resolve, and folders find their data sets."""

from pathlib import Path

import pytest

import configs
from configs import read_settings
from configs.errors import InputError
from reid.training.datasets import Source
from reid.training.roots import parse_source, place_sources
from reid.training.settings import TrainSettings

FOLDER = Path(configs.__file__).parent
TRAINING = ("market1501", "market1501-2x", "dukemtmc", "msmt17", "cuhk03", "outdoor", "pku-reid",
            "rendered")  # fmt: skip


@pytest.mark.parametrize("name", TRAINING)
def test_training_presets_resolve(name):
    assert read_settings(TrainSettings, name).sources


@pytest.mark.parametrize("path", sorted((FOLDER / "ablation").glob("*.yaml")), ids=lambda p: p.stem)
def test_ablation_presets_resolve_and_differ_from_the_whole_recipe(path):
    settings = read_settings(TrainSettings, f"ablation/{path.stem}")
    assert (settings == TrainSettings()) == (path.stem == "g")


def test_defaults_are_the_papers():
    settings = TrainSettings()
    assert (settings.batch.identities, settings.batch.images) == (8, 4)
    assert (settings.schedule.epochs, settings.schedule.peak) == (350, 0.03)
    assert (settings.swag.cycle_epochs, settings.swag.decay) == (35, 0.7)
    assert (settings.augment.erasing, settings.augment.erasing_area) == (0.5, (0.02, 0.4))
    assert read_settings(TrainSettings, "market1501").total_epochs == 350 + 525


def test_plain_paths_go_to_the_sources_in_turn():
    sources = (Source(name="market1501"), Source(name="pku-reid", holdout=0.5))
    placed = place_sources(sources, ["a", "b"])
    assert [source.root for source in placed] == [Path("a"), Path("b")]
    assert placed[1].holdout == 0.5


def test_named_paths_choose_the_sets():
    sources = (Source(name="market1501"), Source(name="pku-reid", holdout=0.5))
    (placed,) = place_sources(sources, ["pku-reid=some/where"])
    assert (placed.name, placed.root, placed.holdout) == ("pku-reid", Path("some/where"), 0.5)
    assert parse_source("folder=x").name == "folder"


@pytest.mark.parametrize(
    ("roots", "message"),
    [
        ([], "0 paths for 1 data sets; expected --data market1501=PATH"),
        (["a", "b"], "2 paths for 1 data sets"),
        (["a", "folder=b"], "not both"),
        (["mars=b"], "no data set is called 'mars'"),
    ],
)
def test_paths_that_fit_no_source_are_named(roots, message):
    with pytest.raises(InputError, match=message):
        place_sources((Source(),), roots)
