"""The benchmark of the models on two tiny sets whose figures are known by hand."""

import json
import runpy
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from configs.errors import InputError

TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "benchmark_models.py"))
Arguments, benchmark = TOOL["Arguments"], TOOL["benchmark"]

SEQUENCE = """[Sequence]
name=MOT17-99
imDir=img1
frameRate=30
seqLength=9
imWidth=128
imHeight=96
imExt=.png
"""
FOUND = (25, 17, 32, 64)  # left, top, width, height in the file's pixels, which count from 1


@pytest.fixture
def detector(tmp_path):
    """A network that sees one person at the same place of every picture of 128x96."""
    output = np.zeros((1, 84, 6), np.float32)  # 64 + 16 + 4 cells of a 64x64 YOLOX, decoded
    output[0, :, :4] = np.linspace(0, 64, 84)[:, None]
    output[0, 0] = [20, 24, 16, 32, 0.9, 1]
    graph = helper.make_graph(
        [helper.make_node("Constant", [], ["y"], value=numpy_helper.from_array(output))],
        "constant",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, output.shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, tmp_path / "detector.onnx")
    return tmp_path / "detector.onnx"


@pytest.fixture
def mot(tmp_path):
    """Two of nine pictures; rows are frame, box, mark, class, visibility."""

    def write(*rows):
        folder = tmp_path / "mot" / "MOT17-99"
        (folder / "img1").mkdir(parents=True)
        (folder / "gt").mkdir()
        (folder / "seqinfo.ini").write_text(SEQUENCE)
        for number in (1, 2):
            picture = np.zeros((96, 128, 3), np.uint8)
            cv2.imwrite(str(folder / "img1" / f"{number:06d}.png"), picture)
        lines = [
            ",".join(map(str, (frame, i, *box, mark, kind, visible)))
            for i, (frame, box, mark, kind, visible) in enumerate(rows, 1)
        ]
        (folder / "gt" / "gt.txt").write_text("\n".join(lines) + "\n")
        return tmp_path / "mot"

    return write


@pytest.fixture
def pku(tmp_path):
    """Two people of one colour each; the second camera sees everything redder."""
    for person, colour in enumerate(((200, 40, 40), (40, 200, 40))):
        for camera in (1, 2):
            picture = np.full((64, 32, 3), colour, np.uint8)
            picture[..., 2] += 40 * (camera - 1)
            path = tmp_path / "pku" / f"{person}" / f"{camera}_1.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), picture)
    return tmp_path / "pku"


def run(tmp_path, **options):
    benchmark(Arguments(json=tmp_path / "figures.json", **options))
    return json.loads((tmp_path / "figures.json").read_text())


@pytest.mark.parametrize(
    ("rows", "every", "tall"),
    [
        ([(1, FOUND, 1, 1, 1.0), (2, FOUND, 1, 1, 0.3)], 100, 100),
        # The second picture's box is wrong, and comes after the first picture's right one.
        ([(1, FOUND, 1, 1, 1.0), (2, (90, 1, 30, 70), 1, 1, 1.0)], 50, 50),
        # Somebody low is missed where everybody counts.
        ([(1, FOUND, 1, 1, 1.0), (2, FOUND, 1, 1, 1.0), (2, (99, 1, 9, 59), 1, 1, 1)], 66.67, 100),
        # Hardly visible, a rider, not to be scored: nobody has to find them, anybody may.
        ([(1, FOUND, 1, 1, 1.0), (2, FOUND, 1, 1, 0.2)], 100, 100),
        ([(1, FOUND, 1, 1, 1.0), (2, FOUND, 1, 2, 1.0)], 100, 100),
        ([(1, FOUND, 1, 1, 1.0), (2, FOUND, 0, 1, 1.0)], 100, 100),
    ],
)
def test_who_counts_as_found(tmp_path, detector, mot, rows, every, tall):
    figures = run(tmp_path, mot17=mot(*rows), detector=detector)["detector"]
    assert (figures["AP50"], figures["AP50_60px"]) == pytest.approx((every, tall))
    assert figures["ms"] > 0


def test_reid_and_its_peer_are_ranked_on_the_same_pictures(tmp_path, pku, capsys):
    figures = run(tmp_path, pku=pku, reid="histogram", peer_reid="histogram")
    assert list(figures) == ["reid", "peer_reid"]
    ours, peer = (dict(figures[name]) for name in figures)
    assert ours.pop("ms") > 0
    assert peer.pop("ms") > 0
    assert ours == peer
    assert ours == {"rank1": 100, "mAP": 100, "rank1_centred": 100, "mAP_centred": 100}
    assert "PKU-ReID" in capsys.readouterr().out


def test_what_is_missing_is_said(tmp_path, pku, mot):
    with pytest.raises(InputError, match="nothing to measure"):
        benchmark(Arguments())
    with pytest.raises(InputError, match="expected <identity>"):
        benchmark(Arguments(pku=tmp_path / "nowhere", reid="histogram"))
    root = mot((1, FOUND, 1, 1, 1.0))
    for path in root.glob("*/img1/*.png"):
        path.unlink()
    with pytest.raises(InputError, match="no pictures in its sequences"):
        benchmark(Arguments(mot17=root))
