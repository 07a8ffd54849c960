"""The lens of a camera from pictures of a printed board: a chessboard or a ChArUco board."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from calibration.lens import BrownLens
from configs.errors import InputError

__all__ = ["Board", "LensFit", "find_corners", "fit_lens", "write_lens"]

Floats = NDArray[np.floating]
Image = NDArray[np.uint8]

FEWEST_PICTURES = 5
FEWEST_CORNERS = 8
FLATTEST_VIEWS = 5.0  # degrees that the board must be turned between some pictures
LARGEST_RMS = 3.0  # pixels


@dataclass(frozen=True)
class Board:
    """A printed board: columns x rows of squares, e.g. 9x6; `markers` makes it a ChArUco board.

    square: side of a square, any unit (the lens doesn't depend on it). markers: the side of a
    marker in the same unit, None for a plain chessboard. dictionary: OpenCV's name of the markers.
    """

    columns: int
    rows: int
    square: float = 1.0
    markers: float | None = None
    dictionary: str = "DICT_4X4_50"

    def __post_init__(self) -> None:
        if min(self.columns, self.rows) < 3:
            raise InputError(
                f"a board of {self.columns}x{self.rows} squares; at least 3x3 are needed"
            )
        if self.markers is not None and not 0 < self.markers < self.square:
            raise InputError("a marker must be smaller than its square")
        if not self.dictionary.startswith("DICT_") or not hasattr(cv2.aruco, self.dictionary):
            raise InputError(f"no dictionary of markers is called {self.dictionary}")

    def charuco(self) -> "cv2.aruco.CharucoBoard":
        """OpenCV's board. Only for a board with markers."""
        markers = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, self.dictionary))
        size = (self.columns, self.rows)
        return cv2.aruco.CharucoBoard(size, self.square, self.markers or 0.0, markers)


@dataclass(frozen=True)
class LensFit:
    """A lens and how well it explains the corners.

    rms: pixels, over all pictures. used: the pictures with a board in them. rms_by_picture:
    pixels, in the order of `used`. coverage: share of the image's 4x4 fields that hold a corner.
    """

    lens: BrownLens
    image_size: tuple[int, int]
    rms: float
    used: tuple[Path, ...]
    rms_by_picture: tuple[float, ...]
    coverage: float


def find_corners(picture: Image, board: Board) -> tuple[Floats, Floats] | None:
    """Corners on the board (N, 3) and in the picture (N, 2), or None where no board is found."""
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    if board.markers is not None:
        corners, ids, _, _ = cv2.aruco.CharucoDetector(board.charuco()).detectBoard(grey)
        if ids is None or len(ids) < FEWEST_CORNERS:
            return None
        on_board = np.asarray(board.charuco().getChessboardCorners(), float)
        return on_board[ids.ravel()], np.asarray(corners, float).reshape(-1, 2)
    inner = (board.columns - 1, board.rows - 1)
    found, corners = cv2.findChessboardCornersSB(grey, inner, flags=cv2.CALIB_CB_NORMALIZE_IMAGE)
    if not found:
        return None
    columns, rows = np.meshgrid(np.arange(inner[0]), np.arange(inner[1]))
    flat = np.stack([columns.ravel(), rows.ravel(), np.zeros(columns.size)], axis=1)
    return np.asarray(flat * board.square, float), np.asarray(corners, float).reshape(-1, 2)


def fit_lens(paths: Sequence[Path], board: Board) -> LensFit:
    """Camera matrix and distortion (k1 k2 p1 p2 k3) from pictures of the board (Zhang 2000).

    Raises InputError: fewer than five pictures show the board, they differ in size, the board
    faced the camera alike in all, the fit is worse than three pixels.
    """
    used, objects, images, sizes = [], [], [], set()
    for path in paths:
        picture = cv2.imread(str(path))
        if picture is None:
            raise InputError(f"{path}: not a picture")
        corners = find_corners(np.asarray(picture, np.uint8), board)
        if corners is not None:
            used.append(path)
            objects.append(corners[0].astype(np.float32))
            images.append(corners[1].astype(np.float32))
            sizes.add((picture.shape[1], picture.shape[0]))
    if len(used) < FEWEST_PICTURES:
        raise InputError(
            f"the {board.columns}x{board.rows} board was found in {len(used)} of {len(paths)} "
            f"pictures; at least {FEWEST_PICTURES} are needed (columns and rows count squares)"
        )
    if len(sizes) > 1:
        raise InputError(f"the pictures differ in size: {sorted(sizes)}")
    (size,) = sizes
    rms, K, distortion, rvecs, tvecs = cv2.calibrateCamera(objects, images, size, None, None)
    if _turned([np.asarray(rvec, float) for rvec in rvecs]) < FLATTEST_VIEWS:
        raise InputError(
            "the board faces the camera alike in all pictures: tilt it by 20 to 45 degrees"
        )
    if not rms < LARGEST_RMS:
        raise InputError(f"the corners fit no lens: {rms:.1f} pixels off; is the board flat?")
    errors = []
    for on_board, in_picture, rvec, tvec in zip(objects, images, rvecs, tvecs, strict=True):
        predicted = cv2.projectPoints(on_board, rvec, tvec, K, distortion)[0][:, 0]
        errors.append(float(np.sqrt(np.mean(np.sum((predicted - in_picture) ** 2, axis=1)))))
    lens = BrownLens(np.asarray(K, float), np.asarray(distortion, float).ravel()[:5])
    return LensFit(lens, size, float(rms), tuple(used), tuple(errors), _coverage(images, size))


def _turned(rvecs: Sequence[Floats]) -> float:
    """The largest angle in degrees between the board's normals in two pictures."""
    normals = np.array([cv2.Rodrigues(rvec)[0][:, 2] for rvec in rvecs])
    return float(np.degrees(np.arccos(np.clip(normals @ normals.T, -1, 1).min())))


def _coverage(images: Sequence[Floats], size: tuple[int, int]) -> float:
    fields = np.concatenate(images) / size * 4
    return len(np.unique(np.clip(fields.astype(int), 0, 3), axis=0)) / 16


def write_lens(fit: LensFit, path: Path) -> None:
    """Write a lens as OpenCV does; `files.read_storage` reads it."""
    values = {
        "image_width": fit.image_size[0],
        "image_height": fit.image_size[1],
        "camera_matrix": {"rows": 3, "cols": 3, "data": fit.lens.K.ravel().tolist()},
        "distortion_coefficients": {
            "rows": 1,
            "cols": 5,
            "data": fit.lens.coefficients[:5].tolist(),
        },
    }
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
