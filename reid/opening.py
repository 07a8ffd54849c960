"""From what the user typed to an embedder."""

from pathlib import Path

from configs.errors import InputError
from reid.embedder import OnnxEmbedder
from reid.histogram import HistogramEmbedder
from reid.packaged import packaged_models

__all__ = ["default_embedder", "open_embedder"]

PREFERRED = "robust-reid"


def default_embedder() -> str:
    """Who tells people apart where nobody is named: the packaged Robust-ReID, if it ships."""
    return PREFERRED if PREFERRED in packaged_models("reid") else "histogram"


def open_embedder(source: str, *, threads: int = 0) -> OnnxEmbedder | HistogramEmbedder | None:
    """An embedder by name or by the path of an ONNX file; None for "none": no appearance at all.

    source: "histogram", "none", a network that ships with the package, or a path ending in .onnx.
    Raises InputError for anything else.
    """
    if source == "none":
        return None
    if source == "histogram":
        return HistogramEmbedder()
    packaged = packaged_models("reid")
    if source in packaged:
        return OnnxEmbedder(packaged[source], threads=threads)
    if source.lower().endswith(".onnx"):
        return OnnxEmbedder(Path(source), threads=threads)
    names = ", ".join(("histogram", "none", *packaged))
    raise InputError(f"no ReID model {source!r}; expected an .onnx file or one of {names}")
