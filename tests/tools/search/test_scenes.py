"""What is held out never takes part in what is fitted."""

import pytest
from rules import scores_held_out
from scenes import folds, read_scenes

from configs.errors import InputError


class Memory:
    """Rules whose settings, and scores, are the names of the scenes that they were fitted to."""

    def fit(self, scenes):
        return {scene.name for scene in scenes}

    def score(self, scene, settings):
        return settings


def test_each_place_is_left_out_once_with_all_its_detectors(root):
    scenes = read_scenes(root, ())
    assert [(scene.place, scene.source) for scene in scenes] == [
        ("02", "public DPM"),
        ("02", "public FRCNN"),
        ("05", "public DPM"),
    ]
    split = [(f.place, f.held_out, f.others) for f in folds(scenes)]
    assert split == [("02", scenes[:2], scenes[2:]), ("05", scenes[2:], scenes[:2])]


def test_held_out_scores_come_from_the_other_places_alone(root):
    fitted_to = scores_held_out(Memory(), read_scenes(root, ()))
    assert fitted_to == {
        "MOT17-02-DPM": {"MOT17-05-DPM"},
        "MOT17-02-FRCNN": {"MOT17-05-DPM"},
        "MOT17-05-DPM": {"MOT17-02-DPM", "MOT17-02-FRCNN"},
    }


def test_one_place_can_not_be_left_out(root, scene_of):
    with pytest.raises(InputError, match="only the place '02'"):
        list(folds(read_scenes(root, ("02",))))
    with pytest.raises(InputError, match="only the place 'street'"):
        list(folds([scene_of(name="street")]))
