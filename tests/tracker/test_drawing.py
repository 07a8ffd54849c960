"""Pictures: what is drawn where, and what is hidden."""

import numpy as np

from tracker.drawing import Mosaic, draw_people, hide_heads, identity_colour
from tracker.types import Frame, Sightings


def seen(boxes, camera="a", time=0.0):
    n = len(boxes)
    return Sightings(
        camera,
        0,
        time,
        np.arange(1, n + 1),
        np.array(boxes, float).reshape(n, 4),
        np.ones(n),
        np.full((n, 3), np.nan),
    )


def test_neighbouring_identities_differ_in_colour():
    colours = np.array([identity_colour(n) for n in range(1, 12)], float)
    gaps = np.linalg.norm(colours[:, None] - colours[None], axis=2)
    assert gaps[~np.eye(11, dtype=bool)].min() > 40


def test_nobody_leaves_the_picture_as_it_is():
    image = np.full((40, 40, 3), 7, np.uint8)
    draw_people(image, np.zeros((0, 4)), [], {})
    hide_heads(image, np.zeros((0, 4)))
    assert (image == 7).all()


def test_heads_are_hidden_and_bodies_are_not():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (100, 60, 3), np.uint8)
    before = image.copy()
    hide_heads(image, np.array([[10.0, 10.0, 40.0, 90.0], [-20.0, -30.0, 5.0, 20.0]]))
    head = image[10:27, 10:40]
    assert len(np.unique(head.reshape(-1, 3), axis=0)) <= 9
    assert (image[30:, 10:40] == before[30:, 10:40]).all()


def test_a_box_outside_the_picture_is_no_error():
    image = np.zeros((40, 40, 3), np.uint8)
    draw_people(
        image, np.array([[-50.0, -50.0, -10.0, -10.0], [30.0, 30.0, 90.0, 90.0]]), [1, 2], {}
    )
    hide_heads(image, np.array([[50.0, 50.0, 90.0, 90.0]]))


def test_each_camera_has_its_place_and_those_that_end_turn_grey():
    mosaic = Mosaic(
        {"a": (64, 48), "b": (64, 48), "c": (64, 48)}, width=128, trail_seconds=1, anonymise=False
    )
    assert mosaic.image.shape == (96, 128, 3)
    for camera, level in (("a", 60), ("b", 120), ("c", 240)):
        picture = np.full((48, 64, 3), level, np.uint8)
        mosaic.draw(Frame(camera, 0, 0.0, picture), seen([], camera))
    corners = mosaic.image[46, 62], mosaic.image[46, 126], mosaic.image[94, 62]
    assert [int(c[0]) for c in corners] == [60, 120, 240]
    mosaic.draw(Frame("a", 1, 5.0, np.full((48, 64, 3), 60, np.uint8)), seen([], "a", 5.0))
    mosaic.grey_out(5.0)
    assert [int(mosaic.image[46, x][0]) for x in (62, 126)] == [60, 40]


def test_people_are_drawn_at_the_scale_of_the_cell():
    mosaic = Mosaic({"a": (200, 100)}, width=100, trail_seconds=1, anonymise=False)
    mosaic.draw(Frame("a", 0, 0.0, np.zeros((100, 200, 3), np.uint8)), seen([[120, 60, 160, 90]]))
    assert mosaic.image[44, 70].tolist() == list(
        identity_colour(1)
    )  # lower edge, half of (140, 88)
