"""LAB: FBK's task-decomposition sequence (Hu et al., ICPR 2014), which the paper's table 5 uses.

Four corner cameras, 640x480, 15 frames a second, about 12.5 minutes, at most 7 people at once in
a room of about 5 x 6 m. The layout is a folder with

    ROOT/cameras.yaml       the four cameras' calibrations and their videos
    ROOT/truth.csv          as a scene's (`scene_folder`), or positions only:
                            frame,identity,x,y - frames from 1, metres on the ground
    ROOT/detections/        optional, as a scene's
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from configs.errors import InputError
from tracker.evaluation.mtmc.running import SceneRun
from tracker.evaluation.mtmc.scene import Scene
from tracker.evaluation.mtmc.scene_folder import read_scene_folder
from tracker.evaluation.table import format_table

__all__ = ["lab_table", "read_lab"]

FRAME_RATE = 15.0
REACH = 1.0  # metres
PAPER = (  # model, trained on, MOTA, IDF1
    ("Robust-ReID", "DukeMTMC", 96.1, 89.1),
    ("Robust-ReID", "Market1501", 96.1, 79.6),
    ("HA-CNN", "DukeMTMC", 96.1, 78.9),
    ("HA-CNN", "Market1501", 96.1, 65.7),
    ("no ReID", "-", 96.1, 57.1),
)


def read_lab(root: Path) -> list[Scene]:
    """Read the sequence. Raises InputError: a missing or malformed file (with its line)."""
    if not (root / "cameras.yaml").is_file() or not (root / "truth.csv").is_file():
        raise InputError(f"{root}: no LAB here; expected cameras.yaml and truth.csv")
    with (root / "truth.csv").open(encoding="utf-8-sig", errors="replace") as file:
        header = file.readline(1000)
    return [read_scene_folder(root, FRAME_RATE, positions_only="camera" not in header)]


def lab_table(results: Mapping[str, Sequence[SceneRun]]) -> str:
    """Ours beside the paper's table 5: MOTA and IDF1, percent, of positions up to 1 m apart.

    results: by the name of each run, MODEL/DATA or a model alone. The first of ours by a model
    stands beside the paper's first by that model, the second beside its second; either side may
    have more.
    """
    ours: dict[str, list[list[str]]] = {}
    for name, (run,) in results.items():
        model, _, data = name.partition("/")
        table = run.scores.ground[REACH].table()
        cells = [model, data or "-", f"{table['MOTA']:.1f}", f"{table['IDF1']:.1f}"]
        ours.setdefault(_kind(model), []).append(cells)
    rows = []
    for model, data, mota, idf1 in PAPER:
        waiting = ours.get(_kind(model), [])
        mine = waiting.pop(0) if waiting else ["-"] * 4
        rows.append([*mine, model, data, f"{mota:.1f}", f"{idf1:.1f}"])
    rows += [[*mine, *["-"] * 4] for waiting in ours.values() for mine in waiting]
    columns = ["model", "trained on", "MOTA", "IDF1"]
    header = [*columns, *(f"paper: {columns[0]}", *columns[1:])]
    return "\n".join(
        [
            "Ours, on the ground up to 1 m, beside table 5 of Lawen et al., arXiv 1910.07038: the",
            "same kinds of rows, but theirs are of the original recording and another detector.",
            format_table(header, rows),
        ]
    )


def _kind(model: str) -> str:
    """What is left of a model's name without case, blanks and dashes; no ReID by any name."""
    kind = "".join(filter(str.isalnum, model.lower()))
    return "noreid" if kind == "none" else kind
