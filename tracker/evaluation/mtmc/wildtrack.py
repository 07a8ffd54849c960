"""WILDTRACK: seven cameras before a university (Chavdarova et al., CVPR 2018).

    ROOT/calibrations/{intrinsic_zero,extrinsic}/*.xml
    ROOT/annotations_positions/00000000.json ...   400 frames, 2 a second
    ROOT/Image_subsets/C1/00000000.png ...         C1 to C7

The sequence `test` is the last tenth of the frames (40), which the field reports; `all` is all of
them. People are annotated on 12 x 36 m; a grid cell is 2.5 cm.
"""

from collections.abc import Sequence
from pathlib import Path

from calibration.formats import read_wildtrack, wildtrack_positions
from tracker.evaluation.mtmc.position_files import read_position_scenes
from tracker.evaluation.mtmc.scene import Scene, area_of

__all__ = ["read_wildtrack_scenes"]

AREA = area_of((-3.0, -9.0), (9.0, 27.0))
FRAME_RATE = 2.0


def read_wildtrack_scenes(
    root: Path, sequences: Sequence[str], detections: str | None
) -> list[Scene]:
    """`test`, `all`, or both. detections: "truth" takes the annotated boxes for detections.

    Raises InputError: a missing or malformed file, an unknown name.
    """
    cameras = read_wildtrack(root / "calibrations")
    return read_position_scenes(
        root, sequences, cameras, wildtrack_positions, FRAME_RATE, AREA, detections == "truth"
    )
