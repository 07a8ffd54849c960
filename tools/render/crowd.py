"""People for scenes: a small population at two levels of detail, posed and placed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from assets import Assets, FloatArray
from camera import Camera
from dressing import dress
from gait import Posture, Style, draw_style, pose
from person import PersonMesh, place, skin
from places import Place
from renderer import Drawing
from wardrobe import draw_appearance

__all__ = ["Actor", "draw_positions", "posed", "recruit"]

NEAR_CELL, FAR_CELL = 0.28, 0.6  # decimetres of detail for people over and under FAR_PX
FAR_PX = 90.0
APART = 0.45  # metres between two people's middles at least


@dataclass(frozen=True)
class Actor:
    """One person, ready to be drawn from near and from far."""

    near: PersonMesh
    far: PersonMesh
    style: Style
    stature: float  # metres


def recruit(
    assets: Assets, seed: int, identities: Sequence[int], near_cell: float = NEAR_CELL
) -> list[Actor]:
    """The people of these identities of a population (`wardrobe.draw_appearance`).

    `near_cell` decimetres is the level of detail of who is drawn from near.

    Nobody pulls a trolley: it would widen the box of the person.
    """
    actors = []
    for identity in identities:
        appearance = draw_appearance(seed, identity)
        if appearance.bag == "trolley":
            appearance = replace(appearance, bag="none")
        style = draw_style(np.random.default_rng([seed, 6, identity]))
        near, far = (dress(assets, appearance, cell) for cell in (near_cell, FAR_CELL))
        actors.append(Actor(near, far, style, appearance.build.stature))
    return actors


def posed(
    actor: Actor, posture: Posture, position: FloatArray, yaw: float, identity: int, pixels: float
) -> Drawing:
    """One person in the (single) moment of `posture`, drawn `pixels` high."""
    mesh = actor.near if pixels > FAR_PX else actor.far
    transforms, _ = pose(mesh.skeleton, actor.style, posture)
    vertices = place(skin(mesh, transforms[0]), mesh.scale, position, yaw)
    return Drawing(mesh, vertices, identity)


def draw_positions(
    rng: np.random.Generator, where: Place, camera: Camera, count: int, pixels: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """(N, 2) ground positions, metres, and (N,) heights in pixels, of up to `count` people.

    They stand inside the place, off its obstacles and off each other, in view, and between the
    two heights of `pixels`. Near and far are drawn alike; some stand in groups.
    """
    positions: list[FloatArray] = []
    heights: list[float] = []
    for _ in range(count * 12):
        if len(positions) == count:
            break
        if positions and rng.random() < 0.35:
            angle, gap = rng.uniform(0, 2 * np.pi), rng.uniform(APART, 1.0)
            offset = gap * np.array([np.cos(angle), np.sin(angle)])
            spot: FloatArray = positions[int(rng.integers(len(positions)))] + offset
        else:
            spot = _in_view(rng, camera, float(np.ptp([where.low, where.high], 0).max()))
        if _is_free(spot, where, positions):
            height = _height_in_view(camera, spot)
            if pixels[0] <= height <= pixels[1]:
                positions.append(spot)
                heights.append(height)
    return np.array(positions).reshape(-1, 2), np.array(heights)


def _in_view(rng: np.random.Generator, camera: Camera, reach: float) -> FloatArray:
    distance = np.exp(rng.uniform(np.log(1.8), np.log(max(3.0, 1.5 * reach))))
    across = rng.uniform(0, camera.size[0])
    ray = np.array([(across - camera.K[0, 2]) / camera.K[0, 0], 0, 1]) @ camera.R_world2cam
    heading = ray[:2] / np.linalg.norm(ray[:2])
    return camera.position[:2] + distance * heading


def _is_free(spot: FloatArray, where: Place, others: list[FloatArray]) -> bool:
    inside = (spot > where.low + 0.3).all() and (spot < where.high - 0.3).all()
    if not inside or any(np.linalg.norm(spot - other) < APART for other in others):
        return False
    gaps = np.linalg.norm(where.obstacles[:, :2] - spot, axis=1)
    return bool((gaps > where.obstacles[:, 2] * 0.85 + 0.2).all())


def _height_in_view(camera: Camera, spot: FloatArray) -> float:
    """Pixels from feet to head of an adult at `spot`; 0 if the middle is out of the image."""
    body = np.array([[*spot, 0], [*spot, 0.85], [*spot, 1.7]])
    pixels, depth = camera.project(body)
    middle = pixels[1]
    seen = (depth > 0.4).all() and (middle >= 0).all() and (middle < camera.size).all()
    return float(pixels[0, 1] - pixels[2, 1]) if seen else 0.0
