"""A population for re-identification: crops of each person by several cameras, Market-style.

Names are `PPPP_cCsS_FFFFFF_DD.jpg`: identity from 1, camera from 1, site from 1, picture, 00.
`SITE` identities share one site, that is one set of cameras with their own colour, light, noise,
height and backgrounds; the next ones get other cameras.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from assets import FloatArray, load_assets
from backgrounds import draw_pool, read_backgrounds
from camera import Camera, enclosing_box
from compose import cover, shadowed
from dressing import dress
from gait import Posture, draw_style, pose
from numpy.typing import NDArray
from person import PersonMesh, place, skin
from renderer import Drawing, Light, Renderer
from sensor import Sensor, draw_sensor, expose
from wardrobe import draw_appearance

from configs.errors import InputError

__all__ = ["CropSettings", "CropStudio", "open_population", "write_crops"]

SITE = 60  # identities seen by the same set of cameras
CELL_DM = 0.3  # level of detail: about 3 px of a 160 px crop
OVERSAMPLING = 1.5
COLUMNS = 8
BYSTANDERS = 12
POOL, POOL_PX = 120, 320  # background pictures and their side
TEST_CAMERA_FOCAL = 1000.0  # any: the crop rescales it


@dataclass(frozen=True)
class CropSettings:
    """What decides every byte of a population."""

    identities: int
    cameras: int
    images: int  # per identity
    height: int
    width: int
    seed: int
    evaluation: bool  # write query/ and bounding_box_test/ in place of bounding_box_train/
    look_alikes: float  # share of the families of identities that wear nearly the same
    backgrounds: str  # a video or a folder of pictures; empty: drawn ones only


@dataclass(frozen=True)
class _View:
    """One camera of a site."""

    sensor: Sensor
    light: Light
    height: float  # metres
    distance: tuple[float, float]
    pictures: NDArray[np.int64]  # rows of the background pool


class CropStudio:
    """Draws the crops of one identity after the other."""

    def __init__(self, assets_folder: Path, settings: CropSettings) -> None:
        self._settings = settings
        self._assets = load_assets(assets_folder)
        self._renderer = Renderer(self._assets)
        real = read_backgrounds(Path(settings.backgrounds)) if settings.backgrounds else []
        self._pool = draw_pool(settings.seed, POOL, POOL_PX, real)
        self._bystanders = [
            dress(self._assets, draw_appearance(settings.seed, 10**6 + 3 * k), 0.4)
            for k in range(BYSTANDERS)
        ]

    def crops(self, identity: int) -> Iterator[tuple[str, bytes]]:
        """Names inside the output folder and JPEG bytes of all pictures of one identity."""
        settings = self._settings
        rng = np.random.default_rng([settings.seed, 4, identity])
        site = identity // SITE
        views = [self._view(site, camera) for camera in range(settings.cameras)]
        mesh = dress(
            self._assets,
            draw_appearance(settings.seed, identity, look_alikes=settings.look_alikes),
            CELL_DM,
        )
        cameras = np.sort(np.arange(settings.images) % settings.cameras)
        windows = self._draw(mesh, [views[c] for c in cameras], cameras, rng)
        self._renderer.release(mesh)
        for row, (camera, (drawn, feet)) in enumerate(zip(cameras, windows, strict=True)):
            picture = self._compose(drawn, feet, views[camera], rng)
            data = expose(picture, views[camera].sensor, rng)
            first_of_camera = row == 0 or cameras[row - 1] != camera
            yield self._name(identity, int(camera), site, row, query=first_of_camera), data

    def _name(self, identity: int, camera: int, site: int, row: int, *, query: bool) -> str:
        folder = "bounding_box_train"
        if self._settings.evaluation:
            folder = "query" if query else "bounding_box_test"
        return f"{folder}/{identity + 1:04d}_c{camera + 1}s{site + 1}_{row:06d}_00.jpg"

    def _view(self, site: int, camera: int) -> _View:
        rng = np.random.default_rng([self._settings.seed, 3, site, camera])
        near = rng.uniform(3, 12)
        return _View(
            sensor=draw_sensor(rng),
            light=Light.drawn(rng),
            height=rng.uniform(1.8, 5.5),
            distance=(near, near * rng.uniform(1.2, 2)),
            pictures=rng.integers(0, POOL, 5),
        )

    def _draw(
        self,
        mesh: PersonMesh,
        views: list[_View],
        cameras: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> list[tuple[FloatArray, FloatArray]]:
        """For each picture (H, W, 4) RGBA, 0-255, premultiplied, and (4,) the shadow's place.

        The shadow is centre x, y and half width, half height, in pixels of the crop.
        """
        settings, count = self._settings, len(views)
        width, height = (round(side * OVERSAMPLING) for side in (settings.width, settings.height))
        columns = min(COLUMNS, count)
        self._renderer.begin(width * columns, height * -(-count // columns))
        transforms, _ = pose(mesh.skeleton, draw_style(rng), _postures(mesh, count, rng))
        heading = rng.uniform(0, 2 * np.pi, settings.cameras)
        shadows = []
        for row, view in enumerate(views):
            distance = rng.uniform(*view.distance)
            camera = Camera.looking_at(
                np.array([distance, 0, view.height]),
                np.array([0, 0, 0.9]),
                TEST_CAMERA_FOCAL,
                (settings.width, settings.height),
            )
            turned = rng.random() < 0.15
            yaw = (
                rng.uniform(0, 2 * np.pi) if turned else heading[cameras[row]] + rng.normal(0, 0.4)
            )
            body = place(skin(mesh, transforms[row]), mesh.scale, (0, 0), yaw)
            box = _as_detected(enclosing_box(camera, body[:, :3]), rng)
            crop = camera.window(box, (settings.width, settings.height))
            people = [Drawing(mesh, body), *self._company(rng)]
            self._renderer.window(row % columns * width, row // columns * height, width, height)
            self._renderer.light(view.light)
            self._renderer.draw(crop.view_projection(), crop.position, people)
            shadows.append(_shadow(crop))
        atlas = self._renderer.read()
        tiles = [
            atlas[r // columns * height :, r % columns * width :][:height, :width]
            for r in range(count)
        ]
        return [
            (cover(tile, settings.width, settings.height), shadow)
            for tile, shadow in zip(tiles, shadows, strict=True)
        ]

    def _company(self, rng: np.random.Generator) -> list[Drawing]:
        """Nobody, or somebody beside, behind or partly in front."""
        if rng.random() > 0.12:
            return []
        other = self._bystanders[int(rng.integers(BYSTANDERS))]
        stance = Posture.walking(rng.random(1), rng.random(1) * other.top_amplitude)
        transforms, _ = pose(other.skeleton, draw_style(rng), stance)
        aside = rng.choice([-1, 1]) * rng.uniform(0.34, 0.9)
        where = (rng.uniform(-2.5, 0.7), aside)
        return [
            Drawing(
                other,
                place(skin(other, transforms[0]), other.scale, where, rng.uniform(0, 2 * np.pi)),
            )
        ]

    def _compose(
        self, drawn: FloatArray, shadow: FloatArray, view: _View, rng: np.random.Generator
    ) -> FloatArray:
        """The person before a patch of a background, perhaps behind something."""
        height, width = drawn.shape[:2]
        behind = self._patch(view, rng, width, height)
        behind = shadowed(behind, shadow, rng.uniform(0.1, 0.6))
        picture = behind * (1 - drawn[..., 3:] / 255) + drawn[..., :3]
        if rng.random() < 0.1:
            thing = self._patch(view, rng, width, height)
            top, left, bottom, right = _occluder(rng, width, height)
            picture[top:bottom, left:right] = thing[top:bottom, left:right]
        return picture

    def _patch(self, view: _View, rng: np.random.Generator, width: int, height: int) -> FloatArray:
        source = self._pool[int(view.pictures[rng.integers(len(view.pictures))])]
        tall = min(int(rng.uniform(0.25, 0.95) * source.shape[0]), source.shape[0])
        wide = min(max(8, int(tall * width / height * rng.uniform(0.8, 1.5))), source.shape[1])
        top = int(rng.integers(0, source.shape[0] - tall + 1))
        left = int(rng.integers(0, source.shape[1] - wide + 1))
        return cover(source[top : top + tall, left : left + wide], width, height)


def write_crops(share: tuple[Path, Path, CropSettings, list[int]]) -> Iterator[tuple[int, int]]:
    """Draw and write the identities of one share; yield each with its count of pictures."""
    assets_folder, output, settings, identities = share
    studio = CropStudio(assets_folder, settings)
    for identity in identities:
        count = 0
        for name, data in studio.crops(identity):
            (output / name).write_bytes(data)
            count += 1
        yield identity, count


def open_population(output: Path, settings: CropSettings) -> list[int]:
    """Make or resume the output folder; the identities that are still to be drawn.

    Raises InputError: the folder holds a population of other settings (more identities are fine).
    """
    kinds = ("query", "bounding_box_test") if settings.evaluation else ("bounding_box_train",)
    for kind in kinds:
        (output / kind).mkdir(parents=True, exist_ok=True)
    record, wanted = output / "settings.json", asdict(settings)
    if record.is_file():
        before = json.loads(record.read_text(encoding="utf-8"))
        if {**before, "identities": 0} != {**wanted, "identities": 0}:
            raise InputError(f"{output}: holds a population of other settings; use another folder")
    record.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    finished = output / "finished.txt"
    done = set(map(int, finished.read_text().split())) if finished.is_file() else set()
    return [identity for identity in range(settings.identities) if identity not in done]


def _postures(mesh: PersonMesh, count: int, rng: np.random.Generator) -> Posture:
    walking = rng.random(count) < 0.72
    amplitude = np.where(walking, rng.uniform(0.5, 1.05, count), 0) * mesh.top_amplitude / 1.1
    hands = np.where(rng.random((2, count)) < 0.14, rng.uniform(0.3, 1, (2, count)), 0)
    return Posture(
        phase=rng.random(count),
        amplitude=amplitude,
        sitting=np.where(~walking & (rng.random(count) < 0.1), 1.0, 0.0),
        head_turn=rng.normal(0, 0.35, count),
        raised_left=hands[0],
        raised_right=hands[1],
    )


def _as_detected(box: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A box as a detector gives it: a bit off, often loose, sometimes cut."""
    width, height = box[2] - box[0], box[3] - box[1]
    loose = rng.uniform(0, 0.1, 4) if rng.random() < 0.6 else rng.uniform(-0.04, 0.04, 4)
    shift = loose + rng.normal(0, 0.02, 4)
    if rng.random() < 0.05:
        shift[3] = -rng.uniform(0.05, 0.3)  # the legs are cut off
    elif rng.random() < 0.06:
        shift[1] = -rng.uniform(0.03, 0.12)
    wider = np.array([width, height, width, height]) * shift * [-1, -1, 1, 1]
    slim = (
        max(0.0, 0.3 * height - (width + wider[2] - wider[0])) / 2
    )  # sideways stretch has a limit
    return box + wider + [-slim, 0, slim, 0]


def _shadow(crop: Camera) -> FloatArray:
    ground = np.array([[0, 0, 0], [0, 0.45, 0], [0.45, 0, 0]], float)
    pixels, _ = crop.project(ground)
    return np.array(
        [*pixels[0], abs(pixels[1, 0] - pixels[0, 0]), abs(pixels[2, 1] - pixels[0, 1])]
    )


def _occluder(rng: np.random.Generator, width: int, height: int) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of a table, a post or somebody's shoulder in front."""
    kind = rng.random()
    if kind < 0.5:
        return int(height * rng.uniform(0.55, 0.9)), 0, height, width
    if kind < 0.8:
        left = int(width * rng.uniform(0, 0.85))
        return 0, left, height, left + max(2, int(width * rng.uniform(0.05, 0.25)))
    side = int(width * rng.uniform(0.15, 0.35))
    left = 0 if rng.random() < 0.5 else width - side
    return int(height * rng.uniform(0, 0.5)), left, height, left + side
