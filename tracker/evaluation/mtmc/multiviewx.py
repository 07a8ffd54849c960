"""MultiviewX: six cameras in a made-up square (Hou et al., ECCV 2020), laid out as WILDTRACK.

    ROOT/calibrations/{intrinsic,extrinsic}/*.xml
    ROOT/annotations_positions/00000.json ...      400 frames, 2 a second
    ROOT/Image_subsets/C1/0000.png ...             C1 to C6

The sequence `test` is the last tenth of the frames, `all` is everything. People are annotated on
25 x 16 m; the data set's y axis is turned round, so that the world is right-handed.
"""

from collections.abc import Sequence
from pathlib import Path

from calibration.formats import multiviewx_positions, read_multiviewx
from tracker.evaluation.mtmc.position_files import read_position_scenes
from tracker.evaluation.mtmc.scene import Scene, area_of

__all__ = ["read_multiviewx_scenes"]

AREA = area_of((0.0, -16.0), (25.0, 0.0))
FRAME_RATE = 2.0


def read_multiviewx_scenes(
    root: Path, sequences: Sequence[str], detections: str | None
) -> list[Scene]:
    """`test`, `all`, or both. detections: "truth" takes the annotated boxes for detections.

    Raises InputError: a missing or malformed file, an unknown name.
    """
    cameras = read_multiviewx(root / "calibrations")
    return read_position_scenes(
        root, sequences, cameras, multiviewx_positions, FRAME_RATE, AREA, detections == "truth"
    )
