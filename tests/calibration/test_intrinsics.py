"""Lenses from drawn pictures of a board seen through a known lens."""

import cv2
import numpy as np
import pytest

from calibration.intrinsics import Board, find_corners, fit_lens
from configs.errors import InputError

SIZE = (640, 480)
K = np.array([[560.0, 0, 325], [0, 555, 236], [0, 0, 1]])
DISTORTION = np.array([-0.15, 0.04, 0.0, 0.0, 0.0])
CHESS = Board(9, 7, square=0.03)
CHARUCO = Board(8, 6, square=0.03, markers=0.022)
DOTS = 40  # pixels of the flat board a square


def flat_board(board):
    """The printed board with a white border of one square, and a metre's pixels."""
    size = ((board.columns + 2) * DOTS, (board.rows + 2) * DOTS)
    if board.markers is not None:
        return board.charuco().generateImage(size, marginSize=DOTS)
    rows, columns = np.indices((board.rows, board.columns))
    squares = np.where((rows + columns) % 2, 255, 0).astype(np.uint8)
    return cv2.copyMakeBorder(
        np.kron(squares, np.ones((DOTS, DOTS), np.uint8)),
        *[DOTS] * 4,
        cv2.BORDER_CONSTANT,
        value=255,
    )


def photograph(board, rvec, tvec):
    """The board as the lens shows it: every pixel's ray is followed to the board."""
    columns, rows = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    pixels = np.column_stack([columns.ravel(), rows.ravel()]).astype(float)
    ideal = cv2.undistortPoints(pixels[:, None], K, DISTORTION)[:, 0]
    R = cv2.Rodrigues(np.array(rvec, float))[0]
    H = np.linalg.inv(np.column_stack([R[:, :2], tvec]))
    plane = np.column_stack([ideal, np.ones(len(ideal))]) @ H.T
    place = ((plane[:, :2] / plane[:, 2:]) / board.square + 1) * DOTS - 0.5
    map_xy = place.reshape(*SIZE[::-1], 2).astype(np.float32)
    picture = cv2.remap(
        flat_board(board),
        map_xy,
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=128,
    )
    return cv2.GaussianBlur(picture, (3, 3), 0.6)


def write_pictures(folder, board, tilts):
    paths = []
    for n, (x, y) in enumerate(tilts):
        middle = [-board.columns * 0.015, -board.rows * 0.015, 0]
        R = cv2.Rodrigues(np.array([x, y, 0.1 * n]))[0]
        at = [0.04 * np.cos(2 * n), 0.03 * np.sin(2 * n), 0.32]
        paths.append(folder / f"{n}.png")
        cv2.imwrite(str(paths[-1]), photograph(board, [x, y, 0.1 * n], R @ middle + at))
    return paths


TILTS = [(0.5, 0.0), (-0.5, 0.1), (0.0, 0.5), (0.1, -0.5), (0.4, 0.4)]


@pytest.mark.parametrize("board", [CHESS, CHARUCO], ids=["chessboard", "charuco"])
def test_the_lens_is_found_again(tmp_path, board):
    fit = fit_lens(write_pictures(tmp_path, board, TILTS), board)
    assert fit.image_size == SIZE
    assert fit.rms < 0.3
    assert len(fit.used) == len(fit.rms_by_picture) >= 5
    np.testing.assert_allclose(fit.lens.K[[0, 1], [0, 1]], [560, 555], rtol=0.01)
    np.testing.assert_allclose(fit.lens.K[:2, 2], [325, 236], atol=5)
    assert fit.lens.coefficients[0] == pytest.approx(-0.15, abs=0.03)
    assert 0.5 < fit.coverage <= 1


def test_pictures_that_tell_no_lens_are_refused(tmp_path):
    facing = write_pictures(tmp_path, CHESS, [(0.0, 0.0)] * 5)
    with pytest.raises(InputError, match="faces the camera alike"):
        fit_lens(facing, CHESS)
    cv2.imwrite(str(tmp_path / "blank.png"), np.full((480, 640), 99, np.uint8))
    with pytest.raises(InputError, match="found in 0 of 1 pictures"):
        fit_lens([tmp_path / "blank.png"], CHESS)
    with pytest.raises(InputError, match="found in 0 of 0"):
        fit_lens([], CHESS)
    (tmp_path / "no.png").write_text("x")
    with pytest.raises(InputError, match="not a picture"):
        fit_lens([tmp_path / "no.png"], CHESS)
    assert find_corners(np.full((480, 640), 99, np.uint8), CHARUCO) is None


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Board(2, 7), "at least 3x3"),
        (lambda: Board(8, 6, square=1.0, markers=1.5), "smaller than its square"),
        (lambda: Board(8, 6, dictionary="DICT_9"), "no dictionary"),
    ],
)
def test_boards_that_cannot_be_are_refused(make, reason):
    with pytest.raises(InputError, match=reason):
        make()
