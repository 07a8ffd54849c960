"""Annotated pictures in COCO's form."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import InputError

__all__ = ["Picture", "read_coco"]

_MAX_BYTES = 1 << 30  # of one annotation file


@dataclass(frozen=True)
class Picture:
    """A picture's file and its people: boxes (M, 4) xyxy pixels; ignored (M,) doesn't count."""

    path: Path
    boxes: NDArray[np.float64]
    ignored: NDArray[np.bool_]


def read_coco(folder: Path) -> list[Picture]:
    """The pictures of `folder/annotations.json`, which lie in `folder/images/` or beside it.

    Boxes marked `ignore` or `iscrowd` are ignored. Category 1, or the one called "person",
    counts. Raises InputError: no such file, not COCO's form, a box that is no box.
    """
    file = folder / "annotations.json"
    if not file.is_file():
        raise InputError(f"{folder}: expected annotations.json (COCO's form) and images/ in it")
    if file.stat().st_size > _MAX_BYTES:
        raise InputError(f"{file}: larger than {_MAX_BYTES} bytes")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        person = next((c["id"] for c in content["categories"] if c["name"] == "person"), 1)
        root = folder / "images" if (folder / "images").is_dir() else folder
        found: dict[int, list[dict[str, Any]]] = {entry["id"]: [] for entry in content["images"]}
        for annotation in content["annotations"]:
            if annotation["category_id"] == person:
                found[annotation["image_id"]].append(annotation)
        return [
            _picture(root / Path(entry["file_name"]).name, found[entry["id"]])
            for entry in content["images"]
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{file}: not COCO's form ({type(error).__name__}: {error})") from None


def _picture(path: Path, annotations: list[dict[str, Any]]) -> Picture:
    boxes = np.array([a["bbox"] for a in annotations], np.float64).reshape(-1, 4)
    if not np.isfinite(boxes).all() or (boxes[:, 2:] < 0).any():
        raise ValueError(f"a box of {path.name} is no box")
    boxes[:, 2:] += boxes[:, :2]
    ignored = [bool(a.get("ignore", 0)) or bool(a.get("iscrowd", 0)) for a in annotations]
    return Picture(path, boxes, np.array(ignored, bool))
