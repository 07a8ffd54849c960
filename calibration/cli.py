"""The command `calibrate-cameras`."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import tyro
from numpy.typing import NDArray

from calibration.conversion import Format, Unit, read_cameras
from calibration.files import read_storage
from calibration.intrinsics import Board, fit_lens, write_lens
from calibration.overlap import calibrate_overlap
from calibration.overlap_report import describe_overlap, with_overlap
from calibration.pose import camera_from_points, read_points
from calibration.report import describe, first_picture, report_camera, reports_of_rig
from calibration.result_tracks import ground_tracks_of_run, watches_of_run
from calibration.rig import Rig, read_rig, write_rig
from calibration.rig_update import with_camera, with_time_offsets
from calibration.sanity import camera_fault
from calibration.standing import PERSON_HEIGHT
from calibration.timing import estimate_offsets
from calibration.web import PointServer
from configs.command import run
from configs.errors import InputError

__all__ = ["main"]

Size = tuple[int, int]


def main() -> int:
    """Entry point of `calibrate-cameras`."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    commands: dict[str, Callable[..., None]] = {
        "intrinsics": intrinsics,
        "pose": pose,
        "convert": convert,
        "check": check,
        "offsets": offsets,
        "overlap": overlap,
    }
    description = "Calibrate the cameras of one space for track-mtmc."
    return run(
        lambda: tyro.extras.subcommand_cli_from_dict(
            commands, prog="calibrate-cameras", description=description
        )
    )


def intrinsics(
    pictures: Annotated[tuple[Path, ...], tyro.conf.Positional],
    board: Size,
    output: Path,
    square: float = 1.0,
    markers: float | None = None,
    dictionary: str = "DICT_4X4_50",
) -> None:
    """Learn a lens from five or more pictures of a printed chessboard or ChArUco board.

    Example: calibrate-cameras intrinsics board/*.png --board 10 7 --output lens.yaml

    Args:
        pictures: Pictures of the board, turned differently in each, together covering the image.
        board: Columns and rows of squares (not of inner corners).
        output: YAML file of the lens, as OpenCV writes it; `pose` reads it.
        square: Side of a square.
        markers: Side of a marker, in the same unit: a ChArUco board. Without it a chessboard.
        dictionary: OpenCV's name of the dictionary of markers.
    """
    fit = fit_lens(pictures, Board(*board, square, markers, dictionary))
    write_lens(fit, output)
    for path, rms in zip(fit.used, fit.rms_by_picture, strict=True):
        print(f"{path.name}: {rms:.2f} px")
    print(f"{len(fit.used)} of {len(pictures)} pictures show the board; rms {fit.rms:.2f} px")
    print(f"corners in {fit.coverage:.0%} of the image's 16 fields; fx {fit.lens.K[0, 0]:.0f} px")
    if fit.coverage < 0.7:
        print("the image's border is poorly covered: distortion there is a guess")


def pose(
    camera: str,
    output: Path,
    points: Path | None = None,
    picture: str | None = None,
    intrinsics: Path | None = None,
    image_size: Size | None = None,
    port: int = 0,
    drawing: Path | None = None,
) -> None:
    """Place one camera by four or more points on the ground whose metres are known.

    Example: calibrate-cameras pose --camera hall --points hall.txt --picture hall.png
    --output cameras.yaml. Without --points a web page opens on 127.0.0.1 to click them.

    Args:
        camera: Name of the camera.
        output: cameras.yaml that the camera is written to; other cameras in it stay.
        points: Text file with rows `x y column row`: metres and pixels.
        picture: Picture or video of the camera: to click on, and to draw the check on.
        intrinsics: OpenCV file of the lens. Without it the focal length is told from the points
            where possible.
        image_size: Width and height in pixels; told by the picture or the lens if left out.
        port: Port of the web page; 0 chooses a free one.
        drawing: PNG with the ground's grid drawn into the picture; beside the output if left out.
    """
    seen = None if picture is None else first_picture(picture)
    if picture is not None and seen is None:
        raise InputError(f"{picture}: no picture can be read from it")
    lens = {} if intrinsics is None else read_storage(intrinsics)
    size = image_size or _size_of(seen, lens)
    ground, pixels = _clicked(seen, port) if points is None else read_points(points)
    K = lens.get("camera_matrix")
    if intrinsics is not None and K is None:
        raise InputError(f"{intrinsics}: found no camera_matrix")
    placed = camera_from_points(
        ground,
        pixels,
        size,
        K=None if K is None else np.reshape(np.asarray(K, float), (3, 3)),
        distortion=np.ravel(np.asarray(lens.get("distortion_coefficients", ()), float)),
    )
    rig = read_rig(output) if output.exists() else Rig(names=())
    write_rig(with_camera(rig, camera, placed), output)
    report = report_camera(placed, (ground, pixels), seen)
    drawing = drawing or output.with_name(f"{camera}-grid.png")
    _write_picture(drawing, report.picture)
    print("\n".join(describe(camera, report)))
    print(f"written to {output}; look at {drawing}: the grid must lie on the ground")


