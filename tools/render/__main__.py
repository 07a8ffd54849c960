"""Rendered people: `python tools/render <command>` draws data that nobody has to consent to."""

import time
from pathlib import Path

import cv2
import tyro
from detection_scenes import BLOCK, SceneSettings, collect_annotations, open_scenes, write_scenes
from parallel import run_shares
from reid_crops import CropSettings, open_population, write_crops
from rich.console import Console
from rich.progress import track
from room_video import VideoSettings, collect_truth, open_video, write_views
from sheet import contact_sheet

from configs.command import run
from configs.errors import InputError

SHEET_PEOPLE, SHEET_SCENES = 24, 24
MOST_IDS = 255  # the picture of ids has eight bits


def reid(
    assets: Path,
    output: Path,
    identities: int = 100,
    cameras: int = 6,
    images: int = 24,
    size: str = "160x64",
    seed: int = 1,
    jobs: int = 1,
    evaluation: bool = False,
    look_alikes: float = 0.5,
    backgrounds: Path | None = None,
) -> None:
    """Crops of people for training re-identification, in Market-1501's layout.

    Args:
        assets: Folder of packed body data.
        output: Folder to write to; a population begun there is continued.
        identities: How many people.
        cameras: How many cameras see each of them.
        images: Pictures of each person, spread evenly over the cameras.
        size: Height x width of a picture, pixels.
        seed: Another seed, other people.
        jobs: Processes.
        evaluation: Write query/ and bounding_box_test/ in place of bounding_box_train/.
        look_alikes: Share of the families of three that wear nearly the same, 0 to 1.
        backgrounds: A video or a folder of pictures to stand before, beside drawn ones; with
            nobody in them.
    """
    height, width = _size(size)
    for name, value in (
        ("identities", identities),
        ("cameras", cameras),
        ("images", images),
        ("jobs", jobs),
    ):
        if value < 1:
            raise InputError(f"--{name} is {value}; give 1 or more")
    if not 0 <= look_alikes <= 1:
        raise InputError(f"--look-alikes is {look_alikes}; give a share, 0 to 1")
    settings = CropSettings(
        identities,
        cameras,
        images,
        height,
        width,
        seed,
        evaluation,
        look_alikes,
        str(backgrounds.resolve()) if backgrounds else "",
    )
    left = open_population(output, settings)
    shares = [(assets, output, settings, left[job::jobs]) for job in range(jobs) if left[job::jobs]]
    console, start, pictures = Console(stderr=True), time.monotonic(), 0
    with (output / "finished.txt").open("a", encoding="utf-8") as finished:
        results = run_shares(write_crops, shares) if shares else iter(())
        for identity, count in track(results, "drawing", len(left), console=console):
            pictures += count
            finished.write(f"{identity}\n")
            finished.flush()
    seconds = max(time.monotonic() - start, 1e-9)
    _write_sheet(output, evaluation)
    console.print(f"{pictures} pictures in {seconds:.0f} s, {pictures / seconds:.1f} a second")


