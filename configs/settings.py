"""Typed settings: defaults live in the models, YAML files only override them."""

import difflib
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from configs.errors import InputError

__all__ = ["Settings", "checked", "mapping_of", "read_settings", "write_settings"]

S = TypeVar("S", bound="Settings")


class Settings(BaseModel):
    """Base of every group of settings: frozen, and a key that nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def read_settings(model: type[S], source: str | Path, *, base: S | None = None) -> S:
    """Read a preset by name or a YAML file by path, over `base` (default: the model's defaults).

    `source` is a path if it ends in .yaml or .yml, else the name of a preset in the package's
    folder `configs/`, such as market1501 or ablation/g. The file holds a mapping of settings that
    differ, nested as the model is.

    Raises InputError: no such file or preset, not YAML, an unknown key (the near ones are named),
    a value of the wrong kind or out of its range.
    """
    path = Path(source)
    if path.suffix in {".yaml", ".yml"}:
        if not path.is_file():
            raise InputError(f"{path}: no such settings file")
        text = path.read_text(encoding="utf-8", errors="replace")
    else:
        presets = resources.files("configs")
        entry = presets / f"{source}.yaml"
        if not re.fullmatch(r"(\w+/)?[\w-]+", str(source)) or not entry.is_file():
            names = sorted(p.name[:-5] for p in presets.iterdir() if p.name.endswith(".yaml"))
            raise InputError(
                f"no preset is called {str(source)!r}; expected a .yaml file or one of "
                + ", ".join(names)
            )
        text = entry.read_text(encoding="utf-8")
    overrides = mapping_of(text, source)
    return checked(model, _merge((base or model()).model_dump(), overrides), source)


def mapping_of(text: str, source: str | Path) -> dict[str, object]:
    """The settings in a YAML text, not checked yet; none in an empty one. source: for messages.

    Raises InputError: not YAML, or not a mapping.
    """
    try:
        overrides = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"{source}: not valid YAML: {' '.join(str(error).split())}") from None
    if overrides is None:
        return {}
    if not isinstance(overrides, dict):
        raise InputError(
            f"{source}: expected a mapping of settings, found {type(overrides).__name__}"
        )
    return overrides


def checked(model: type[S], values: Mapping[str, object], source: str | Path) -> S:
    """The model with these values. Raises InputError that names the source and the first setting
    which is unknown, or of the wrong kind, or out of its range."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{source}: {_explain(model, error)}") from None


def write_settings(settings: Settings, path: Path) -> None:
    """Write settings with every default resolved, so that a run can be repeated from the file."""
    text = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
    path.write_text(text, encoding="utf-8")


def _merge(defaults: dict[str, object], overrides: dict[str, object]) -> dict[str, object]:
    merged = dict(defaults)
    for key, value in overrides.items():
        old = merged.get(key)
        merged[key] = (
            _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return merged


def _explain(model: type[BaseModel], error: ValidationError) -> str:
    """The first thing wrong, as one line: `unknown setting association.min_iuo; expected ...`."""
    first = error.errors()[0]
    location = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return f"setting {location}: {first['msg'].lower()} (found {first['input']!r})"
    known = _names_at(model, first["loc"][:-1])
    near = difflib.get_close_matches(str(first["loc"][-1]), known, n=3, cutoff=0.5) or known
    return f"unknown setting {location}; expected one of {', '.join(sorted(near))}"


def _names_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The settings' names inside the group at `location`."""
    for part in location:
        field = model.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type):
            break
        if issubclass(field.annotation, BaseModel):
            model = field.annotation
    return list(model.model_fields)
