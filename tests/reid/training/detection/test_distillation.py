"""What is learnt from a teacher: a made YOLOX read by hand, and losses at their edges."""

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from configs.errors import InputError
from reid.models.pedestrian import PedestrianDetector, Predictions
from reid.training.detection.distillation import Translation, feature_loss, lesson_loss
from reid.training.detection.engine import train_detector
from reid.training.detection.pictures import Picture
from reid.training.detection.settings import DetectorTraining
from reid.training.detection.teacher import Lesson, Teacher

STRIDES = (8, 16, 32)
SIDES = (0.5, 0.25, 0.0, float(np.log(2)))  # of every cell, in strides: middle, log of the size


def write_yolox(path, classes=80):
    """A YOLOX whose features are the means of red over its cells, and whose sides are fixed.

    Its backbone tells the means of red too, in one channel.

    Person's logit: a tenth of the feature, less 10; objectness' logit: 0.
    """
    nodes, weights, flat = [], [], []

    def conv(x, y, filters, bias, stride=1):
        for kind, value in (("w", filters), ("b", bias)):
            weights.append(numpy_helper.from_array(np.asarray(value, np.float32), y + kind))
        attributes = {"kernel_shape": [stride] * 2, "strides": [stride] * 2}
        nodes.append(helper.make_node("Conv", [x, y + "w", y + "b"], [y], **attributes))

    for stride in STRIDES:
        mean = np.zeros((2, 3, stride, stride))
        mean[:, 2] = 1 / stride**2
        what, where, name = f"what{stride}", f"where{stride}", f"at{stride}"
        conv("images", f"stage{stride}", mean[:1], [0], stride)
        conv("images", what, mean, [0, 0], stride)
        conv("images", where, mean, [0, 0], stride)
        person = np.zeros((classes, 2, 1, 1))
        person[0] = 0.05
        conv(what, "classes" + name, person, [-10] * classes)
        conv(where, "sides" + name, np.zeros((4, 2, 1, 1)), SIDES)
        conv(where, "thing" + name, np.zeros((1, 2, 1, 1)), [0])
        parts = [kind + name for kind in ("sides", "thing", "classes")]
        nodes.append(helper.make_node("Concat", parts, [name], axis=1))
        nodes.append(helper.make_node("Flatten", [name], [f"flat{stride}"], axis=2))
        flat.append(f"flat{stride}")
    scales = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")
    weights.append(scales)
    for coarse, stride, mixed in (("stage32", 16, "mixed16"), ("mixed16", 8, "mixed8")):
        nodes.append(helper.make_node("Resize", [coarse, "", "scales"], ["up" + mixed]))
        parts = ["up" + mixed, f"stage{stride}"]
        nodes.append(helper.make_node("Concat", parts, [mixed], axis=1))
    nodes.append(helper.make_node("Concat", flat, ["output"], axis=2))
    graph = helper.make_graph(
        nodes,
        "yolox",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, 416, 416))],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)
    return path


def test_a_teacher_tells_boxes_scores_and_features_of_any_size(tmp_path):
    images = np.zeros((2, 64, 96, 3), np.uint8)
    images[1, 8:16, 16:24, 2] = 200  # the cell (2, 1) of stride 8
    lesson = Teacher(write_yolox(tmp_path / "teacher.onnx"))(images)
    assert lesson.boxes.shape == (2, 96 + 24 + 6, 4)
    cell = 12 + 2
    assert lesson.boxes[1, cell].tolist() == pytest.approx([16, 2, 24, 18])
    assert lesson.boxes[0, 96 + 24 + 4].tolist() == pytest.approx([32, 8, 64, 72])
    assert lesson.scores[1, cell] == pytest.approx(0.5 / (1 + np.exp(-10)), abs=1e-4)
    assert lesson.scores[0].max() == pytest.approx(0.5 / (1 + np.exp(10)), abs=1e-6)
    stage, what, where = lesson.features[1]
    assert what.shape == where.shape == (2, 2, 4, 6)
    assert stage.shape == (2, 1, 4, 6)
    assert what[1, 0, 0, 1] == stage[1, 0, 0, 1] == pytest.approx(50)
    assert lesson.features[0][0].shape == (2, 1, 8, 12)
    assert lesson.features[2][0].shape == (2, 1, 2, 3)


def test_what_is_no_yolox_is_refused(tmp_path):
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(InputError, match="not an ONNX file"):
        Teacher(tmp_path / "text.onnx")
    with pytest.raises(InputError, match="not a YOLOX"):
        Teacher(write_yolox(tmp_path / "other.onnx", classes=3))


