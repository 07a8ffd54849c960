"""A data set by its name and root."""

from pathlib import Path
from typing import Literal, get_args

from pydantic import Field

from configs.settings import Settings
from reid.training.datasets.folders import read_folder
from reid.training.datasets.market import read_cuhk03, read_duke, read_market, read_rendered
from reid.training.datasets.msmt17 import read_msmt17
from reid.training.samples import ReidData

__all__ = ["DATASETS", "DatasetName", "Source", "read_source"]

DatasetName = Literal[
    "market1501",
    "dukemtmc",
    "msmt17",
    "cuhk03-detected",
    "cuhk03-labelled",
    "pku-reid",
    "folder",
    "rendered",
]
DATASETS: tuple[str, ...] = get_args(DatasetName)


class Source(Settings):
    """A data set to read."""

    name: DatasetName = "market1501"
    """Its protocol and layout."""
    root: Path = Path()
    """Its folder."""
    holdout: float = Field(0.0, ge=0, lt=1)
    """Share of identities kept for testing where a data set has no split of its own (pku-reid,
    folder, rendered). 0 trains on and tests with everybody."""


def read_source(source: Source) -> ReidData:
    """Read a data set's labels; images stay on disk.

    Raises InputError where the root lacks a folder or a file of the layout, or a name or line is
    malformed.
    """
    match source.name:
        case "market1501":
            return read_market(source.root)
        case "dukemtmc":
            return read_duke(source.root)
        case "msmt17":
            return read_msmt17(source.root)
        case "cuhk03-detected":
            return read_cuhk03(source.root, "detected")
        case "cuhk03-labelled":
            return read_cuhk03(source.root, "labeled")
        case "rendered":
            return read_rendered(source.root, source.holdout)
        case "pku-reid" | "folder":
            return read_folder(source.root, source.name, source.holdout)
