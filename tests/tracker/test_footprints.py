"""Where the people of boxes stand, by a camera whose geometry is known."""

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.camera_stack import CameraStack
from tracker.alignment import Alignments
from tracker.footprints import FootprintSettings, locate
from tracker.silhouettes import expected_boxes, visible_shares

SETTINGS = FootprintSettings(radius=0.0)
NOISE = np.full(100, SETTINGS.box_noise)


@pytest.fixture
def camera():
    """3 m above the origin, looking along +y, 30 degrees down."""
    s, c = np.sin(np.pi / 6), np.cos(np.pi / 6)
    R = np.array([[1, 0, 0], [0, -s, -c], [0, c, -s]])
    K = [[800, 0, 640], [0, 800, 360], [0, 0, 1]]
    return Camera.from_intrinsics(K, [], R, -R @ [0, 0, 3.0], (1280, 720))


def boxed(camera, places, height=1.7):
    return expected_boxes(CameraStack([camera]), np.array(places, float).reshape(-1, 2), height)[0]


def located(camera, boxes, noise=NOISE):
    return locate(
        CameraStack([camera]), np.zeros(len(boxes), int), boxes, noise[: len(boxes)], SETTINGS
    )


def shares_of(camera, places):
    return visible_shares(CameraStack([camera]), places, boxed(camera, places)[None])[0]


def test_whole_people_stand_where_their_boxes_end(camera):
    places = [[0, 5], [0, 6], [0, 7]]
    where = located(camera, boxed(camera, places))
    np.testing.assert_allclose(where.points, places, atol=1e-6)
    assert where.valid.all()
    assert where.odds.tolist() == [0, 0, 0]
    assert (np.linalg.eigvalsh(where.covariances) > 0).all()


def test_edges_that_are_further_off_leave_it_less_sure_where_somebody_stands(camera):
    boxes = boxed(camera, [[0, 6], [0, 6]])
    sharp, vague = located(camera, boxes, np.array([0.05, 0.2])).covariances
    assert vague[0, 0] > 2 * sharp[0, 0]  # sideways
    assert vague[1, 1] > 2 * sharp[1, 1]
    assert len(located(camera, np.zeros((0, 4))).points) == 0


@pytest.mark.parametrize("shown", [0.75, 0.5, 0.35])
def test_the_head_tells_where_feet_are_hidden(camera, shown):
    """Somebody nearer hides the lower part: the box ends too high, which is too far away."""
    far, near = boxed(camera, [[0, 6], [0.1, 4.2]])
    cut = far.copy()
    cut[3] = far[1] + shown * (far[3] - far[1])
    naive, _ = camera.image2ground([[(cut[0] + cut[2]) / 2, cut[3]]])
    where = located(camera, np.array([cut, near]))
    assert abs(where.points[0, 1] - 6) < 0.5 * abs(naive[0, 1] - 6)
    offset = where.points[0] - [0, 6]
    assert offset @ np.linalg.solve(where.covariances[0], offset) < 4
    assert where.covariances[0, 1, 1] > 2 * where.covariances[1, 1, 1]


def test_a_short_box_with_nobody_before_it_is_less_likely_a_person(camera):
    far, near = boxed(camera, [[0, 6], [0.1, 4.2]])
    cut = far.copy()
    cut[3] = far[1] + 0.4 * (far[3] - far[1])
    alone = located(camera, cut[None])
    assert alone.odds[0] == pytest.approx(np.log(SETTINGS.short))
    assert located(camera, np.array([cut, near])).odds.tolist() == [0, 0]


def test_who_sits_or_stands_behind_furniture_is_where_the_box_allows_both(camera):
    """A box of all of somebody who sits, and one that a table cuts off."""
    sits = boxed(camera, [[0, 6]], height=1.25)[0]
    stands = boxed(camera, [[0, 6]])[0]
    stands[3] = stands[1] + 0.6 * (stands[3] - stands[1])
    where = located(camera, np.array([sits]))
    assert abs(where.points[0, 1] - 6) < 0.4
    for box in (sits, stands):
        where = located(camera, box[None])
        offset = where.points[0] - [0, 6]
        assert offset @ np.linalg.solve(where.covariances[0], offset) < 9
        assert where.odds[0] == pytest.approx(np.log(SETTINGS.short))


