"""What networks put out, decoded by hand."""

import numpy as np
import pytest

from tracker.detection.outputs import decode_detr, decode_yolox, yolox_grid


def test_grid_of_a_yolox_head():
    corners, strides = yolox_grid(32, 64)
    assert len(corners) == 4 * 8 + 2 * 4 + 1 * 2
    assert corners[:2].tolist() == [[0, 0], [1, 0]]  # x runs first
    assert corners[8].tolist() == [0, 1]
    assert strides[[0, 32, 40]].ravel().tolist() == [8, 16, 32]


@pytest.mark.parametrize("classes", [1, 80])
def test_yolox_by_hand(classes):
    output = np.zeros((2, 5 + classes))
    output[0] = 0.25  # an offset of a quarter cell
    output[0, 2:4] = np.log([2, 4])  # sizes in strides
    output[0, 4:6] = [0.5, 0.8]
    grid = np.array([[3.0, 1.0], [0.0, 0.0]]), np.array([[8.0], [8.0]])
    boxes, scores = decode_yolox(output, grid)
    assert boxes[0] == pytest.approx([26 - 8, 10 - 16, 26 + 8, 10 + 16])
    assert scores == pytest.approx([0.4, 0.0])


def test_decoded_yolox_keeps_its_pixels():
    output = np.array([[100.0, 50.0, 20.0, 40.0, 1.0, 0.9]])
    boxes, scores = decode_yolox(output, None)
    assert boxes.tolist() == [[90.0, 30.0, 110.0, 70.0]]
    assert scores.tolist() == [0.9]


@pytest.mark.parametrize(("classes", "person"), [(1, 0), (80, 0), (91, 1)])
def test_detr_by_hand(classes, person):
    logits = np.full((1, classes), -9.0)
    logits[0, person] = 0.0
    boxes, scores = decode_detr(logits, np.array([[0.5, 0.5, 0.2, 0.4]]))
    assert boxes[0] == pytest.approx([0.4, 0.3, 0.6, 0.7])
    assert scores == pytest.approx([0.5])


def test_nobody():
    boxes, scores = decode_yolox(np.zeros((0, 85)), (np.zeros((0, 2)), np.zeros((0, 1))))
    assert (boxes.shape, scores.shape) == ((0, 4), (0,))
    boxes, scores = decode_detr(np.zeros((0, 80)), np.zeros((0, 4)))
    assert (boxes.shape, scores.shape) == ((0, 4), (0,))
