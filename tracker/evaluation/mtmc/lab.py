"""LAB: FBK's task-decomposition sequence (Hu et al., ICPR 2014), which the paper's table 5 uses.

Four corner cameras, 640x480, 15 frames a second, about 12.5 minutes, at most 7 people at once in
a room of about 5 x 6 m. The layout is a folder with

    ROOT/cameras.yaml       the four cameras' calibrations and their videos
    ROOT/truth.csv          as a scene's (`scene_folder`), or positions only:
                            frame,identity,x,y - frames from 1, metres on the ground
    ROOT/detections/        optional, as a scene's
"""

from pathlib import Path

from configs.errors import InputError
from tracker.evaluation.mtmc.scene import Scene
from tracker.evaluation.mtmc.scene_folder import read_scene_folder

__all__ = ["paper_table", "read_lab"]

FRAME_RATE = 15.0


def read_lab(root: Path) -> list[Scene]:
    """Read the sequence. Raises InputError: a missing or malformed file (with its line)."""
    if not (root / "cameras.yaml").is_file() or not (root / "truth.csv").is_file():
        raise InputError(f"{root}: no LAB here; expected cameras.yaml and truth.csv")
    with (root / "truth.csv").open(encoding="utf-8-sig", errors="replace") as file:
        header = file.readline(1000)
    return [read_scene_folder(root, FRAME_RATE, positions_only="camera" not in header)]


def paper_table() -> tuple[tuple[str, str, float, float], ...]:
    """Lawen et al., arXiv 1910.07038, table 5: model, trained on, MOTA, IDF1 in percent."""
    return (
        ("Robust-ReID", "DukeMTMC", 96.1, 89.1),
        ("Robust-ReID", "Market1501", 96.1, 79.6),
        ("HA-CNN", "DukeMTMC", 96.1, 78.9),
        ("HA-CNN", "Market1501", 96.1, 65.7),
        ("no ReID", "-", 96.1, 57.1),
    )
