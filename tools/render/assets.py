"""The packed MakeHuman data: base mesh, rig, shape targets, garments, hair, shoes and textures.

All of it is CC0. None of it ships with the project; `README.md` beside this file says where each
part comes from and how it is packed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from configs.errors import InputError

__all__ = ["Assets", "Bone", "Garment", "Mesh", "load_assets"]

TEXTURE_PX = 512  # every texture becomes a square layer of this size
TARGET_DM = 5e-4  # one step of the integers in targets.npz, decimetres

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Mesh:
    """Faces of the base mesh: `vertices` (N,) rows of the base, `uv` (N, 2), `triangles` (T, 3)."""

    vertices: IntArray
    uv: FloatArray
    triangles: IntArray


@dataclass(frozen=True)
class Garment:
    """A proxy fitted to the body by reference: MakeHuman's .mhclo.

    A point is the `weights`-weighted mean of three base vertices `references` (P, 3) plus
    `offsets` (P, 3), which grow with the body: axis k by |v[a] - v[b]|_k / d of `scale[k]`.
    `hidden` lists the base vertices that the garment covers.
    """

    references: IntArray
    weights: FloatArray
    offsets: FloatArray
    scale: FloatArray
    hidden: IntArray
    mesh: Mesh


@dataclass(frozen=True)
class Bone:
    """One bone: its parent's index (-1 for the root) and the base vertices around its ends."""

    name: str
    parent: int
    head: IntArray
    tail: IntArray


@dataclass(frozen=True)
class Assets:
    """Everything that people are built from. Lengths in decimetres, y up, z forward, x left."""

    base: FloatArray  # (V, 3)
    skin_weights: FloatArray  # (V, B) of each base vertex to each bone
    meshes: dict[str, Mesh]  # body, tights, skirt, eyes
    bones: tuple[Bone, ...]
    target_rows: dict[str, int]
    targets: NDArray[np.int16]  # (K, V, 3) in steps of TARGET_DM
    garments: dict[str, Garment]  # by path without ending, as "clothes/fedora"
    textures: dict[str, int]  # path -> layer; layer 0 is white
    layers: NDArray[np.uint8]  # (L, TEXTURE_PX, TEXTURE_PX, 4) RGBA, bottom row first
    luminance: FloatArray  # (L,) mean luminance of each layer's opaque part, 0-1

    def bone(self, name: str) -> int:
        """The index of the bone called `name`."""
        return next(i for i, bone in enumerate(self.bones) if bone.name == name)


def load_assets(folder: Path) -> Assets:
    """Read a folder of packed assets.

    Raises InputError: the folder or one of its three main files isn't there.
    """
    for name in ("base.npz", "targets.npz", "rig.json"):
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: not found; give the folder of packed body data")
    with np.load(folder / "base.npz", allow_pickle=False) as file:
        base = {key: file[key] for key in file.files}
    with np.load(folder / "targets.npz", allow_pickle=False) as file:
        names, targets = file["names"], file["data"]
    rig = json.loads((folder / "rig.json").read_text(encoding="utf-8"))
    bones = tuple(
        Bone(b["name"], b["parent"], np.array(b["head"]), np.array(b["tail"])) for b in rig
    )
    skin_weights = np.zeros((len(base["v"]), len(bones)), np.float32)
    np.put_along_axis(skin_weights, base["bi"].astype(int), base["bw"], 1)
    pictures = [p for kind in ("clothes", "hair", "shoes", "tex") for p in _pictures(folder / kind)]
    layers = np.stack(
        [np.full((TEXTURE_PX, TEXTURE_PX, 4), 255, np.uint8), *map(_texture, pictures)]
    )
    return Assets(
        base=base["v"].astype(np.float32),
        skin_weights=skin_weights,
        meshes={
            key: Mesh(base[f"{key}_vi"], base[f"{key}_uv"], base[f"{key}_tri"])
            for key in ("body", "tights", "skirt", "eyes")
        },
        bones=bones,
        target_rows={str(name): row for row, name in enumerate(names)},
        targets=targets,
        garments={
            f"{kind}/{path.stem}": _garment(path)
            for kind in ("clothes", "hair", "shoes")
            for path in sorted((folder / kind).glob("*.npz"))
        },
        textures={path.relative_to(folder).as_posix(): row for row, path in enumerate(pictures, 1)},
        layers=layers,
        luminance=np.array([_mean_luminance(layer) for layer in layers], np.float32),
    )


def _pictures(folder: Path) -> Sequence[Path]:
    return sorted(p for p in folder.glob("*") if p.suffix in {".jpg", ".png"})


def _garment(path: Path) -> Garment:
    with np.load(path, allow_pickle=False) as file:
        return Garment(
            references=file["refs"],
            weights=file["wt"],
            offsets=file["off"],
            scale=file["scale"],
            hidden=file["dele"],
            mesh=Mesh(file["vi"], file["uv"], file["tri"]),
        )


def _texture(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise InputError(f"{path}: not a picture that can be read")
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if image.shape[2] == 3:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)
    image = cv2.resize(image, (TEXTURE_PX, TEXTURE_PX), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA)[::-1])


def _mean_luminance(layer: NDArray[np.uint8]) -> float:
    """Mean luminance (0-1) of what is opaque and not black, 0.5 if nothing is."""
    luminance = layer[..., :3].astype(np.float32) @ np.array([0.3, 0.59, 0.11], np.float32) / 255
    seen = (luminance > 0.02) & (layer[..., 3] > 127)
    return float(luminance[seen].mean()) if seen.any() else 0.5