def lesson(score):
    """A level of four cells, of which the first has a person of that score."""
    boxes = torch.tensor([[[0.0, 0, 8, 8], [8, 0, 16, 8], [0, 8, 8, 16], [8, 8, 16, 16]]])
    maps = torch.arange(8.0).reshape(1, 2, 2, 2)
    return Lesson(boxes, torch.tensor([[score, 0.0, 0.0, 0.0]]), [(maps, maps, maps)])


def standardised(maps):
    mean, std = maps.mean(dim=(0, 2, 3), keepdim=True), maps.std(dim=(0, 2, 3), keepdim=True)
    return (maps - mean) / std


def test_who_repeats_the_lesson_has_nothing_left_to_learn():
    taught = lesson(0.8)
    said = [tuple(standardised(part) for part in taught.features[0])]
    logits = torch.logit(taught.scores.clamp(1e-6))
    loss = lesson_loss(Predictions(taught.boxes, logits), said, taught)
    assert loss.seen == pytest.approx(0.0, abs=1e-4)
    assert loss.features == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("score", "counts"), [(0.8, True), (0.05, False)])
def test_only_boxes_that_the_teacher_believes_in_are_learnt(score, counts):
    taught = lesson(score)
    boxes = (taught.boxes + 2).requires_grad_()
    said = [tuple(standardised(part) for part in taught.features[0])]
    lesson_loss(Predictions(boxes, torch.zeros(1, 4)), said, taught).seen.backward()
    assert (boxes.grad[0, 0] != 0).any() == counts
    assert not boxes.grad[0, 1:].any()


def test_features_of_people_weigh_more():
    meant = standardised(torch.arange(4.0).reshape(1, 1, 2, 2))
    said = meant.clone()
    said[0, 0, 0, 0] += 2  # where the person stands, or where nobody does
    at_person = feature_loss(said, meant, torch.tensor([[1.0, 0, 0, 0]]))
    elsewhere = feature_loss(said, meant, torch.tensor([[0, 0, 0, 1.0]]))
    assert at_person.item() == pytest.approx(4 * 1.1 / 1.4, rel=1e-5)
    assert elsewhere.item() == pytest.approx(4 * 0.1 / 1.4, rel=1e-5)


@pytest.fixture
def pictures(tmp_path):
    """Two of a bright box on noise."""
    rng, found = np.random.default_rng(0), []
    for index in range(2):
        image = rng.integers(0, 90, (96, 128, 3), np.uint8)
        image[20:80, 40:60] = 230
        path = tmp_path / f"{index}.png"
        cv2.imwrite(str(path), image)
        found.append(Picture(path, np.array([[40.0, 20, 60, 80]]), np.zeros(1, bool)))
    return found


def test_training_with_a_teacher_repeats_and_differs_from_training_alone(tmp_path, pictures):
    teacher = Teacher(write_yolox(tmp_path / "teacher.onnx"))
    settings = {"sides": (64,), "pixels": 8192, "save_every": 2}
    whole = DetectorTraining(steps=4, **settings)
    trained = [
        train_detector(pictures, whole, tmp_path / name, teacher=teacher).state_dict()
        for name in ("a", "b")
    ]
    assert all(torch.equal(trained[0][name], trained[1][name]) for name in trained[0])
    alone = train_detector(pictures, whole, tmp_path / "alone").state_dict()
    assert not all(torch.equal(trained[0][name], value) for name, value in alone.items())
    with pytest.raises(InputError, match="not a checkpoint"):  # a start without a teacher
        train_detector(pictures, whole, tmp_path / "alone", teacher=teacher, resume=True)
    last = (tmp_path / "a" / "losses.csv").read_text().splitlines()[-1].split(",")
    assert all(float(part) > 0 for part in last[1:])


def test_translation_has_a_map_for_each_of_the_teachers():
    model = PedestrianDetector().eval()
    maps = model.stage_maps(torch.zeros(1, 3, 64, 64))
    said = Translation(((5, 6, 7),) * 3)(maps, model.branches(maps))
    for level, side in zip(said, (8, 4, 2), strict=True):
        assert [x.shape for x in level] == [(1, width, side, side) for width in (5, 6, 7)]


def test_training_starts_with_anothers_weights(tmp_path, pictures):
    tiny = DetectorTraining(steps=1, sides=(64,), pixels=8192, learning_rate=1e-9)
    first = train_detector(pictures, tiny, tmp_path / "first").state_dict()
    other = tiny.model_copy(update={"seed": 1})
    second = train_detector(pictures, other, tmp_path / "b", start=tmp_path / "first" / "last.pt")
    scratch = train_detector(pictures, other, tmp_path / "c").state_dict()
    weight = "neck.lateral.0.conv.weight"
    assert torch.allclose(second.state_dict()[weight], first[weight], atol=1e-6)
    assert not torch.allclose(scratch[weight], first[weight], atol=1e-3)
