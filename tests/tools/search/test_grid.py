"""Points of a grid, and which of them is best."""

import pytest
from grid import best_point, changed, read_grid

from configs.errors import InputError
from tracker.camera_tracker import CameraTrackerSettings
from tracker.offline import OfflineSettings


@pytest.fixture
def options(tmp_path):
    def write(text):
        path = tmp_path / "options.yaml"
        path.write_text(text)
        return path

    return write


def test_a_grid_is_every_combination(options):
    points = read_grid(options("max_gap: [1, 2]\nstages: [[], null]\n"))
    assert points == [
        {"max_gap": 1, "stages": []},
        {"max_gap": 1, "stages": None},
        {"max_gap": 2, "stages": []},
        {"max_gap": 2, "stages": None},
    ]
    assert read_grid(options("")) == [{}]  # the settings as they are


@pytest.mark.parametrize("text", ["max_gap: 2", "max_gap: []", "[1, 2]", "max_gap: ["])
def test_nonsense_is_refused(options, text):
    with pytest.raises(InputError, match=r"options\.yaml"):
        read_grid(options(text))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_grid(tmp_path / "options.yaml")


def test_values_take_their_places_and_leave_the_others():
    before = CameraTrackerSettings()
    point = {
        "max_gap": 1.5,
        "plausibility.min_probability": 0.6,
        "plausibility.seen": {"bias": 0.25},
        "stages.1.buffer": 0.75,
    }
    after = changed(before, point)
    assert (after.max_gap, after.plausibility.min_probability) == (1.5, 0.6)
    assert after.plausibility.seen == before.plausibility.seen.model_copy(update={"bias": 0.25})
    assert after.plausibility.predicted == before.plausibility.predicted
    assert after.stages[1] == before.stages[1].model_copy(update={"buffer": 0.75})
    assert after.stages[::2] == before.stages[::2]
    assert changed(before, {}) == before


def test_a_step_that_was_off_comes_on_with_its_defaults():
    off = OfflineSettings(joining=None)
    assert changed(off, {"joining.max_gap": 1.0}).joining.max_gap == 1.0
    assert changed(OfflineSettings(), {"joining": None}) == off


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"max_gapp": 1}, "unknown setting max_gapp; expected one of max_gap"),
        ({"max_gap": -1}, "setting max_gap: .*greater"),
        ({"stages.7.buffer": 1}, r"no setting stages\.7\.buffer"),
        ({"max_gap.seconds": 1}, r"no setting max_gap\.seconds"),
    ],
)
def test_unknown_settings_and_wrong_values_are_named(point, message):
    with pytest.raises(InputError, match=message):
        changed(CameraTrackerSettings(), point)


class Counted:
    """Scores of `right` of `total`, which add up as those of sequences do."""

    def __init__(self, right, total):
        self.right, self.total = right, total

    def __add__(self, other):
        return Counted(self.right + other.right, self.total + other.total)

    def table(self):
        return dict.fromkeys(("HOTA", "MOTA", "IDF1"), 100 * self.right / self.total)


def test_the_best_point_weighs_sources_alike_and_scenes_by_their_size(scene_of):
    scenes = [scene_of(name=f"MOT17-{name}") for name in ("02-DPM", "05-DPM", "02-FRCNN")]

    def at(*scores):
        counted = (Counted(*each) for each in scores)
        return dict(zip((scene.name for scene in scenes), counted, strict=True))

    #            DPM, 2 scenes:  9/20      FRCNN:  50/100
    points = [at((0, 10), (9, 10), (50, 100)), at((10, 10), (0, 10), (46, 100))]
    # The second: 50 % + 46 % is more than 45 % + 50 %.
    assert best_point(points, scenes) == 1
    assert best_point(points, scenes[1:]) == 0
    assert best_point([*points, points[1]], scenes) == 1
