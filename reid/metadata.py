"""What a network's file says about itself."""

import json
from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from configs import Settings
from configs.errors import InputError

__all__ = ["settings_from_metadata"]

S = TypeVar("S", bound=Settings)


def settings_from_metadata(model: type[S], key: str, metadata: Mapping[str, str]) -> S | None:
    """A group of settings that an ONNX file's metadata hold under `key` as JSON.

    None where the entry is missing. Raises InputError where it is there but can't be read.
    """
    text = metadata.get(key)
    if text is None:
        return None
    try:
        return model.model_validate(json.loads(text))
    except (ValueError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise InputError(f"the model's metadata {key!r} is malformed: {first}") from None
