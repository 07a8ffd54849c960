"""Scenes with many people, near and far and in front of each other, with COCO's boxes.

Each annotation's `bbox` is the box of the whole person, hidden parts too, cut at the image;
`visible_bbox` that of the seen part, `visibility` the seen share of the person's own pixels.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from assets import FloatArray, load_assets
from backgrounds import draw_background, read_backgrounds
from camera import Camera
from compose import cover
from crowd import Actor, draw_positions, posed, recruit
from gait import Posture
from places import Place, draw_room, draw_street
from renderer import Drawing, Light, Renderer
from scene import Backdrop, Sight, draw_backdrop, draw_people, flat_backdrop, sights
from sensor import draw_sensor, expose
from stage import stage_vertices

from configs.errors import InputError

__all__ = ["BLOCK", "SceneSettings", "collect_annotations", "open_scenes", "write_scenes"]

BLOCK, CAST = 20, 24  # scenes that share a cast, and its people
SIZES = ((640, 384), (640, 480), (640, 640), (960, 544), (1280, 720))
SIZE_SHARES = (0.25, 0.25, 0.1, 0.25, 0.15)
OVERSAMPLING = {384: 2, 480: 2, 640: 2, 544: 1, 720: 1}  # by height: large pictures cost more
HEIGHTS_PX = (20.0, 420.0)
MOST_PEOPLE = 28
EMPTY_SHARE = 0.04  # scenes without people
LEAST_VISIBLE, LEAST_PX = 0.1, 14.0  # below, an annotation says "ignore"


@dataclass(frozen=True)
class SceneSettings:
    """What decides every byte of a set of scenes."""

    images: int
    seed: int
    backgrounds: str


class SceneStudio:
    """Draws one scene after the other, recruiting a new cast for every block."""

    def __init__(self, assets_folder: Path, settings: SceneSettings) -> None:
        self._settings = settings
        self._assets = load_assets(assets_folder)
        self._renderer = Renderer(self._assets)
        self._real = read_backgrounds(Path(settings.backgrounds)) if settings.backgrounds else []
        self._cast: tuple[int, list[Actor]] = (-1, [])

    def scene(self, index: int) -> tuple[bytes, dict[str, Any]]:
        """JPEG bytes and the record of one picture: its size and its people."""
        rng = np.random.default_rng([self._settings.seed, 5, index])
        size = SIZES[rng.choice(len(SIZES), p=SIZE_SHARES)]
        light = Light.drawn(rng)
        where, camera, backdrop = self._place(rng, size, light)
        people = self._people(rng, where, camera, index // BLOCK)
        sharp = OVERSAMPLING[size[1]]
        picture, ids = draw_people(self._renderer, backdrop, camera, people, light, sharp)
        sight = sights(self._renderer, backdrop, camera, people, ids)
        data = expose(picture, draw_sensor(rng), rng, rescale=False)
        return data, _record(index, size, sight)

    def _place(
        self, rng: np.random.Generator, size: tuple[int, int], light: Light
    ) -> tuple[Place, Camera, Backdrop]:
        kind = rng.random()
        if kind < 0.3:
            return self._room(rng, size, light)
        reach = rng.uniform(7, 24)
        where = draw_street(rng, reach)
        eye = np.array([rng.normal(0, 0.2) * reach, -rng.uniform(0.5, 3), rng.uniform(1.6, 7.5)])
        target = np.array([rng.normal(0, 0.25) * reach, rng.uniform(0.3, 1.2) * reach, 0.8])
        focal = size[0] * float(np.exp(rng.uniform(np.log(0.45), np.log(1.6))))
        camera = Camera.looking_at(eye, target, focal, size)
        if kind < 0.72:
            sky = np.array([1, 1, rng.uniform(0.95, 1.15)]) * rng.uniform(120, 240)
            backdrop = draw_backdrop(
                self._renderer, camera, stage_vertices(where.patches), light, sky,
                rng.uniform(0.05, 0.4), OVERSAMPLING[size[1]],
            )  # fmt: skip
            return where, camera, backdrop
        if self._real and rng.random() < 0.75:
            picture = self._real[int(rng.integers(len(self._real)))]
        else:
            picture = draw_background(rng, *size)
        backdrop = flat_backdrop(cover(picture, *size), camera)
        return Place([], where.low, where.high, np.zeros((0, 3))), camera, backdrop

    def _room(
        self, rng: np.random.Generator, size: tuple[int, int], light: Light
    ) -> tuple[Place, Camera, Backdrop]:
        extent = rng.uniform(4, 12, 2)
        where = draw_room(rng, extent[0], extent[1], rng.uniform(2.5, 3.5))
        corner = rng.integers(0, 2, 2) * (extent - 0.3) + 0.15
        eye = np.array([*corner, rng.uniform(1.7, 2.45)])
        middle = extent * rng.uniform(0.35, 0.65, 2)
        target = np.array([*middle, rng.uniform(0.4, 1.0)])
        camera = Camera.looking_at(eye, target, rng.uniform(0.5, 0.9) * size[0], size)
        backdrop = draw_backdrop(
            self._renderer, camera, stage_vertices(where.patches), light, np.full(3, 200.0),
            rng.uniform(0.03, 0.3), OVERSAMPLING[size[1]],
        )  # fmt: skip
        return where, camera, backdrop

    def _people(
        self, rng: np.random.Generator, where: Place, camera: Camera, block: int
    ) -> list[Drawing]:
        cast = self._recruited(block)
        count = int(np.exp(rng.uniform(np.log(1.5), np.log(MOST_PEOPLE + 1))))
        if rng.random() < EMPTY_SHARE:
            count = 0
        positions, heights = draw_positions(rng, where, camera, min(count, CAST), HEIGHTS_PX)
        actors = rng.permutation(CAST)[: len(positions)]
        people = []
        for row, actor in enumerate(actors):
            posture = _posture(rng, cast[actor].near.top_amplitude)
            yaw = rng.uniform(0, 2 * np.pi)
            people.append(posed(cast[actor], posture, positions[row], yaw, row + 1, heights[row]))
        return people

    def _recruited(self, block: int) -> list[Actor]:
        if self._cast[0] != block:
            for actor in self._cast[1]:
                self._renderer.release(actor.near)
                self._renderer.release(actor.far)
            who = range(block * CAST, (block + 1) * CAST)
            self._cast = (block, recruit(self._assets, self._settings.seed, who))
        return self._cast[1]


def write_scenes(share: tuple[Path, Path, SceneSettings, list[int]]) -> Iterator[int]:
    """Draw and write the scenes of one share; yield the index of each."""
    assets_folder, output, settings, indices = share
    studio = SceneStudio(assets_folder, settings)
    for index in indices:
        data, record = studio.scene(index)
        (output / "images" / f"{index + 1:06d}.jpg").write_bytes(data)
        part = output / "records" / f"{index + 1:06d}.part"
        part.write_text(json.dumps(record), encoding="utf-8")
        part.rename(part.with_suffix(".json"))  # a record that is there is whole
        yield index


def open_scenes(output: Path, settings: SceneSettings) -> list[int]:
    """Make or resume the output folder; the scenes that are still to be drawn.

    Raises InputError: the folder holds scenes of other settings (more images are fine).
    """
    for kind in ("images", "records"):
        (output / kind).mkdir(parents=True, exist_ok=True)
    record, wanted = output / "settings.json", asdict(settings)
    if record.is_file():
        before = json.loads(record.read_text(encoding="utf-8"))
        if {**before, "images": 0} != {**wanted, "images": 0}:
            raise InputError(f"{output}: holds scenes of other settings; use another folder")
    record.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    done = {int(path.stem) - 1 for path in (output / "records").glob("*.json")}
    return [index for index in range(settings.images) if index not in done]


def collect_annotations(output: Path) -> int:
    """Write annotations.json of all finished records in COCO's format; how many images."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for path in sorted((output / "records").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        images.append(record["image"])
        for annotation in record["people"]:
            annotations.append({"id": len(annotations) + 1, **annotation})
    coco = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person"}],
    }
    (output / "annotations.json").write_text(json.dumps(coco), encoding="utf-8")
    return len(images)


