"""Videos of people in a room, a yard or two rooms, by several cameras, with exact truth.

Written beside the videos (H.264, one per camera): `cameras.yaml`, and `truth.csv` with a row for
every person that a camera sees in a frame: frame (from 1), camera, identity (from 1), the box of
the whole person cut at the image, the visible share of the person's own pixels, and x, y of the
pelvis on the ground, metres.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import numpy as np
from assets import Assets, FloatArray, load_assets
from camera import Camera
from crowd import recruit
from gait import Posture, Style, pose, stride_length
from layouts import Layout, draw_layout
from numpy.typing import NDArray
from person import PersonMesh, place, skin
from renderer import Drawing, Light, Renderer
from scene import draw_backdrop, draw_people, sights
from sensor import Sensor, record
from stage import stage_vertices
from walkers import Moment, Society
from wardrobe import FAMILY

from calibration.camera import Camera as CalibratedCamera
from calibration.rig import Rig, write_rig
from configs.errors import InputError

__all__ = ["VideoSettings", "collect_truth", "open_video", "write_views"]

STEPS = 2  # of the simulation per frame
FINE, QUICK = (2, 0.28), (1, 0.42)  # samples along a pixel, decimetres of the bodies' detail
COLUMNS = ("frame", "camera", "identity", "left", "top", "width", "height", "visible", "x", "y")
GRAIN, GRAIN_SHIFT = (1.0, 3.0), 64  # its strength, 0-255, and how far it moves, pixels
LEAST_PX = 2.0  # of a box inside the image, each way
SKY = np.array([205.0, 220.0, 235.0])


@dataclass(frozen=True)
class VideoSettings:
    """What decides every byte of a video set."""

    seconds: float
    layout: str
    width: float  # metres
    depth: float
    people: int  # in all
    most_at_once: int
    present: int  # from the start
    stay: float  # seconds of a visit on average
    frame_rate: int
    crf: int  # x264's quality, smaller is better
    quick: bool  # coarser bodies and one sample a pixel
    seed: int

    @property
    def detail(self) -> tuple[int, float]:
        return QUICK if self.quick else FINE

    @property
    def frames(self) -> int:
        return round(self.seconds * self.frame_rate)


@dataclass(frozen=True)
class _Life:
    """One person over the whole video: `present` (F,) and a transform per present frame."""

    mesh: PersonMesh
    rows: NDArray[np.int64]  # (F,) row of the arrays below, -1 while away
    transforms: FloatArray  # (P, B, 3, 4)
    positions: FloatArray  # (P, 2)
    yaws: FloatArray  # (P,)


def open_video(output: Path, settings: VideoSettings) -> list[str]:
    """Make or resume the folder, write cameras.yaml; the cameras that are still to be drawn.

    Raises InputError: the folder holds other videos, or a setting makes no sense.
    """
    if settings.frames < 1:
        raise InputError(f"--seconds is {settings.seconds}; give at least one frame")
    layout = _layout(settings)
    (output / "parts").mkdir(parents=True, exist_ok=True)
    path, wanted = output / "parts" / "settings.json", asdict(settings)
    if path.is_file() and json.loads(path.read_text(encoding="utf-8")) != wanted:
        raise InputError(f"{output}: holds videos of other settings; use another folder")
    path.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    names = tuple(layout.cameras)
    rig = Rig(
        names=names,
        cameras={name: _calibrated(camera) for name, camera in layout.cameras.items()},
        sources={name: str(output / f"{name}.mp4") for name in names},
        area=layout.area,
        doors={door.name: door.threshold for door in layout.doors},
    )
    write_rig(rig, output / "cameras.yaml")
    return [name for name in names if not (output / f"{name}.mp4").is_file()]


def write_views(share: tuple[Path, Path, VideoSettings, list[str]]) -> Iterator[str]:
    """Draw and encode the cameras of one share; yield a camera's name after every frame."""
    assets_folder, output, settings, names = share
    assets = load_assets(assets_folder)
    renderer = Renderer(assets)
    layout = _layout(settings)
    lives = _lives(assets, settings, layout)
    for name in names:
        part = output / "parts" / f"{name}.mp4"
        truth = output / "parts" / f"{name}.csv"
        with truth.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            for picture, seen in _views(renderer, layout, name, settings, lives, part):
                rows.writerows((picture, name, *row) for row in seen)
                yield name
        part.rename(output / f"{name}.mp4")


