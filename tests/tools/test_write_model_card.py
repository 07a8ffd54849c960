"""A card repeats what the records say, and nothing without a record."""

import json
import runpy
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from configs.errors import InputError
from reid.images import Preprocessing

TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "write_model_card.py"))
Arguments, write_card = TOOL["Arguments"], TOOL["write_card"]


@pytest.fixture
def records(tmp_path):
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)],
        "averager",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 128, 48])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    known = {"model": "averager", "training_data": "nobody", "licence": "Apache-2.0"}
    known |= {"preprocessing": "{}", "cosine_prior": '{"same_mean": 0.7}'}
    helper.set_model_props(model, known)
    onnx.save(model, tmp_path / "mean.onnx")
    settings = f"sources:\n- root: {tmp_path / 'people'}\n- root: /home/me/gone\nseed: 17\n"
    (tmp_path / "settings.yaml").write_text(settings)
    (tmp_path / "people").mkdir()
    drawn = {"identities": 7, "backgrounds": "/home/me/street.mp4"}
    (tmp_path / "people" / "settings.json").write_text(json.dumps(drawn))
    (tmp_path / "curves.csv").write_text("epoch,loss,seconds,mAP\n1,9.5,1800,\n2,8.25,3600,41.5\n")
    figures = {"reid": {"rank1": 61.25, "mAP": 44.0}, "peer_reid": {"rank1": 70.8, "mAP": 57.1}}
    (tmp_path / "figures.json").write_text(json.dumps(figures))
    return Arguments(tmp_path / "mean.onnx", (tmp_path,), tmp_path / "figures.json", "OSNet")


def test_the_card_says_what_the_records_say(records):
    card = write_card(records)
    assert card.name == "mean.md"
    text = card.read_text()
    sections = ("Data", "Recipe", "Metrics", "Known weaknesses", "Intended use", "Licence")
    assert all(f"\n## {section}\n" in text for section in sections)
    assert "averager, input 128 x 48, " in text
    assert "| PKU-ReID, both ways: rank-1, % | 61.2 | 70.8 |" in text
    assert "Trained for 1.50 hours." in text
    assert "seed: 17" in text
    assert '| cosine_prior | {"same_mean": 0.7} |' in text
    assert "| mAP | 41.5 |" in text
    assert "| what | this network | OSNet, same run |" in text
    assert '`{"identities": 7, "backgrounds": "street.mp4"}`' in text
    assert "/home/me" not in text


def test_mirror_images_are_told_of(records):
    model = onnx.load(records.model)
    helper.set_model_props(model, Preprocessing(mirrored=True).to_metadata())
    onnx.save(model, records.model)
    text = write_card(records).read_text()
    assert "128 x 48 of the crop and of its mirror image, whose embeddings are averaged, " in text


def test_a_network_trained_in_two_runs_tells_of_both(records, tmp_path):
    second = tmp_path / "second"
    second.mkdir()
    (second / "settings.yaml").write_text("seed: 18\n")
    (second / "curves.csv").write_text("epoch,loss,seconds\n1,7.5,900\n")
    both = Arguments(records.model, (*records.run, second), records.benchmark)
    text = write_card(both).read_text()
    assert text.index("seed: 17") < text.index("seed: 18")
    assert "Trained for 0.25 hours." in text


def test_what_came_before_is_told_from_its_card(records, tmp_path):
    first = write_card(records).rename(tmp_path / "first.md")
    (tmp_path / "settings.yaml").write_text("seed: 18\n")
    text = write_card(replace(records, began_with=first)).read_text()
    assert "\n## Data\n\nnobody; then nobody\n" in text
    assert text.index("seed: 17") < text.index("seed: 18")
    assert text.count("\n## Metrics\n") == 1
    first.write_text("# something else\n")
    with pytest.raises(InputError, match="no card of a network"):
        write_card(replace(records, began_with=first))


def test_photographs_are_named_with_author_and_licence(records, tmp_path):
    (tmp_path / "pictures.tsv").write_text("file\tauthor\tlicence\na.jpg\tAnn | Ben\tCC0-1.0\n")
    text = write_card(replace(records, pictures=tmp_path / "pictures.tsv")).read_text()
    assert "nobody\n\nIts 1 photographs:\n\n| file | author | licence |" in text
    assert "| a.jpg | Ann / Ben | CC0-1.0 |" in text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("figures.json", '{"detector": {}}', "no figures of a reid"),
        ("curves.csv", "epoch,loss\n", "no epoch in it"),
        ("settings.yaml", None, "settings.yaml: no such file"),
        ("mean.onnx", None, "mean.onnx: no such file"),
    ],
)
def test_without_a_record_there_is_no_card(records, name, content, message):
    path = records.run[0] / name
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(InputError, match=message):
        write_card(records)
    assert not records.model.with_suffix(".md").exists()
