"""Pictures of whole scenes: people in front of, and behind, still things; and their true boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from assets import FloatArray
from camera import FAR, NEAR, Camera, enclosing_box
from compose import cover
from numpy.typing import NDArray
from renderer import Drawing, Light, Renderer

__all__ = ["Backdrop", "Sight", "draw_backdrop", "draw_people", "flat_backdrop", "sights"]

SOLO_ROWS = 96  # rows of the small picture in which a person is drawn alone to count pixels
FLOOR_BAND = 0.02  # metres: what lies this close to z = 0 receives contact shadows


@dataclass(frozen=True)
class Backdrop:
    """What a camera sees of the still scene.

    `picture` (H, W, 3) float32 0-255; `depth` (S H, S W) OpenGL depths at the oversampling S;
    `floor_xy` (H, W, 2) world x, y of the floor, NaN elsewhere.
    """

    picture: FloatArray
    depth: NDArray[np.float32] | None
    floor_xy: FloatArray


@dataclass(frozen=True)
class Sight:
    """What one camera sees of the people, as parallel arrays of N.

    `boxes` (N, 4): left, top, right, bottom of the whole person, px, reaching beyond the image;
    `visible_boxes` (N, 4): of the seen part, zeros if nothing is seen; `visible` (N,): the seen
    part of the person's own pixels, 0-1, where both things in front and the image's edge hide.
    """

    boxes: FloatArray
    visible_boxes: FloatArray
    visible: FloatArray


def draw_backdrop(
    renderer: Renderer, camera: Camera, vertices: FloatArray, light: Light, sky: FloatArray,
    grime: float, oversampling: int,
) -> Backdrop:  # fmt: skip
    """Draw the still things of a scene once; `sky` (3,) 0-255 shows where there are none."""
    width, height = camera.size
    large = (width * oversampling, height * oversampling)
    renderer.begin(*large)
    renderer.light(light)
    renderer.draw_stage(camera.view_projection(), vertices, grime)
    drawn = cover(renderer.read(), width, height)
    depth = renderer.read_depth().copy()
    picture = drawn[..., :3] + (1 - drawn[..., 3:] / 255) * sky.astype(np.float32)
    return Backdrop(picture, depth, _floor(camera, depth[::oversampling, ::oversampling]))


def flat_backdrop(picture: FloatArray, camera: Camera) -> Backdrop:
    """A photograph or a painting behind everybody, with an endless floor."""
    width, height = camera.size
    depth = np.full((height, width), 1.0, np.float32)
    return Backdrop(picture, None, _floor(camera, depth, everywhere=True))


def draw_people(
    renderer: Renderer, backdrop: Backdrop, camera: Camera, people: Sequence[Drawing],
    light: Light, oversampling: int,
) -> tuple[FloatArray, NDArray[np.uint8]]:  # fmt: skip
    """(H, W, 3) the picture, 0-255, and (S H, S W) the id of who is seen, 0 for nobody."""
    width, height = camera.size
    renderer.begin(width * oversampling, height * oversampling)
    renderer.window(0, 0, width * oversampling, height * oversampling)
    renderer.keep_behind(backdrop.depth)
    renderer.light(light)
    renderer.draw(camera.view_projection(), camera.position, people)
    renderer.keep_behind(None)
    picture = _with_shadows(backdrop, camera, people)
    ids = renderer.read_ids()
    rows = np.flatnonzero(ids.any(1))
    if len(rows):
        top, bottom = rows[0] // oversampling, -(-(rows[-1] + 1) // oversampling)
        part = renderer.read()[top * oversampling : bottom * oversampling]
        drawn = cover(part, width, bottom - top)
        kept = 1 - drawn[..., 3:] * np.float32(1 / 255)
        picture[top:bottom] = picture[top:bottom] * kept + drawn[..., :3]
    return picture, ids


def sights(
    renderer: Renderer, backdrop: Backdrop, camera: Camera, people: Sequence[Drawing],
    ids: NDArray[np.uint8],
) -> Sight:  # fmt: skip
    """Boxes and visible parts of the people of `draw_people`, in their order."""
    boxes = np.array([enclosing_box(camera, p.vertices[:, :3]) for p in people]).reshape(-1, 4)
    oversampling = ids.shape[0] / camera.size[1]
    seen = np.zeros((len(people), 4))
    counts = np.bincount(ids.ravel(), minlength=256)
    visible = np.zeros(len(people))
    shown = np.array([counts[p.identity] > 0 for p in people], bool)
    clear = _unhidden(backdrop, camera, boxes, people)
    alone = _solo_areas(renderer, camera, people, boxes, shown & ~clear)
    for row, person in enumerate(people):
        if not counts[person.identity] or not (alone[row] or clear[row]):
            continue
        left, top, right, bottom = np.clip(
            np.array([*np.floor(boxes[row, :2] - 1), *np.ceil(boxes[row, 2:] + 1)]) * oversampling,
            0, [ids.shape[1], ids.shape[0]] * 2,
        ).astype(int)  # fmt: skip
        mine = np.equal(ids[top:bottom, left:right], person.identity)
        rows, columns = np.nonzero(mine)
        if len(rows):
            low = np.array([left + columns.min(), top + rows.min()])
            high = np.array([left + columns.max() + 1, top + rows.max() + 1])
            seen[row] = np.concatenate([low, high]) / oversampling
        area = counts[person.identity] / oversampling**2
        visible[row] = 1.0 if clear[row] else min(1.0, area / alone[row])
    return Sight(boxes, seen, visible)


def _unhidden(
    backdrop: Backdrop, camera: Camera, boxes: FloatArray, people: Sequence[Drawing]
) -> NDArray[np.bool_]:
    """(N,) whose box is inside the image, meets no other box, and has no still thing before it."""
    width, height = camera.size
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    meets = np.all((low < boxes[:, 2:]) & (high > boxes[:, :2]), axis=2).sum(1) > 1
    inside = (boxes[:, :2] >= 0).all(1) & (boxes[:, 2:] <= [width, height]).all(1)
    clear = inside & ~meets
    for row in np.flatnonzero(clear):
        if backdrop.depth is None:
            continue
        scale = backdrop.depth.shape[0] // height
        left, top = np.floor(boxes[row, :2]).astype(int) * scale
        right, bottom = np.ceil(boxes[row, 2:]).astype(int) * scale
        nearest = float(backdrop.depth[top:bottom, left:right].min())
        farthest = float(camera.project(people[int(row)].vertices[:, :3])[1].max())
        device = (FAR + NEAR - 2 * FAR * NEAR / farthest) / (FAR - NEAR)
        clear[row] = (device + 1) / 2 < nearest
    return clear


def _solo_areas(
    renderer: Renderer,
    camera: Camera,
    people: Sequence[Drawing],
    boxes: FloatArray,
    shown: NDArray[np.bool_],
) -> FloatArray:
    """(N,) square pixels that each `shown` person would cover alone in an endless image."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    drawable = shown & np.all(sizes > 0.5, axis=1)
    wide = SOLO_ROWS // 2
    renderer.begin(wide * max(1, len(people)), SOLO_ROWS)
    for row, person in enumerate(people):
        if drawable[row]:
            alone = camera.window(boxes[row], (wide, SOLO_ROWS))
            renderer.window(row * wide, 0, wide, SOLO_ROWS)
            renderer.draw(alone.view_projection(), alone.position, [person])
    alpha = renderer.read()[..., 3].reshape(SOLO_ROWS, -1, wide)
    share = np.sign(alpha).mean((0, 2))[: len(people)]
    return np.where(drawable, share * sizes.prod(1), 0.0)


