"""Networks inside a package: found by name, described by a card, small enough to ship."""

import onnx
import pytest

from configs.errors import InputError
from reid import opening
from reid.embedder import OnnxEmbedder
from reid.packaged import packaged_models
from tracker.detection import DetectionSettings, open_detector

LARGEST = {"reid": 8e6, "tracker.detection": 5e6}  # bytes
SHIPPED = [
    (package, name, path) for package in LARGEST for name, path in packaged_models(package).items()
]


def test_a_packages_weights_are_found_by_name(tmp_path, monkeypatch):
    (tmp_path / "some_package" / "weights").mkdir(parents=True)
    (tmp_path / "some_package" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert packaged_models("some_package") == {}
    for name in ("b.onnx", "a.onnx", "a.md"):
        (tmp_path / "some_package" / "weights" / name).touch()
    folder = tmp_path / "some_package" / "weights"
    assert packaged_models("some_package") == {"a": folder / "a.onnx", "b": folder / "b.onnx"}


def test_the_packaged_network_is_the_default_as_soon_as_it_ships(monkeypatch, tmp_path):
    monkeypatch.setattr(opening, "packaged_models", lambda package: {})
    assert opening.default_embedder() == "histogram"
    there = {"robust-reid": tmp_path / "robust-reid.onnx"}
    monkeypatch.setattr(opening, "packaged_models", lambda package: there)
    assert opening.default_embedder() == "robust-reid"
    with pytest.raises(InputError, match=r"robust-reid\.onnx: no such file"):
        opening.open_embedder("robust-reid")  # so that is what the name stands for
    with pytest.raises(InputError, match="one of histogram, none, robust-reid"):
        opening.open_embedder("robust")


@pytest.mark.parametrize(("package", "name", "path"), SHIPPED)
def test_what_ships_runs_is_small_and_says_what_it_is(package, name, path):
    assert path.stat().st_size <= LARGEST[package]
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    for section in ("Data", "Recipe", "Metrics", "Known weaknesses", "Intended use", "Licence"):
        assert f"\n## {section}\n" in card
    stored = {entry.key for entry in onnx.load(path).metadata_props}
    assert {"model", "training_data", "licence"} <= stored
    if package == "reid":
        assert {"preprocessing", "cosine_prior"} <= stored
        assert isinstance(opening.open_embedder(name, threads=1), OnnxEmbedder)
    else:
        assert "best_f1_score" in stored
        open_detector(name, ["camera"], DetectionSettings(threads=1))
