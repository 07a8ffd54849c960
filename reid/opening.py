"""From what the user typed to an embedder."""

from pathlib import Path

from configs.errors import InputError
from reid.embedder import OnnxEmbedder
from reid.histogram import HistogramEmbedder

__all__ = ["PACKAGED", "open_embedder"]

WEIGHTS = Path(__file__).parent / "weights"
PACKAGED = tuple(sorted(path.stem for path in WEIGHTS.glob("*.onnx")))


def open_embedder(source: str, *, threads: int = 0) -> OnnxEmbedder | HistogramEmbedder | None:
    """An embedder by name or by the path of an ONNX file; None for "none": no appearance at all.

    source: "histogram", "none", a network that ships with the package (`PACKAGED`), or a path
    ending in .onnx. Raises InputError for anything else.
    """
    if source == "none":
        return None
    if source == "histogram":
        return HistogramEmbedder()
    if source in PACKAGED:
        return OnnxEmbedder(WEIGHTS / f"{source}.onnx", threads=threads)
    if source.lower().endswith(".onnx"):
        return OnnxEmbedder(Path(source), threads=threads)
    names = ", ".join(("histogram", "none", *PACKAGED))
    raise InputError(f"no ReID model {source!r}; expected an .onnx file or one of {names}")
