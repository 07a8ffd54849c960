"""Rendered people: `python tools/render <command>` draws data that nobody has to consent to."""

import time
from pathlib import Path

import cv2
import tyro
from parallel import run_shares
from reid_crops import CropSettings, open_population, write_crops
from rich.console import Console
from rich.progress import track
from sheet import contact_sheet

from configs.command import run
from configs.errors import InputError

SHEET_PEOPLE = 24


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
        backgrounds: A video or a folder of pictures to stand before, beside drawn ones.
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
    settings = CropSettings(
        identities,
        cameras,
        images,
        height,
        width,
        seed,
        evaluation,
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
            rows.append([picture for p in paths if (picture := cv2.imread(str(p))) is not None])
    cv2.imwrite(str(output / "sheet.png"), contact_sheet(rows, 48, 120))


if __name__ == "__main__":
    cv2.setNumThreads(1)
    raise SystemExit(
        run(
            lambda: tyro.extras.subcommand_cli_from_dict({"reid": reid}, prog="python tools/render")
        )
    )