def _floor(camera: Camera, depth: NDArray[np.float32], *, everywhere: bool = False) -> FloatArray:
    """(H, W, 2) where each pixel's ray meets the floor, NaN where something else is seen."""
    width, height = camera.size
    x, y = np.meshgrid(*(np.arange(side, dtype=np.float32) + 0.5 for side in camera.size))
    turn = np.linalg.inv(camera.K).T @ camera.R_world2cam
    rays = np.stack([x, y, np.ones_like(x)], -1) @ turn.astype(np.float32)
    down = np.where(rays[..., 2] < -1e-6, rays[..., 2], np.nan)
    along = -camera.position[2] / down
    if not everywhere:
        device = depth[:height, :width] * 2 - 1
        metres = 2 * FAR * NEAR / (FAR + NEAR - device * (FAR - NEAR))
        along = np.where(np.abs(metres - along) < FLOOR_BAND * along, along, np.nan)
    return (camera.position[:2] + along[..., None] * rays[..., :2]).astype(np.float32)


def _with_shadows(backdrop: Backdrop, camera: Camera, people: Sequence[Drawing]) -> FloatArray:
    """The still picture, darkened on the floor around every person's lowest points."""
    picture = backdrop.picture.copy()
    width, height = camera.size
    around = np.array([(x, y, 0) for x in (-1, 0, 1) for y in (-1, 0, 1)])
    for person in people:
        points = person.vertices[:, :3]
        low = points[points[:, 2] < 0.12, :2]
        spots = [(points[:, :2].mean(0), 0.45, 0.3)]
        if len(low) > 8:
            axis = low - low.mean(0)
            side = (axis @ np.linalg.eigh(axis.T @ axis)[1][:, 1]) > 0
            spots += [(low[s].mean(0), 0.17, 0.5) for s in (side, ~side) if s.any()]
        for centre, radius, strength in spots:
            box = enclosing_box(camera, np.array([*centre, 0]) + 2 * radius * around)
            left, top = np.clip(np.floor(box[:2]), 0, [width, height]).astype(int)
            right, bottom = np.clip(np.ceil(box[2:]), 0, [width, height]).astype(int)
            if right <= left or bottom <= top:
                continue
            offset = backdrop.floor_xy[top:bottom, left:right] - centre.astype(np.float32)
            dark = strength * np.exp(-(offset**2).sum(-1) / radius**2)
            picture[top:bottom, left:right] *= 1 - np.nan_to_num(dark)[..., None]
    return picture