def convert(
    files: Annotated[tuple[Path, ...], tyro.conf.Positional],
    layout: Format,
    output: Path,
    image_size: Size | None = None,
    unit: Unit | None = None,
) -> None:
    """Convert other calibrations to cameras.yaml.

    Example: calibrate-cameras convert cam*.txt --layout matrix --image-size 1920 1024
    --output cameras.yaml. Names are the files' stems.

    Args:
        files: Calibration files, one a camera; for wildtrack and multiviewx the folder.
        layout: opencv: YAML, XML or JSON with intrinsics and pose; tsai: PETS 2009's XML; matrix:
            3x4 or 3x3 text; wildtrack, multiviewx: the data set's folder `calibrations`.
        output: cameras.yaml to write; cameras of other names in it stay.
        image_size: Width and height in pixels, for files that don't tell.
        unit: Unit of the files' world; millimetres for tsai, else metres, if left out.
    """
    rig = read_rig(output) if output.exists() else Rig(names=())
    for path in files:
        for name, camera in read_cameras(path, layout, image_size, unit).items():
            fault = camera_fault(camera)
            if fault is not None:
                raise InputError(f"{path}: camera {name}: {fault}")
            rig = with_camera(rig, name, camera)
            print(describe(name, report_camera(camera, None, None))[0])
    write_rig(rig, output)
    print(f"written to {output}")


def check(
    cameras: Annotated[Path, tyro.conf.Positional],
    output: Path,
    points: Path | None = None,
    pictures: Path | None = None,
) -> None:
    """Report residuals and draw the ground's grid into each view of a cameras.yaml.

    Example: calibrate-cameras check cameras.yaml --points marks --output check

    Args:
        cameras: The cameras.yaml.
        output: Folder for `<camera>-grid.png`.
        points: Folder of `<camera>.txt` with rows `x y column row`: marked points to test with.
        pictures: Folder of `<camera>.png` or .jpg; without it the sources' first frames.
    """
    rig = read_rig(cameras)
    if not rig.cameras:
        raise InputError(f"{cameras}: none of its cameras is calibrated")
    marked = {}
    if points is not None:
        paths = {name: points / f"{name}.txt" for name in rig.cameras}
        marked = {name: read_points(path) for name, path in paths.items() if path.is_file()}
        if not marked:
            raise InputError(f"{points}: no {next(iter(rig.cameras))}.txt or the like in it")
    output.mkdir(parents=True, exist_ok=True)
    for name, report in reports_of_rig(rig, marked, pictures).items():
        _write_picture(output / f"{name}-grid.png", report.picture)
        print("\n".join(describe(name, report)))
    print(f"pictures in {output}")


