"""IoU by hand, who answers for whom, and the loss at its edges."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reid.models.pedestrian import PedestrianDetector, Predictions
from reid.training.detection.assignment import People, assign, pairwise_giou, pairwise_iou
from reid.training.detection.augment import Sample, place, spoil
from reid.training.detection.loss import detection_loss, quality_focal_loss

CENTRES, STRIDES = PedestrianDetector().centres(64, 96)


def people(*boxes, ignored=()):
    rows = torch.tensor(boxes, dtype=torch.float32).reshape(1, -1, 4)
    flags = torch.zeros(rows.shape[:2], dtype=torch.bool)
    for row in ignored:
        flags[0, row] = True
    return People(rows, torch.ones_like(flags), flags)


def nobody():
    return People(torch.zeros(1, 1, 4), torch.zeros(1, 1) > 0, torch.zeros(1, 1) > 0)


def blank():
    """A prediction of one stride around each cell's middle, none sure."""
    half = STRIDES[:, None] / 2
    boxes = torch.cat([CENTRES - half, CENTRES + half], dim=1)[None]
    return boxes, torch.full((1, len(CENTRES)), -4.0)


@pytest.mark.parametrize(
    ("a", "b", "iou", "giou"),
    [
        ((0, 0, 0, 0), (0, 0, 0, 0), 0, 0),
        ((0, 0, 2, 2), (0, 0, 2, 2), 1, 1),
        ((0, 0, 2, 2), (1, 0, 3, 2), 1 / 3, 1 / 3),
        ((0, 0, 1, 1), (2, 0, 3, 1), 0, -1 / 3),
    ],
)
def test_overlaps_by_hand(a, b, iou, giou):
    first, second = torch.tensor(a).float(), torch.tensor(b).float()
    assert pairwise_iou(first, second).item() == pytest.approx(iou)
    assert pairwise_giou(first, second).item() == pytest.approx(giou)


def test_nobody_is_assigned_to_nobody():
    cells = assign(*blank(), CENTRES, STRIDES, nobody())
    assert not cells.is_positive.any()
    assert (cells.counts == 1).all()


@pytest.mark.parametrize(
    ("box", "stride"), [((20, 8, 36, 40), 8), ((10, 2, 40, 62), 8), ((2, 2, 3, 5), 8)]
)
def test_every_person_gets_cells_close_to_its_middle(box, stride):
    cells = assign(*blank(), CENTRES, STRIDES, people(box))
    assert 1 <= cells.is_positive.sum() <= 9
    middle = torch.tensor([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    distances = (CENTRES - middle).abs().amax(dim=1)
    chosen = cells.is_positive[0]
    reach = torch.tensor([max(box[2] - box[0], box[3] - box[1]) / 2.0]).maximum(1.5 * STRIDES)
    assert (distances[chosen] <= reach[chosen]).all()
    assert stride in STRIDES[chosen]


def test_a_cell_that_predicts_a_person_well_is_chosen():
    boxes, logits = blank()
    person = (16.0, 8.0, 40.0, 60.0)
    cell = 3 * 12 + 3  # whose middle is (28, 28)
    boxes[0, cell] = torch.tensor(person)
    logits[0, cell] = 3.0
    cells = assign(boxes, logits, CENTRES, STRIDES, people(person))
    assert cells.is_positive[0, cell]
    assert cells.quality[0, cell] == pytest.approx(1.0)
    # A neighbour whose box is worse (IoU 0.8) and as sure: 0.8^6 of the best one's.
    boxes[0, cell + 1] = torch.tensor([16.0, 8.0, 40.0, 49.6])
    logits[0, cell + 1] = 3.0
    cells = assign(boxes, logits, CENTRES, STRIDES, people(person))
    assert cells.quality[0, cell] == pytest.approx(1.0)
    assert cells.quality[0, cell + 1] == pytest.approx(0.8**6, abs=1e-5)


def test_ignored_people_are_neither_wanted_nor_wrong():
    cells = assign(*blank(), CENTRES, STRIDES, people((16, 8, 40, 60), ignored=[0]))
    assert not cells.is_positive.any()
    inside = ((torch.tensor([16, 8]) < CENTRES) & (torch.tensor([40, 60]) > CENTRES)).all(dim=1)
    assert torch.equal(cells.counts[0] == 0, inside)


def test_two_people_share_no_cell():
    pair = people((8, 8, 40, 60), (16, 8, 48, 60))
    cells = assign(*blank(), CENTRES, STRIDES, pair)
    for row in range(2):
        assert (cells.boxes[0][cells.is_positive[0]] == pair.boxes[0, row]).all(dim=1).any()


def test_the_loss_of_an_empty_picture_pushes_scores_down_only():
    boxes, logits = blank()
    boxes.requires_grad_()
    logits.requires_grad_()
    loss = detection_loss(Predictions(boxes, logits), CENTRES, STRIDES, nobody())
    loss.total.backward()
    assert loss.box == 0
    assert (logits.grad > 0).all()


@given(st.floats(-20, 20), st.floats(0, 1))
def test_quality_focal_loss_is_least_at_its_target(logit, quality):
    at_target = torch.logit(torch.tensor(quality).clamp(1e-6, 1 - 1e-6))
    target = torch.tensor(quality)
    assert (
        quality_focal_loss(torch.tensor(logit), target)
        >= quality_focal_loss(at_target, target) - 1e-6
    )


def painted(box):
    """A black picture with a white box."""
    image = np.zeros((60, 80, 3), np.uint8)
    image[box[1] : box[3], box[0] : box[2]] = 255
    return Sample(image, np.array([box], np.float64), np.zeros(1, bool))


@pytest.mark.parametrize("seed", range(12))
def test_boxes_move_with_the_picture(seed):
    sample = place(painted((20, 10, 50, 50)), (64, 96), np.random.default_rng(seed))
    assert sample.image.shape == (64, 96, 3)
    white = np.argwhere(sample.image[..., 0] > 200)
    for box in sample.boxes:
        seen = [*white.min(axis=0)[::-1], *(white.max(axis=0)[::-1] + 1)]
        assert np.allclose(box, seen, atol=2.0)


@pytest.mark.parametrize("side", [8, 60, 400])
def test_a_person_who_is_chosen_is_seen(side):
    image = np.zeros((max(2 * side, 60), 900, 3), np.uint8)
    sample = Sample(image, np.array([[700.0, 5, 700 + side / 3, 5 + side]]), np.zeros(1, bool))
    placed = [place(sample, (64, 96), np.random.default_rng(seed)) for seed in range(60)]
    # Three quarters are made for the person; a middle that is seen leaves a quarter or more.
    assert sum(len(p.boxes) for p in placed) >= 40
    assert all((p.boxes >= 0).all() and (p.boxes <= [96, 64, 96, 64]).all() for p in placed)


@pytest.mark.parametrize("seed", range(6))
def test_spoiling_keeps_size_and_repeats(seed):
    image = np.random.default_rng(1).integers(0, 255, (32, 48, 3), np.uint8)
    spoilt = spoil(image, np.random.default_rng(seed))
    assert spoilt.shape == image.shape
    assert spoilt.dtype == np.uint8
    assert np.array_equal(spoilt, spoil(image, np.random.default_rng(seed)))