def collect_truth(output: Path, settings: VideoSettings) -> int:
    """Write truth.csv of all cameras, by frame and camera; the number of rows."""
    names = list(_layout(settings).cameras)
    rows = []
    for name in names:
        path = output / "parts" / f"{name}.csv"
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                rows += list(csv.reader(file))
    rows.sort(key=lambda row: (int(row[0]), names.index(row[1]), int(row[2])))
    with (output / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    return len(rows)


def _layout(settings: VideoSettings) -> Layout:
    rng = np.random.default_rng([settings.seed, 7])
    return draw_layout(settings.layout, settings.width, settings.depth, rng)


def _lives(assets: Assets, settings: VideoSettings, layout: Layout) -> list[_Life]:
    """Let the story happen, then pose everybody for each of its frames at once."""
    society = Society(
        layout, settings.people, settings.most_at_once, settings.present, settings.stay,
        np.random.default_rng([settings.seed, 8]),
    )  # fmt: skip
    step = 1 / settings.frame_rate / STEPS
    moments = [[society.step(step) for _ in range(STEPS)][-1] for _ in range(settings.frames)]
    strangers = range(0, settings.people * FAMILY, FAMILY)  # no two of a family that looks alike
    actors = recruit(assets, settings.seed, strangers, settings.detail[1])
    return [
        _life(actor.near, actor.style, moments, identity, settings.frame_rate)
        for identity, actor in enumerate(actors)
    ]


def _life(
    mesh: PersonMesh, style: Style, moments: list[Moment], identity: int, frame_rate: int
) -> _Life:
    rows = np.full(len(moments), -1)
    places: list[tuple[float, ...]] = []
    for frame, moment in enumerate(moments):
        if identity in moment.identities:
            rows[frame] = len(places)
            k = moment.identities.index(identity)
            places.append(
                (*moment.positions[k], moment.yaws[k], moment.speeds[k], moment.sitting[k])
            )
    table = np.array(places).reshape(-1, 5)
    speeds = table[:, 3]
    amplitude = np.where(speeds > 0.08, 0.35 + 0.65 * speeds / 1.2, speeds / 0.08 * 0.35)
    amplitude = np.minimum(amplitude, mesh.top_amplitude)
    stride = stride_length(mesh.skeleton, style) * mesh.scale * np.maximum(amplitude, 0.35)
    phase = (np.cumsum(speeds / frame_rate / stride) + 0.37 * identity) % 1
    zero = np.zeros(len(table))
    turn = 0.3 * np.sin(np.arange(len(table)) / frame_rate * 0.9 + identity)
    transforms, _ = pose(
        mesh.skeleton, style, Posture(phase, amplitude, table[:, 4], turn, zero, zero)
    )
    return _Life(mesh, rows, transforms, table[:, :2], table[:, 2])


def _views(
    renderer: Renderer, layout: Layout, name: str, settings: VideoSettings, lives: list[_Life],
    path: Path,
) -> Iterator[tuple[int, list[tuple[object, ...]]]]:  # fmt: skip
    """Encode one camera's video; yield each frame's number and its rows of truth."""
    camera = layout.cameras[name]
    light = _light(outdoors=layout.outdoors)
    row = list(layout.cameras).index(name)
    rng = np.random.default_rng([settings.seed, 10, row])
    sensor, samples = _sensor(rng), settings.detail[0]
    backdrop = draw_backdrop(
        renderer, camera, stage_vertices(layout.patches), light, SKY, 0.12, samples
    )
    field = (camera.size[1] + GRAIN_SHIFT, camera.size[0] + GRAIN_SHIFT, 1)
    grain = rng.uniform(*GRAIN) * rng.standard_normal(field, np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=settings.frame_rate)
        stream.width, stream.height, stream.pix_fmt = *camera.size, "yuv420p"
        stream.options = {"crf": str(settings.crf), "preset": "veryfast", "threads": "1"}
        for frame in range(settings.frames):
            people, spots = _people(lives, frame, camera)
            picture, ids = draw_people(renderer, backdrop, camera, people, light, samples)
            sight = sights(renderer, backdrop, camera, people, ids)
            dx, dy = rng.integers(0, GRAIN_SHIFT, 2)
            picture += grain[dy : dy + camera.size[1], dx : dx + camera.size[0]]
            image = av.VideoFrame.from_ndarray(record(picture, sensor, rng), format="rgb24")
            container.mux(stream.encode(image))
            yield frame + 1, [
                (person.identity, *np.round(box, 2).tolist(), round(visible, 3),
                 *np.round(spot, 4).tolist())
                for person, box, visible, spot in zip(
                    people, _cut(sight.boxes, camera), sight.visible.tolist(), spots, strict=True
                )
                if visible > 0 and min(box[2:]) >= LEAST_PX
            ]  # fmt: skip
        container.mux(stream.encode())


def _people(
    lives: list[_Life], frame: int, camera: Camera
) -> tuple[list[Drawing], list[FloatArray]]:
    """Who may be in the picture, and where they stand."""
    people, spots = [], []
    for identity, life in enumerate(lives):
        row = life.rows[frame]
        if row < 0:
            continue
        spot = life.positions[row]
        middle, depth = camera.project(np.array([[*spot, 0.9]]))
        reach = camera.K[0, 0] * 1.2 / max(depth[0], 0.3)
        if depth[0] < 0.2 or (np.abs(middle[0] - np.array(camera.size) / 2)
                              > np.array(camera.size) / 2 + reach).any():  # fmt: skip
            continue
        posed = skin(life.mesh, life.transforms[row])
        people.append(Drawing(life.mesh, place(posed, life.mesh.scale, spot, life.yaws[row]),
                              identity + 1))  # fmt: skip
        spots.append(spot)
    return people, spots


def _cut(boxes: FloatArray, camera: Camera) -> FloatArray:
    """(N, 4) left, top, width, height of the boxes' parts inside the image."""
    inside = np.clip(boxes, 0, np.array([*camera.size, *camera.size]))
    return np.concatenate([inside[:, :2], inside[:, 2:] - inside[:, :2]], 1)


def _calibrated(camera: Camera) -> CalibratedCamera:
    R = camera.R_world2cam
    return CalibratedCamera.from_intrinsics(camera.K, [], R, -R @ camera.position, camera.size)


def _light(*, outdoors: bool) -> Light:
    direction = np.array([0.4, 0.3, 0.85]) if outdoors else np.array([0.25, 0.2, 0.95])
    sun, sky = (0.75, 0.75) if outdoors else (0.42, 0.85)
    colour = np.array([1.0, 0.97, 0.93])
    return Light(direction / np.linalg.norm(direction), sun * colour, np.full(3, sky),
                 np.full(3, 0.5 * sky))  # fmt: skip


def _sensor(rng: np.random.Generator) -> Sensor:
    """An indoor camera: four of a kind, each with its own exposure and white balance."""
    exposure = rng.uniform(0.85, 1.15)
    return Sensor(
        gain=(exposure * 0.99, exposure * 1.01),
        gamma=1.0,
        saturation=float(rng.uniform(0.75, 1.1)),
        cast=np.exp(rng.normal(0, 0.03, 3)).astype(np.float32),
        tint=np.full(3, rng.uniform(0, 0.03), np.float32),
        blur=(0.3, 0.6),
        motion=0.0,
        noise=(0.0, 0.0),  # a field of grain moves instead, which is quicker
        quality=(90, 90),
        sharpening=0.0,
        pixels_high=(480.0, 480.0),
    )