def offsets(
    cameras: Annotated[Path, tyro.conf.Positional],
    results: Path,
    frame_rate: float | None = None,
    max_offset: float = 5.0,
) -> None:
    """Tell calibrated cameras' time offsets from the people that they share; update cameras.yaml.

    Example: calibrate-cameras offsets cameras.yaml --results runs/track --frame-rate 25

    Args:
        cameras: The cameras.yaml, with at least two calibrated cameras.
        results: Folder of `<camera>.txt`, the MOTChallenge files of a run without calibration: one
            with it mixes what the cameras saw, and an offset hides.
        frame_rate: Frames a second, for cameras whose rate isn't in the cameras.yaml.
        max_offset: The largest offset looked for, seconds.
    """
    rig = read_rig(cameras)
    tracks = ground_tracks_of_run(rig, results, frame_rate)
    found = estimate_offsets(tracks, max_offset=max_offset)
    if len(found) < 2:
        raise InputError(f"{results}: the cameras share no moving people; no offset can be told")
    write_rig(with_time_offsets(rig, found), cameras)
    for name in tracks:
        print(f"{name}: {found[name]:+.3f} s" if name in found else f"{name}: not told, kept")


def overlap(
    results: Annotated[Path, tyro.conf.Positional],
    output: Path,
    image_size: Size | None = None,
    frame_rate: float | None = None,
    max_offset: float = 5.0,
    person_height: float = PERSON_HEIGHT,
    pictures: Path | None = None,
) -> None:
    """Calibrate overlapping cameras that nobody measured, from people's own tracks.

    Example: calibrate-cameras overlap runs/track --image-size 1920 1080 --frame-rate 25
    --output cameras.yaml. Each camera's height, tilt and focal length are told by how tall people
    appear where they stand, the places and clocks of all by ways that several views see.
    Metres are as good as the assumed mean height; the first camera stands above the world's origin
    and looks along y. Needs people who walk about upright and whole in view, not along one line,
    and lenses without much distortion. Marked points (`pose`) are more exact.

    Args:
        results: Folder of `<camera>.txt`, the MOTChallenge files of a run without calibration.
        output: cameras.yaml to write; sources and frame rates in it stay.
        image_size: Width and height in pixels, for cameras without a picture or a source.
        frame_rate: Frames a second, for cameras whose rate isn't in the cameras.yaml.
        max_offset: The largest offset looked for between two cameras' clocks, seconds.
        person_height: Mean height of the people, metres.
        pictures: Folder of `<camera>.png` or .jpg; without it the sources' first frames.
    """
    rig = read_rig(output) if output.exists() else Rig(names=())
    watches = watches_of_run(results, rig, frame_rate, image_size, pictures)
    found = calibrate_overlap(watches, max_offset=max_offset, person_height=person_height)
    rig = with_overlap(rig, found)
    write_rig(rig, output)
    for name, report in reports_of_rig(rig, {}, pictures).items():
        _write_picture(output.with_name(f"{name}-grid.png"), report.picture)
        print("\n".join(describe(name, report)))
    print("\n".join(describe_overlap(found)))
    print(f"metres assume people of {person_height:g} m on average; written to {output}")
    print(f"look at <camera>-grid.png in {output.parent}: the grids must lie on the ground")


def _size_of(picture: NDArray[np.uint8] | None, lens: dict[str, object]) -> Size:
    if picture is not None:
        return picture.shape[1], picture.shape[0]
    if "image_width" in lens and "image_height" in lens:
        width, height = (np.ravel(np.asarray(lens[f"image_{k}"], int)) for k in ("width", "height"))
        return int(width[0]), int(height[0])
    raise InputError("the image's size is unknown; give --picture or --image-size")


def _clicked(
    picture: NDArray[np.uint8] | None, port: int
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    if picture is None:
        raise InputError("nothing to mark points on; give --points or --picture")
    server = PointServer(picture, port)
    try:
        print(f"open {server.address} and mark points; Ctrl-C gives up", file=sys.stderr)
        return server.wait()
    finally:
        server.close()


def _write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    if not cv2.imwrite(str(path), picture):
        raise InputError(f"{path}: can't be written; its name must end in .png or .jpg")


if __name__ == "__main__":
    sys.exit(main())
