"""The command `track-mtmc`."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from calibration.rig import Rig, read_rig
from configs import Settings
from configs.command import run, starting_settings
from configs.errors import InputError
from tracker.config import TrackSettings
from tracker.pipeline import Pipeline
from tracker.recording import RunRecorder
from tracker.results import claim_folder
from tracker.video import CameraSource, cameras_of_paths, cameras_of_rig

__all__ = ["TrackCommand", "main"]


class TrackCommand(Settings):
    """Follow people across cameras: one identity per person, from video files or streams.

    Example: track-mtmc --videos cams/*.mp4 --output out --save-video
    """

    videos: tuple[str, ...] = ()
    """Video files, folders of images or stream addresses; the stem names the camera."""
    cameras: Path | None = None
    """A cameras.yaml: sources, calibration, time offsets, area and doors."""
    output: Path | None = None
    """Folder for the results; without it runs/track, or the next one that is free."""
    exist_ok: bool = False
    """Overwrite the results of an earlier run in that folder."""
    config: str | None = None
    """Settings to start from: a preset's name or a .yaml file; flags override it."""
    offline: bool = False
    """Never fetch a model from the network."""
    settings: Annotated[TrackSettings, tyro.conf.arg(name="")] = TrackSettings()


def main() -> None:
    """Entry point of `track-mtmc`."""
    logging.basicConfig(
        level=logging.WARNING,
        format="%(message)s",
        handlers=[RichHandler(console=Console(stderr=True), show_time=False, show_path=False)],
    )
    sys.exit(run(lambda: _track(_parse(sys.argv[1:]))))


def _parse(arguments: list[str]) -> TrackCommand:
    """Flags over the file of `--config` over the defaults."""
    settings = starting_settings(TrackSettings, arguments)
    return tyro.cli(TrackCommand, args=arguments, default=TrackCommand(settings=settings))


def _track(command: TrackCommand) -> None:
    rig = None if command.cameras is None else read_rig(command.cameras)
    pipeline = Pipeline(_cameras(command, rig), command.settings, rig=rig, offline=command.offline)
    folder = claim_folder(command.output, exist_ok=command.exist_ok)
    with RunRecorder(folder, pipeline, command.settings) as recorder, _progress() as progress:
        bar = progress.add_task("looking into the videos", frames=0, people=0, rate=0.0)
        for moment in pipeline:
            recorder.write(moment)
            people = len(pipeline.identities())
            rate = recorder.frames_per_second
            progress.update(
                bar, description="following", frames=recorder.frames, people=people, rate=rate
            )
    _report(folder, pipeline, recorder)


def _cameras(command: TrackCommand, rig: Rig | None) -> list[CameraSource]:
    if rig is not None:
        return cameras_of_rig(rig, list(command.videos))
    if not command.videos:
        raise InputError("nothing to track; give --videos FILE [FILE ...] or --cameras FILE")
    return cameras_of_paths(list(command.videos))


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.fields[frames]} frames, {task.fields[people]} people"),
        TextColumn("{task.fields[rate]:.1f} frames/s"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _report(folder: Path, pipeline: Pipeline, recorder: RunRecorder) -> None:
    for name, report in pipeline.reports.items():
        if report.corrupt:
            print(f"camera {name}: {report.corrupt} damaged frames skipped", file=sys.stderr)
    people, frames = recorder.people, recorder.frames
    print(f"{people} people in {frames} frames, {recorder.frames_per_second:.1f}/s -> {folder}")


if __name__ == "__main__":
    main()