def _posture(rng: np.random.Generator, amplitude: float) -> Posture:
    kind = rng.random()
    walking = rng.uniform(0.4, 1.0) * amplitude if kind < 0.6 else 0.0
    hands = np.where(rng.random((2, 1)) < 0.15, rng.uniform(0.3, 1, (2, 1)), 0)
    return Posture(
        phase=rng.random(1),
        amplitude=np.array([walking]),
        sitting=np.array([1.0 if kind > 0.94 else 0.0]),
        head_turn=rng.normal(0, 0.4, 1),
        raised_left=hands[0],
        raised_right=hands[1],
    )


def _record(index: int, size: tuple[int, int], sight: Sight) -> dict[str, Any]:
    image = {
        "id": index + 1, "file_name": f"{index + 1:06d}.jpg", "width": size[0], "height": size[1],
    }  # fmt: skip
    people = []
    for box, seen, visible in zip(sight.boxes, sight.visible_boxes, sight.visible, strict=True):
        inside = np.clip(box, 0, [*size, *size])
        if visible == 0 or (inside[2:] - inside[:2]).min() < 1:
            continue
        faint = visible < LEAST_VISIBLE or inside[3] - inside[1] < LEAST_PX
        people.append(
            {
                "image_id": index + 1,
                "category_id": 1,
                "bbox": _xywh(inside),
                "visible_bbox": _xywh(seen),
                "full_bbox": _xywh(box),
                "visibility": round(float(visible), 3),
                "area": round(float((inside[2:] - inside[:2]).prod()), 1),
                "iscrowd": 0,
                "ignore": int(faint),
            }
        )
    return {"image": image, "people": people}


def _xywh(box: FloatArray) -> list[float]:
    return [round(float(v), 2) for v in (*box[:2], *(box[2:] - box[:2]))]
