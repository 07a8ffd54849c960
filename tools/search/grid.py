"""Settings to try: every combination of some values, and the best of them by the scores."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from scenes import Scene

from configs.errors import InputError
from configs.settings import Settings, checked, mapping_of
from tracker.evaluation.scores import Scores, combine

__all__ = ["best_point", "changed", "read_grid"]

S = TypeVar("S", bound=Settings)
Point = Mapping[str, object]
"""Values by the settings' names, such as `joining.max_gap`."""

GOALS = ("HOTA", "MOTA", "IDF1")


def read_grid(path: Path) -> list[Point]:
    """All combinations of a YAML file {setting: [values]}, the last setting changing fastest.

    Raises InputError: no such file, not such a mapping.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file of options")
    options = mapping_of(path.read_text(encoding="utf-8", errors="replace"), path)
    values: list[list[object]] = []
    for name, choices in options.items():
        if not isinstance(choices, list) or not choices:
            raise InputError(f"{path}: expected a list of values for {name}, found {choices!r}")
        values.append(choices)
    return [dict(zip(options, point, strict=True)) for point in itertools.product(*values)]


def changed(settings: S, point: Point) -> S:
    """The settings with the point's values in place.

    A value that is a mapping changes what it names and leaves the rest of its group. A number in
    a name counts from 0 in a list: `stages.1.buffer`. Raises InputError: an unknown setting, a
    value out of its range.
    """
    values: object = settings.model_dump()
    for name, value in point.items():
        values = _placed(values, name.split("."), value, name)
    if not isinstance(values, dict):
        raise InputError(f"{', '.join(point)}: no settings")
    return checked(type(settings), values, "the options")


def _placed(data: object, path: Sequence[str], value: object, name: str) -> object:
    """A copy of nested data with a value at a path. name: the whole path, for the message."""
    if not path:
        return data | value if isinstance(data, dict) and isinstance(value, dict) else value
    first, *rest = path
    if isinstance(data, dict | None):
        group = data or {}
        return {**group, first: _placed(group.get(first), rest, value, name)}
    if isinstance(data, list | tuple) and first.isdigit() and int(first) < len(data):
        items = list(data)
        items[int(first)] = _placed(items[int(first)], rest, value, name)
        return items
    raise InputError(f"the options: no setting {name}")


def best_point(scores: Sequence[Mapping[str, Scores]], scenes: Sequence[Scene]) -> int:
    """The place of the point with the largest mean of HOTA, MOTA and IDF1 over these scenes.

    scores: of each point, every scene's scores by its name. Scenes with one source of detections
    are scored together, and all sources count the same. The first of several that are best.
    """
    sources = sorted({scene.source for scene in scenes})
    totals = []
    for at_point in scores:
        tables = [
            combine(at_point[s.name] for s in scenes if s.source == source).table()
            for source in sources
        ]
        totals.append(sum(table[goal] for table in tables for goal in GOALS))
    return int(np.argmax(totals))
