"""The detector learns four pictures by heart, resumes exactly, and exports what torch gives."""

import json

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from configs.errors import InputError
from reid.models.pedestrian import PedestrianDetector
from reid.training.detection import augment, batches
from reid.training.detection.assignment import People
from reid.training.detection.augment import draw_sample
from reid.training.detection.engine import load_detector, train_detector
from reid.training.detection.export import (
    export_detector,
    shift_scores,
    write_detector,
)
from reid.training.detection.learner import learning_rate
from reid.training.detection.loss import detection_loss
from reid.training.detection.pictures import read_coco
from reid.training.detection.settings import DetectorTraining
from reid.training.detection.unfold import unfold_detector
from reid.training.unfold import spread_batch_norm
from tracker.detection.onnx import open_onnx_detector
from tracker.detection.outputs import decode_yolox, yolox_grid
from tracker.detection.settings import DetectionSettings
from tracker.types import Frame


@pytest.fixture(autouse=True)
def seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def figure(image, box, colour):
    """A person of sorts: a head over a body."""
    left, top, right, bottom = box
    neck = top + (bottom - top) // 5
    cv2.rectangle(image, (left, neck), (right - 1, bottom - 1), colour, -1)
    cv2.circle(image, ((left + right) // 2, (top + neck) // 2), (neck - top) // 2, colour, -1)


@pytest.fixture
def folder(tmp_path):
    """Four made pictures in COCO's form."""
    data = tmp_path / "data"
    (data / "images").mkdir(parents=True)
    rng = np.random.default_rng(1)
    images, annotations = [], []
    for index in range(4):
        picture = np.full((96, 128, 3), 60 + 30 * index, np.uint8)
        for left in (12 + 4 * index, 76):
            height = 40 + 6 * index
            box = (left, 20, left + height // 3, 20 + height)
            figure(picture, box, tuple(int(v) for v in rng.integers(150, 255, 3)))
            annotations.append(
                {
                    "image_id": index,
                    "category_id": 1,
                    "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]],
                }
            )
        cv2.imwrite(str(data / "images" / f"{index}.png"), picture)
        images.append({"id": index, "file_name": f"{index}.png"})
    content = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person"}],
    }
    (data / "annotations.json").write_text(json.dumps(content))
    return data


def as_batch(pictures):
    images = np.stack([cv2.imread(str(picture.path)) for picture in pictures])
    boxes = torch.tensor(np.stack([picture.boxes for picture in pictures])).float()
    real = torch.ones(boxes.shape[:2], dtype=torch.bool)
    return torch.from_numpy(images).permute(0, 3, 1, 2).float(), People(boxes, real, ~real)


def test_overfits_four_pictures(folder):
    images, people = as_batch(read_coco(folder))
    model = PedestrianDetector().train()
    cells = model.centres(96, 128)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        loss = detection_loss(model(images), *cells, people)
        optimiser.zero_grad()
        loss.total.backward()
        optimiser.step()
        losses.append(loss.total.item())
    assert losses[-1] < 0.25 * losses[0]
    predictions = model(images)
    best = predictions.logits.argsort(dim=1, descending=True)
    for row in range(4):
        boxes = predictions.boxes[row, best[row, :1]]
        overlaps = [iou(boxes[0].tolist(), person.tolist()) for person in people.boxes[row]]
        assert max(overlaps) > 0.7


def iou(a, b):
    width = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return width * height / union


def tiny(**changes):
    settings = {"steps": 4, "sides": (64,), "pixels": 8192, "save_every": 2, "warmup": 2}
    return DetectorTraining(**(settings | changes))


def test_resuming_gives_the_weights_of_not_stopping(folder, tmp_path, monkeypatch):
    pictures = read_coco(folder)
    whole = train_detector(pictures, tiny(), tmp_path / "whole")
    calls = iter(range(6))  # three steps of two pictures

    def draw_until_interrupted(*arguments):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return draw_sample(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(batches, "draw_sample", draw_until_interrupted)
        with pytest.raises(KeyboardInterrupt):
            train_detector(pictures, tiny(), tmp_path / "halves")
    resumed = train_detector(pictures, tiny(), tmp_path / "halves", resume=True)
    for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    lines = (tmp_path / "halves" / "losses.csv").read_text()
    assert lines == (tmp_path / "whole" / "losses.csv").read_text()
    loaded = load_detector(tmp_path / "halves" / "last.pt").state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in whole.state_dict().items())


def test_bfloat16_learns_nearly_the_same(folder, tmp_path):
    pictures = read_coco(folder)
    losses = []
    for name, bfloat16 in (("exact", False), ("short", True)):
        train_detector(pictures, tiny(bfloat16=bfloat16, steps=2), tmp_path / name)
        rows = (tmp_path / name / "losses.csv").read_text().splitlines()[1:]
        losses.append([[float(value) for value in row.split(",")[1:3]] for row in rows])
    exact, short = np.array(losses)
    np.testing.assert_allclose(short, exact, rtol=0.05)
    assert (short != exact).any()  # it was asked for


def test_each_step_has_one_size_and_as_many_canvases_as_cost_the_same(folder):
    settings = tiny(steps=12, sides=(64, 128), pixels=40_000)
    made = list(batches.batches(read_coco(folder), settings, 0))
    shapes = {tuple(batch.images.shape) for _, batch in made}
    assert shapes == {(10, 3, 64, 64), (2, 3, 128, 128)}
    assert [tuple(batch.clean.shape) for _, batch in made] == [
        (n, side, side, 3) for n, _, side, _ in (tuple(batch.images.shape) for _, batch in made)
    ]
    assert tiny(pixels=8192).canvases(448) == 2  # batch norm needs two


def test_pictures_are_spoilt_before_they_are_cut(folder, monkeypatch):
    pictures, sizes = read_coco(folder), []
    monkeypatch.setattr(augment, "spoil", lambda image, rng: sizes.append(image.shape) or image)
    for share in (0.0, 1.0):
        draw_sample(pictures, (64, 64), 0.0, share, np.random.default_rng(0))
    assert sizes == [(96, 128, 3)]  # once, at the picture's own size


def test_a_strange_checkpoint_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such checkpoint"):
        load_detector(tmp_path / "last.pt")
    torch.save({"step": 1, "average": {}}, tmp_path / "last.pt")
    with pytest.raises(InputError, match="not a checkpoint of this detector"):
        load_detector(tmp_path / "last.pt")
    with pytest.raises(InputError, match="no pictures"):
        train_detector([], tiny(), tmp_path)


def test_a_loss_that_is_not_finite_stops(folder, tmp_path):
    with pytest.raises(FloatingPointError, match="step"):
        train_detector(read_coco(folder), tiny(learning_rate=1e30, steps=9), tmp_path)


def test_learning_rate_rises_and_falls():
    settings = DetectorTraining(steps=100, warmup=10, learning_rate=1.0)
    rates = [learning_rate(step, settings) for step in range(100)]
    assert rates[0] == pytest.approx(0.05)
    assert max(rates) == rates[10] == 1.0
    assert rates[99] < 0.02


def random_detector():
    model = PedestrianDetector().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    for head in model.heads:
        torch.nn.init.normal_(head.box.weight, std=0.1)
        torch.nn.init.normal_(head.score.weight, std=0.5)
    return model


@pytest.mark.parametrize("block_size", [1, 8, 16])
def test_the_export_gives_what_torch_gives(block_size):
    model = random_detector()
    exported = write_detector(model, {}, block_size=block_size)
    session = onnxruntime.InferenceSession(exported.SerializeToString())
    for images in (torch.rand(1, 3, 96, 128) * 255, torch.rand(1, 3, 64, 32) * 255):
        (rows,) = session.run(None, {"images": images.numpy()})
        with torch.no_grad():
            boxes, logits = model(images)
        decoded, scores = decode_yolox(rows[0], yolox_grid(*images.shape[2:]))
        assert np.allclose(decoded, boxes[0].numpy(), atol=1e-2, rtol=1e-4)
        assert np.allclose(scores, logits[0].sigmoid().numpy(), atol=1e-5)


def test_scores_are_shifted_in_log_odds_and_boxes_stay():
    model = write_detector(random_detector(), {}, storage="float16")
    images = np.random.default_rng(0).random((1, 3, 64, 96), np.float32) * 255

    def run():
        session = onnxruntime.InferenceSession(model.SerializeToString())
        (rows,) = session.run(None, {"images": images})
        return rows

    before = run()
    shift_scores(model, 1.5)
    shift_scores(model, -0.5)
    after = run()
    onnx.checker.check_model(model)
    assert np.array_equal(after[..., :4], before[..., :4])
    odds = before[..., 4] / (1 - before[..., 4]) * np.e
    assert np.allclose(after[..., 4], odds / (1 + odds), atol=1e-5)
    del model.graph.node[:]
    with pytest.raises(InputError, match="only scores of a detector that this project"):
        shift_scores(model, 1.0)


@torch.no_grad()
def test_an_exported_detector_comes_back_with_its_shift(tmp_path):
    model, path = random_detector(), tmp_path / "detector.onnx"
    content = write_detector(model, {}, storage="float16")
    shift_scores(content, 0.7)
    onnx.save(content, path)
    images = torch.rand(4, 3, 96, 128) * 255
    boxes, logits = model(images)
    found = unfold_detector(path)
    assert torch.allclose(found(images).boxes, boxes, rtol=0.01, atol=1.0)
    assert torch.allclose(found(images).logits, logits + 0.7, rtol=0.02, atol=0.05)
    # With statistics of images it computes the same in training, too.
    spread_batch_norm(found, [images])
    before = found(images).logits
    learning = found.train()(images).logits
    assert torch.allclose(learning, before, atol=0.05)


def test_a_file_that_is_no_export_of_the_detector_is_refused(tmp_path):
    content, path = write_detector(random_detector(), {}), tmp_path / "detector.onnx"
    content.graph.initializer[3].data_type = 0
    path.write_bytes(content.SerializeToString())
    with pytest.raises(InputError, match=r"detector\.onnx: not an export .* can't be read"):
        unfold_detector(path)
    del content.graph.initializer[3]
    path.write_bytes(content.SerializeToString())
    with pytest.raises(InputError, match=r"detector\.onnx: not an export of this detector"):
        unfold_detector(path)


def test_training_goes_on_from_an_exported_detector(folder, tmp_path):
    pictures, path = read_coco(folder), tmp_path / "detector.onnx"
    settings = tiny(steps=1, learning_rate=1e-9, pixels=16384)
    before = random_detector()
    export_detector(before, path, {})
    after = train_detector(pictures, settings, tmp_path / "run", start=path)
    images, _ = as_batch(pictures)
    with torch.no_grad():
        assert torch.allclose(after(images).logits, before(images).logits, atol=0.5)


@pytest.mark.parametrize(
    ("picture", "pixels", "seen"),
    [
        ((192, 256), 96 * 128, (96, 128)),
        ((90, 160), 20_000, (96, 192)),
        ((320, 20), 1024, (128, 32)),
    ],
)
def test_the_projects_adapter_shows_a_picture_in_its_own_proportions(
    tmp_path, picture, pixels, seen
):
    model, path = random_detector(), tmp_path / "detector.onnx"
    export_detector(model, path, {"licence": "none"})
    settings = DetectionSettings(score=0.0, nms_iou=1.0, threads=1, pixels=pixels)
    detector = open_onnx_detector(path, settings)
    image = np.random.default_rng(0).integers(0, 255, (*picture, 3), np.uint8)
    (found,) = detector.detect([Frame("a", 0, 0.0, image)])
    scale = min(seen[0] / picture[0], seen[1] / picture[1])
    inner = round(picture[1] * scale), round(picture[0] * scale)
    canvas = np.full((*seen, 3), 114, np.uint8)
    canvas[: inner[1], : inner[0]] = cv2.resize(image, inner)
    with torch.no_grad():
        boxes, logits = model(torch.from_numpy(canvas).permute(2, 0, 1)[None].float())
    limits = [picture[1], picture[0]] * 2
    best = np.clip(boxes[0, logits.argmax()].numpy() / scale, 0, limits)
    assert found.boxes[0] == pytest.approx(best, abs=0.02)
    assert found.scores[0] == pytest.approx(logits.max().sigmoid().item(), abs=1e-4)


def test_size_and_parameters():
    model = PedestrianDetector()
    assert sum(parameter.numel() for parameter in model.parameters()) == 612_463
    with pytest.raises(ValueError, match="100x128 doesn't divide by 32"):
        model(torch.zeros(1, 3, 100, 128))
