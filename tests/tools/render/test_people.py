"""Appearances, bodies and their movement, on a stand-in body of boxes."""

import numpy as np
import pytest
from body import laplacian_smooth, normals
from dressing import dress
from gait import Posture, draw_style, pose, stride_length
from person import place, skin
from wardrobe import FAMILY, draw_appearance


def as_numbers(appearance):
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in vars(appearance).items()
    }


def test_an_appearance_depends_on_its_seed_and_number_alone():
    first = as_numbers(draw_appearance(3, 40))
    for other in range(5):
        draw_appearance(3, other)
    assert as_numbers(draw_appearance(3, 40)) == first
    assert as_numbers(draw_appearance(4, 40)) != first


def test_families_look_alike_only_when_asked():
    shared = [draw_appearance(0, k, look_alikes=1.0) for k in range(FAMILY)]
    assert len({person.top for person in shared}) == 1
    tops = [draw_appearance(0, k, look_alikes=0.0).top_colour[0] for k in range(30)]
    assert len(set(tops)) == 30


def test_skin_tones_are_drawn_evenly():
    tones = np.array([draw_appearance(0, k).skin_tone for k in range(600)])
    counts = np.histogram(tones, 4, (0, 1))[0]
    assert counts.min() > 110


def test_colours_are_muted():
    colours = np.array([draw_appearance(0, k).top_colour for k in range(400)])
    chroma = np.ptp(colours, axis=1)
    assert np.median(chroma) < 0.15
    assert (chroma > 0.4).mean() < 0.15


def test_normals_of_a_square_point_up():
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    np.testing.assert_allclose(normals(points, triangles), np.tile([0, 0, 1], (4, 1)))
    flat = laplacian_smooth(points, triangles, 2)
    assert np.ptp(flat[:, 0]) < 1
    assert (flat[:, 2] == 0).all()


@pytest.fixture(scope="module")
def mesh(assets):
    return dress(assets, draw_appearance(1, 0), 0.1)


@pytest.fixture(scope="module")
def style():
    return draw_style(np.random.default_rng(0))


def test_a_mesh_is_whole(mesh):
    count = len(mesh.points)
    assert mesh.triangles.min() >= 0
    assert mesh.triangles.max() < count
    np.testing.assert_allclose(mesh.bone_weights.sum(1), 1, atol=1e-5)
    assert (mesh.surface[:, 7] < len(mesh.materials)).all()
    assert 0 < mesh.closed <= len(mesh.triangles)


def test_the_same_appearance_gives_the_same_mesh(assets, mesh):
    again = dress(assets, draw_appearance(1, 0), 0.1)
    np.testing.assert_array_equal(mesh.surface, again.surface)
    np.testing.assert_array_equal(mesh.triangles, again.triangles)


def test_no_moments_no_poses(mesh, style):
    transforms, soles = pose(mesh.skeleton, style, Posture.walking(np.zeros(0), np.zeros(0)))
    assert transforms.shape == (0, 53, 3, 4)
    assert soles.shape == (0, 6, 3)


def test_the_lowest_sole_stands_on_the_ground(mesh, style):
    phase = np.linspace(0, 1, 20)
    transforms, soles = pose(mesh.skeleton, style, Posture.walking(phase, np.ones(20)))
    np.testing.assert_allclose(soles[..., 1].min(1), 0, atol=1e-9)
    rotations = transforms[..., :3].astype(float)
    identity = np.broadcast_to(np.eye(3), rotations.shape)
    np.testing.assert_allclose(rotations @ rotations.swapaxes(-1, -2), identity, atol=1e-5)


def test_a_stride_repeats(mesh, style):
    both = Posture.walking(np.array([0.0, 1.0]), np.ones(2))
    transforms, _ = pose(mesh.skeleton, style, both)
    np.testing.assert_allclose(transforms[0], transforms[1], atol=1e-4)
    assert 5 < stride_length(mesh.skeleton, style) < 25  # decimetres


def test_sitting_lowers_the_head(mesh, style):
    zero = np.zeros(2)
    sitting = Posture(zero, zero, np.array([0.0, 1.0]), zero, zero, zero)
    transforms, _ = pose(mesh.skeleton, style, sitting)
    head = mesh.skeleton.row("head")
    heights = [(t[head, :, :3] @ mesh.skeleton.heads[head] + t[head, :, 3])[1] for t in transforms]
    assert heights[1] < heights[0] - 2


def test_placing_turns_and_moves(mesh):
    posed = np.zeros((2, 6), np.float32)
    posed[:, :3] = [[0, 0, 10], [10, 0, 0]]  # ahead; to the left
    posed[:, 3:] = [[0, 1, 0], [0, 1, 0]]
    placed = place(posed, 0.1, (2, 3), np.pi / 2)  # facing y
    np.testing.assert_allclose(placed[:, :3], [[2, 4, 0], [1, 3, 0]], atol=1e-5)
    np.testing.assert_allclose(placed[:, 3:], [[0, 0, 1]] * 2, atol=1e-6)


def test_stature_is_the_drawn_height(mesh, assets):
    identity = np.tile(np.c_[np.eye(3), np.zeros(3)].astype(np.float32), (53, 1, 1))
    placed = place(skin(mesh, identity), mesh.scale, (0, 0), 0.0)
    assert np.ptp(placed[:, 2]) == pytest.approx(draw_appearance(1, 0).build.stature, abs=0.12)