def test_two_cameras_agree_on_who_sits(camera):
    """One looks along y, one along x: each is unsure of the distance, not of the direction."""
    s, c = np.sin(np.pi / 6), np.cos(np.pi / 6)
    R = np.array([[0, -1, 0], [-s, 0, -c], [c, 0, -s]])
    K = [[800, 0, 640], [0, 800, 360], [0, 0, 1]]
    other = Camera.from_intrinsics(K, [], R, -R @ [-6, 6, 3.0], (1280, 720))
    boxes = np.concatenate([boxed(view, [[0, 6]], height=1.25) for view in (camera, other)])
    where = locate(CameraStack([camera, other]), np.arange(2), boxes, NOISE[:2], SETTINGS)
    information = np.linalg.inv(where.covariances)
    told = np.einsum("nij,nj->i", information, where.points)
    np.testing.assert_allclose(np.linalg.solve(information.sum(axis=0), told), [0, 6], atol=0.1)


def test_feet_below_the_image_are_found_by_the_head(camera):
    box = boxed(camera, [[0.2, 1.9]])[0]
    assert box[3] > 720
    where = located(camera, np.clip(box, 0, [1280, 720, 1280, 720])[None])
    offset = where.points[0] - [0.2, 1.9]
    assert offset @ np.linalg.solve(where.covariances[0], offset) < 4
    assert where.odds[0] == 0


def test_a_box_above_the_horizon_is_nowhere(camera):
    where = located(camera, np.array([[600.0, -700, 640, -650]]))
    assert not where.valid[0]


def test_boxes_of_different_cameras_do_not_hide_one_another(camera):
    far, near = boxed(camera, [[0, 6], [0.1, 4.2]])
    far[3] = far[1] + 0.4 * (far[3] - far[1])
    boxes, of = np.array([far, near, far]), np.array([0, 0, 1])
    together = locate(CameraStack([camera, camera]), of, boxes, NOISE[: len(boxes)], SETTINGS)
    first, second = located(camera, boxes[:2]), located(camera, boxes[2:])
    np.testing.assert_allclose(together.points, [*first.points, *second.points])
    np.testing.assert_allclose(together.covariances, [*first.covariances, *second.covariances])
    assert together.odds.tolist() == [*first.odds, *second.odds]


def test_who_is_behind_somebody_is_seen_less(camera):
    places = np.array([[0, 4], [0, 6], [1.5, 6]], float)
    shares = shares_of(camera, places)
    assert shares[0] == pytest.approx(1)
    assert shares[1] < 0.6
    assert shares[2] == pytest.approx(1)
    assert shares_of(camera, places[:0]).shape == (0,)


def test_alignments_learn_how_each_camera_is_turned_and_stretched(camera):
    random = np.random.default_rng(0)
    aligned = Alignments(np.array([camera.position, [1.0, 0, 3]]))
    cos, sin = np.cos(0.03), np.sin(0.03)
    of = np.repeat([0, 1], 10)
    for _ in range(300):
        places = random.uniform([-2, 3], [2, 7], (20, 2))
        raw = places.copy()  # of the second camera, which is as it should be
        raw[:10] = 1.04 * places[:10] @ np.array([[cos, sin], [-sin, cos]])
        raw += 0.1 * random.normal(size=raw.shape)
        aligned.learn(of, aligned.correct(of, raw), places)
    points = np.array([1.04 * np.array([cos * 5, sin * 5]), [5, 0]])
    np.testing.assert_allclose(aligned.correct(np.arange(2), points), [[5, 0]] * 2, atol=0.03)


def test_alignments_do_not_follow_a_wrong_rig_and_need_heights():
    flat, above = np.full(3, np.nan), np.array([0.0, 0, 3])
    aligned = Alignments(np.array([flat, above]))
    points, both = np.array([[1.0, 2.0], [1.0, 2.0]]), np.arange(2)
    for _ in range(1000):
        aligned.learn(both, points, np.array([[2.0, 3.0], [4.0, 8.0]]))
    moved = aligned.correct(both, points)
    assert moved[0].tolist() == [1, 2]
    assert np.linalg.norm(moved[1]) / np.sqrt(5) == pytest.approx(np.exp(0.15))  # not 4
    aligned.learn(both[:0], points[:0], points[:0])
    assert aligned.correct(both, points).tolist() == moved.tolist()
