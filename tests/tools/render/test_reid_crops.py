"""The population of crops: names, seeds, resuming, and drawing that fits its boxes."""

import re

import cv2
import numpy as np
import pytest
from camera import Camera, enclosing_box
from dressing import dress
from gait import Posture, draw_style, pose
from person import place, skin
from reid_crops import CropSettings, open_population, write_crops
from renderer import Drawing, Light
from sensor import draw_sensor, expose
from sheet import contact_sheet
from wardrobe import draw_appearance

from configs.errors import InputError

NAME = re.compile(r"\d{4}_c[1-6]s1_\d{6}_00\.jpg")
SETTINGS = CropSettings(2, 2, 4, 64, 32, 5, evaluation=False, look_alikes=0.5, backgrounds="")


@pytest.fixture(scope="module")
def population(asset_folder, tmp_path_factory, renderer):
    output = tmp_path_factory.mktemp("population")
    left = open_population(output, SETTINGS)
    counts = dict(write_crops((asset_folder, output, SETTINGS, left)))
    assert counts == {0: 4, 1: 4}
    return output


def test_names_tell_person_camera_and_picture(population):
    names = sorted(p.name for p in (population / "bounding_box_train").iterdir())
    assert len(names) == 8
    assert all(NAME.fullmatch(name) for name in names)
    assert {name[:7] for name in names} == {"0001_c1", "0001_c2", "0002_c1", "0002_c2"}


def test_pictures_have_the_size_and_somebody_in_them(population):
    for path in (population / "bounding_box_train").iterdir():
        picture = cv2.imread(str(path))
        assert picture.shape == (64, 32, 3)
        assert picture.std() > 5


def test_a_person_is_the_same_in_any_share(population, asset_folder, tmp_path):
    (tmp_path / "bounding_box_train").mkdir()
    list(write_crops((asset_folder, tmp_path, SETTINGS, [1])))  # without the first person
    for path in (tmp_path / "bounding_box_train").iterdir():
        assert path.read_bytes() == (population / "bounding_box_train" / path.name).read_bytes()


def test_what_is_finished_is_not_drawn_again(tmp_path):
    assert open_population(tmp_path, SETTINGS) == [0, 1]
    (tmp_path / "finished.txt").write_text("0\n")
    assert open_population(tmp_path, SETTINGS) == [1]


def test_other_settings_need_another_folder(tmp_path):
    open_population(tmp_path, SETTINGS)
    other = CropSettings(2, 2, 4, 64, 32, 6, evaluation=False, look_alikes=0.5, backgrounds="")
    with pytest.raises(InputError, match="other settings"):
        open_population(tmp_path, other)


def test_a_drawn_person_fills_the_box_of_its_points(assets, renderer):
    mesh = dress(assets, draw_appearance(1, 3), 0.1)
    moment = Posture.walking(np.array([0.3]), np.ones(1))
    transforms, _ = pose(mesh.skeleton, draw_style(np.random.default_rng(1)), moment)
    body = place(skin(mesh, transforms[0]), mesh.scale, (0.2, -0.1), 1.0)
    camera = Camera.looking_at(np.array([4.0, 0, 2.4]), np.array([0, 0, 0.9]), 300, (320, 240))
    renderer.begin(320, 240)
    renderer.window(0, 0, 320, 240)
    renderer.light(Light.drawn(np.random.default_rng(0)))
    renderer.draw(camera.view_projection(), camera.position, [Drawing(mesh, body, 7)])
    ids = renderer.read_ids()
    assert set(np.unique(ids)) == {0, 7}
    rows, columns = np.nonzero(ids)
    drawn = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(drawn, enclosing_box(camera, body[:, :3]), atol=1.5)
    renderer.release(mesh)


def test_a_sensor_repeats_itself():
    sensor = draw_sensor(np.random.default_rng(2))
    scene = np.full((64, 32, 3), 120, np.float32)
    first, second = (expose(scene, sensor, np.random.default_rng(3)) for _ in range(2))
    assert first == second
    assert expose(scene, sensor, np.random.default_rng(4)) != first


def test_a_sheet_of_nothing_is_one_white_pixel():
    assert contact_sheet([], 10, 20).shape == (1, 1, 3)
    assert contact_sheet([[]], 10, 20).shape == (1, 1, 3)
    assert contact_sheet([[np.zeros((4, 4, 3), np.uint8)], []], 10, 20).shape == (44, 12, 3)