def detection(
    assets: Path,
    output: Path,
    images: int = 100,
    seed: int = 1,
    jobs: int = 1,
    backgrounds: Path | None = None,
) -> None:
    """Scenes with many people for training a detector: images/ and annotations.json (COCO).

    Args:
        assets: Folder of packed body data.
        output: Folder to write to; a set begun there is continued.
        images: How many pictures.
        seed: Another seed, other places and people.
        jobs: Processes.
        backgrounds: A video or a folder of pictures to stand before in some of the scenes; with
            nobody in them, who would be a person without a box.
    """
    for name, value in (("images", images), ("jobs", jobs)):
        if value < 1:
            raise InputError(f"--{name} is {value}; give 1 or more")
    settings = SceneSettings(images, seed, str(backgrounds.resolve()) if backgrounds else "")
    left = open_scenes(output, settings)
    blocks = sorted({index // BLOCK for index in left})
    shares = []
    for job in range(min(jobs, len(blocks))):
        mine = set(blocks[job::jobs])
        shares.append((assets, output, settings, [i for i in left if i // BLOCK in mine]))
    console, start = Console(stderr=True), time.monotonic()
    try:
        results = run_shares(write_scenes, shares) if shares else iter(())
        for _ in track(results, "drawing", len(left), console=console):
            pass
    finally:
        finished = collect_annotations(output)
    seconds = max(time.monotonic() - start, 1e-9)
    pictures = _pictures(sorted((output / "images").glob("*.jpg"))[:SHEET_SCENES])
    rows = [pictures[k : k + 4] for k in range(0, len(pictures), 4)]
    cv2.imwrite(str(output / "sheet.png"), contact_sheet(rows, 400, 240))
    console.print(
        f"{len(left)} scenes in {seconds:.0f} s, {len(left) / seconds:.2f} a second; "
        f"{finished} in annotations.json"
    )


def room(
    assets: Path,
    output: Path,
    seconds: float = 20.0,
    layout: str = "room",
    width: float = 5.0,
    depth: float = 6.0,
    people: int = 10,
    most_at_once: int = 7,
    present: int = 3,
    stay: float = 40.0,
    frame_rate: int = 15,
    crf: int = 23,
    quick: bool = False,
    seed: int = 1,
    jobs: int = 1,
) -> None:
    """Videos of people in a place with doors: a file per camera, cameras.yaml and truth.csv.

    Args:
        assets: Folder of packed body data.
        output: Folder to write to; cameras finished there aren't drawn again.
        seconds: How long.
        layout: room, yard, or corridor (two rooms whose cameras share no view).
        width: Of a room or the yard, metres.
        depth: The other side, metres.
        people: Different people in all; who leaves comes back later in the same clothes.
        most_at_once: Of them inside at one time.
        present: Of them inside from the start.
        stay: Seconds that a visit lasts on average.
        frame_rate: Frames a second.
        crf: x264's quality, 0-51; less is better and larger.
        quick: Coarser bodies and rougher edges, drawn in two thirds of the time.
        seed: Another seed, another story.
        jobs: Processes; each draws whole cameras.
    """
    for name, value in (
        ("people", people),
        ("most-at-once", most_at_once),
        ("jobs", jobs),
        ("frame-rate", frame_rate),
    ):
        if value < 1:
            raise InputError(f"--{name} is {value}; give 1 or more")
    if people > MOST_IDS:
        raise InputError(f"--people is {people}; give {MOST_IDS} at most")
    settings = VideoSettings(
        seconds,
        layout,
        width,
        depth,
        people,
        most_at_once,
        present,
        stay,
        frame_rate,
        crf,
        quick,
        seed,
    )
    left = open_video(output, settings)
    shares = [(assets, output, settings, left[job::jobs]) for job in range(jobs) if left[job::jobs]]
    console, start = Console(stderr=True), time.monotonic()
    results = run_shares(write_views, shares) if shares else iter(())
    for _ in track(results, "drawing", len(left) * settings.frames, console=console):
        pass
    views = len(left) * settings.frames
    rows = collect_truth(output, settings)
    passed = max(time.monotonic() - start, 1e-9)
    console.print(f"{views} views in {passed:.0f} s, {views / passed:.1f} a second; {rows} truths")


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.lower().partition("x")
    if not (
        height.isdigit() and width.isdigit() and int(width) >= 16 and 32 <= int(height) <= 1024
    ):
        raise InputError(f"--size is {text!r}; give height x width in pixels, as 160x64")
    return int(height), int(width)


def _write_sheet(output: Path, evaluation: bool) -> None:
    """The first people's pictures, a row each, as sheet.png."""
    folders = ("query", "bounding_box_test") if evaluation else ("bounding_box_train",)
    rows = []
    for person in range(1, SHEET_PEOPLE + 1):
        paths = sorted(p for f in folders for p in (output / f).glob(f"{person:04d}_*.jpg"))
        if paths:
            rows.append(_pictures(paths))
    cv2.imwrite(str(output / "sheet.png"), contact_sheet(rows, 48, 120))


def _pictures(paths: list[Path]) -> list[cv2.typing.MatLike]:
    read = (cv2.imread(str(path)) for path in paths)
    return [picture for picture in read if picture is not None]


if __name__ == "__main__":
    cv2.setNumThreads(1)
    raise SystemExit(
        run(
            lambda: tyro.extras.subcommand_cli_from_dict(
                {"reid": reid, "detection": detection, "room": room}, prog="python tools/render"
            )
        )
    )
