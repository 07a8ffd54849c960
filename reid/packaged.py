"""Networks that ship inside a package: `weights/NAME.onnx`, each with its card `NAME.md`."""

from importlib import resources
from pathlib import Path

__all__ = ["packaged_models"]


def packaged_models(package: str) -> dict[str, Path]:
    """The ONNX files in the folder `weights` of an installed package, by name; maybe none."""
    # A wheel is always unpacked when it is installed, so the resource is a file.
    folder = Path(str(resources.files(package))) / "weights"
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))}
