"""Whole scenes: boxes against drawn pixels, things in front, seeds, COCO's file."""

import json

import cv2
import numpy as np
import pytest
from camera import Camera
from crowd import draw_positions, posed, recruit
from detection_scenes import SceneSettings, collect_annotations, open_scenes, write_scenes
from gait import Posture
from places import Place, draw_room, draw_street
from renderer import Light
from scene import draw_backdrop, draw_people, flat_backdrop, sights
from stage import block, floor, stage_vertices, wall

SIZE = (320, 240)
LIGHT = Light(np.array([0, 0, 1.0]), np.ones(3) * 0.3, np.ones(3), np.ones(3) * 0.5)
STANDING = Posture.walking(np.zeros(1), np.zeros(1))


@pytest.fixture(scope="module")
def camera():
    return Camera.looking_at(np.array([0.0, -5, 2.2]), np.array([0, 0, 0.8]), 300, SIZE)


@pytest.fixture(scope="module")
def cast(assets):
    return recruit(assets, 3, [0, 1])


def seen(renderer, camera, people, patches=()):
    vertices = stage_vertices([floor((-9, -9), (9, 9), (0.5, 0.5, 0.5), "tiles"), *patches])
    backdrop = draw_backdrop(renderer, camera, vertices, LIGHT, np.full(3, 200.0), 0.2, 2)
    picture, ids = draw_people(renderer, backdrop, camera, people, LIGHT, 2)
    return picture, ids, sights(renderer, backdrop, camera, people, ids)


def test_nobody_is_seen_where_nobody_is(renderer, camera):
    picture, ids, sight = seen(renderer, camera, [])
    assert picture.shape == (240, 320, 3)
    assert not ids.any()
    assert sight.boxes.shape == sight.visible_boxes.shape == (0, 4)
    assert sight.visible.shape == (0,)


def test_an_unhidden_person_fills_the_box(renderer, camera, cast):
    person = posed(cast[0], STANDING, np.zeros(2), 0.4, 1, 200)
    picture, _, sight = seen(renderer, camera, [person])
    np.testing.assert_allclose(sight.boxes, sight.visible_boxes, atol=1.5)
    assert sight.visible[0] == pytest.approx(1, abs=0.05)
    assert np.isfinite(picture).all()


def test_a_block_hides_the_legs(renderer, camera, cast):
    person = posed(cast[0], STANDING, np.zeros(2), 0.4, 1, 200)
    counter = block((0, -0.8, 0.5), (2, 0.1, 0.5), (0.3, 0.3, 0.3))
    _, _, free = seen(renderer, camera, [person])
    _, _, sight = seen(renderer, camera, [person], counter)
    np.testing.assert_allclose(sight.boxes, free.boxes)
    assert sight.visible_boxes[0, 3] < free.boxes[0, 3] - 20
    assert 0.2 < sight.visible[0] < 0.8


def test_a_wall_hides_all(renderer, camera, cast):
    person = posed(cast[0], STANDING, np.zeros(2), 0.4, 1, 200)
    screen = wall((-2, -1), (2, -1), 0, 2.5, (0, -5), (0.5, 0.5, 0.5))
    _, ids, sight = seen(renderer, camera, [person], [screen])
    assert not ids.any()
    assert sight.visible[0] == 0
    np.testing.assert_array_equal(sight.visible_boxes, np.zeros((1, 4)))


def test_the_nearer_person_hides_the_farther(renderer, camera, cast):
    near = posed(cast[0], STANDING, np.array([0, -1.0]), 0.0, 1, 200)
    far = posed(cast[1], STANDING, np.array([0.1, 0.5]), 0.0, 2, 200)
    _, _, sight = seen(renderer, camera, [far, near])
    assert sight.visible[1] > 0.95
    assert sight.visible[0] < 0.8


def test_outside_the_image_nothing_counts(renderer, camera, cast):
    half_out = posed(cast[0], STANDING, np.array([2.6, 0.0]), 0.0, 1, 200)
    _, _, sight = seen(renderer, camera, [half_out])
    assert sight.boxes[0, 2] > 320
    assert sight.visible_boxes[0, 2] <= 320
    assert sight.visible[0] < 0.95


def test_feet_darken_the_floor(renderer, camera, cast):
    person = posed(cast[0], STANDING, np.zeros(2), 0.4, 1, 200)
    flat = flat_backdrop(np.full((240, 320, 3), 100, np.float32), camera)
    picture, ids = draw_people(renderer, flat, camera, [person], LIGHT, 1)
    free = ids == 0
    assert picture[free].min() < 80
    assert picture[0, 0, 0] == 100


def test_positions_keep_apart_and_in_view(camera):
    rng = np.random.default_rng(0)
    where = Place([], np.array([-6.0, -4]), np.array([6.0, 8]), np.array([[0, 0, 1.0]]))
    spots, heights = draw_positions(rng, where, camera, 12, (20, 400))
    assert 3 <= len(spots) <= 12
    assert len(spots) == len(heights)
    gaps = np.linalg.norm(spots[:, None] - spots, axis=2) + 9 * np.eye(len(spots))
    assert gaps.min() >= 0.45
    assert np.linalg.norm(spots, axis=1).min() > 1.0
    nobody, none = draw_positions(rng, where, camera, 0, (20, 400))
    assert nobody.shape == (0, 2)
    assert none.shape == (0,)


@pytest.mark.parametrize("seed", range(4))
def test_places_have_room_for_people(seed):
    rng = np.random.default_rng(seed)
    for where in (draw_room(rng, 5, 6), draw_street(rng, 10)):
        assert (where.high > where.low + 3).all()
        assert where.obstacles.shape[1] == 3
        assert np.isfinite(stage_vertices(where.patches)).all()


def test_a_set_of_scenes_repeats_and_collects(asset_folder, tmp_path, renderer):
    settings = SceneSettings(2, 3, "")
    for name in ("first", "second"):
        output = tmp_path / name
        left = open_scenes(output, settings)
        assert left == [0, 1]
        assert list(write_scenes((asset_folder, output, settings, left[::-1]))) == [1, 0]
        assert open_scenes(output, settings) == []
        assert collect_annotations(output) == 2
    for path in sorted((tmp_path / "first").rglob("*.j*")):
        assert (
            path.read_bytes()
            == (tmp_path / "second" / path.relative_to(tmp_path / "first")).read_bytes()
        )
    coco = json.loads((tmp_path / "first" / "annotations.json").read_text())
    assert [image["file_name"] for image in coco["images"]] == ["000001.jpg", "000002.jpg"]
    for image in coco["images"]:
        picture = cv2.imread(str(tmp_path / "first" / "images" / image["file_name"]))
        assert picture.shape == (image["height"], image["width"], 3)
    for person in coco["annotations"]:
        left, top, width, height = person["bbox"]
        assert min(left, top) >= 0
        assert min(width, height) >= 1
        assert 0 < person["visibility"] <= 1
