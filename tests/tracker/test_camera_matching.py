"""Before a run, the ReID network looks at the people of each camera."""

import numpy as np
import pytest

from reid.embedder import OnnxEmbedder
from tracker.camera_matching import CameraMatchingSettings, match_cameras
from tracker.types import Detections, Frame


class Watched:
    """A source of equal frames."""

    def __init__(self, camera, frames):
        self.camera, self._frames = camera, frames

    def glimpses(self, count):
        for index in range(min(count, self._frames)):
            yield Frame(self.camera, index, float(index), np.zeros((100, 80, 3), np.uint8))


class Learning(OnnxEmbedder):
    matchable = True

    def __init__(self):
        self.seen = {}

    def match(self, camera, crops):
        self.seen[camera] = [crop.shape[:2] for crop in crops]


def two_people(frames):
    boxes = np.array([[0, 0, 20, 60], [30, 0, 40, 30]], float)
    return [Detections(boxes, np.ones(2)) for _ in frames]


def match(embedder, sources, detect=two_people, **settings):
    match_cameras(embedder, sources, detect, CameraMatchingSettings(**settings))
    return embedder.seen


def test_each_camera_s_tall_people_are_looked_at():
    seen = match(Learning(), [Watched("a", 3), Watched("b", 2)])
    assert seen == {"a": [(60, 20)] * 3, "b": [(60, 20)] * 2}


def test_of_too_many_pictures_some_are_taken_from_all_over():
    seen = match(Learning(), [Watched("a", 9)], smallest=1, images=6)
    assert seen["a"] == [(60, 20), (30, 10)] * 3


@pytest.mark.parametrize("sources", [[Watched("live", 0)], []])
def test_where_nobody_is_seen_nothing_is_matched(sources):
    assert match(Learning(), sources) == {}
    nobody = [Watched("a", 2)]
    assert match(Learning(), nobody, lambda frames: [Detections.empty()] * len(frames)) == {}


def test_it_can_be_turned_off_and_other_embedders_stay_as_they_are():
    assert match(Learning(), [Watched("a", 3)], enabled=False) == {}
    fixed = Learning()
    fixed.matchable = False
    assert match(fixed, [Watched("a", 3)]) == {}
    match_cameras(None, [Watched("a", 3)], two_people, CameraMatchingSettings())
