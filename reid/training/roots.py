"""Which folder belongs to which data set, from what a user typed."""

from collections.abc import Sequence
from pathlib import Path

from configs.errors import InputError
from reid.training.datasets import DATASETS, Source

__all__ = ["parse_source", "place_sources"]


def place_sources(sources: Sequence[Source], roots: Sequence[str]) -> tuple[Source, ...]:
    """The sources at the folders given as PATH, in their order, or as NAME=PATH.

    Plain paths go to the sources in turn. With names, the run trains on exactly the sets named; a
    set that `sources` has too keeps its other settings. Raises InputError for an unknown name,
    for both forms mixed, or for too many or too few paths.
    """
    named = [root for root in roots if _name(root)]
    if named and len(named) < len(roots):
        raise InputError("--data: give either PATHs or NAME=PATHs, not both")
    if named:
        known = {source.name: source for source in sources}
        given = [parse_source(root) for root in roots]
        return tuple(known.get(s.name, s).model_copy(update={"root": s.root}) for s in given)
    if len(roots) != len(sources):
        names = " ".join(f"{source.name}=PATH" for source in sources)
        raise InputError(
            f"--data: {len(roots)} paths for {len(sources)} data sets; expected --data {names}"
        )
    return tuple(
        source.model_copy(update={"root": Path(root)})
        for source, root in zip(sources, roots, strict=True)
    )


def parse_source(text: str) -> Source:
    """A source from NAME=PATH; InputError where the form or the name is wrong."""
    name = _name(text)
    if name is None:
        raise InputError(f"{text}: expected NAME=PATH with NAME one of {', '.join(DATASETS)}")
    return Source.model_validate({"name": name, "root": text.partition("=")[2]})


def _name(text: str) -> str | None:
    """What stands before the `=`, if it is a data set's name; None for a plain path."""
    name, equals, _ = text.partition("=")
    if not equals:
        return None
    if name not in DATASETS and ("/" in name or Path(text).exists()):
        return None  # a path with an = in it
    if name not in DATASETS:
        raise InputError(f"no data set is called {name!r}; expected one of {', '.join(DATASETS)}")
    return name
