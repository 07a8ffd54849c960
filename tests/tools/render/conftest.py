"""A stand-in for the packed body data: a person of boxes, one per bone, written file by file."""

import json
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

TOOL = Path(__file__).parents[3] / "tools" / "render"
sys.path.insert(0, str(TOOL))

SPINE = [
    ("Root", -1, (0, 8, 0), (0, 9, 0)),
    ("pelvis", 0, (0, 9, 0), (0, 10, 0)),
]
LEG = [
    ("thigh", "pelvis", (0.9, 9, 0), (0.9, 5, 0)),
    ("calf", "thigh", (0.9, 5, 0), (0.9, 1, 0)),
    ("foot", "calf", (0.9, 1, 0), (0.9, 0.3, 1)),
    ("ball", "foot", (0.9, 0.3, 1), (0.9, 0.3, 1.8)),
]
TRUNK = [
    ("spine_01", "pelvis", (0, 10, 0), (0, 11.5, 0)),
    ("spine_02", "spine_01", (0, 11.5, 0), (0, 13, 0)),
    ("spine_03", "spine_02", (0, 13, 0), (0, 14.5, 0)),
    ("neck_01", "spine_03", (0, 14.5, 0), (0, 15.2, 0)),
    ("head", "neck_01", (0, 15.2, 0), (0, 17.5, 0)),
]
ARM = [
    ("clavicle", "spine_03", (0.3, 14.3, 0), (1.6, 14.3, 0)),
    ("upperarm", "clavicle", (1.6, 14.3, 0), (3.2, 12, 0)),
    ("lowerarm", "upperarm", (3.2, 12, 0), (4.8, 10, 0.3)),
    ("hand", "lowerarm", (4.8, 10, 0.3), (5.3, 9.3, 0.4)),
]
FINGERS = ("index", "middle", "ring", "pinky", "thumb")


def _bones():
    """(name, parent's name, head, tail) of the 53 bones."""
    bones = [("Root", None, *SPINE[0][2:]), ("pelvis", "Root", *SPINE[1][2:]), *TRUNK]
    for side, sign in (("l", 1), ("r", -1)):
        chain = [*LEG, *ARM]
        for finger in FINGERS:
            for row, above in (("01", "hand"), ("02", f"{finger}_01"), ("03", f"{finger}_02")):
                chain.append((f"{finger}_{row}", above, (5.3, 9.3, 0.4), (5.4, 9.1, 0.4)))
        middle = {"pelvis", "spine_03"}
        for name, parent, head, tail in chain:
            mirror = np.array([sign, 1, 1])
            bones.append(
                (
                    f"{name}_{side}",
                    parent if parent in middle else f"{parent}_{side}",
                    tuple(np.array(head) * mirror),
                    tuple(np.array(tail) * mirror),
                )
            )
    return bones


def _box(head, tail, half=0.5):
    """Eight corners around a bone, four at each end, and twelve outward triangles."""
    head, tail = np.array(head, float), np.array(tail, float)
    along = (tail - head) / np.linalg.norm(tail - head)
    side = np.cross(along, [0, 0, 1.0] if abs(along[2]) < 0.9 else [1.0, 0, 0])
    side /= np.linalg.norm(side)
    up = np.cross(side, along)
    ring = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    corners = np.array([end + half * (a * side + b * up) for end in (head, tail) for a, b in ring])
    quads = [
        (3, 2, 1, 0),
        (4, 5, 6, 7),
        *((k, (k + 1) % 4, (k + 1) % 4 + 4, k + 4) for k in range(4)),
    ]
    triangles = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    middle, faces = corners.mean(0), []
    for triangle in triangles:
        a, b, c = corners[list(triangle)]
        outward = np.dot(np.cross(b - a, c - a), (a + b + c) / 3 - middle) > 0
        faces.append(triangle if outward else triangle[::-1])
    return corners, np.array(faces)


def _garment(path, count):
    path.parent.mkdir(exist_ok=True)
    _, triangles = _box((0, 12, 0), (0, 13, 0))
    np.savez(
        path,
        refs=np.tile(np.arange(8, dtype=np.int32)[:, None] + 8 * count, 3),
        wt=np.full((8, 3), 1 / 3, np.float32),
        off=np.zeros((8, 3), np.float32),
        scale=np.zeros((3, 3)),
        dele=np.zeros(0, np.int32),
        vi=np.arange(8, dtype=np.int32),
        uv=np.zeros((8, 2), np.float32),
        tri=triangles.astype(np.int32),
    )


@pytest.fixture(scope="session")
def asset_folder(tmp_path_factory):
    """A folder of packed assets: boxes for limbs, no textures, 90 shape targets of no effect."""
    folder = tmp_path_factory.mktemp("assets")
    bones = _bones()
    rows = {name: row for row, (name, *_) in enumerate(bones)}
    points, triangles, owners = [], [], []
    for row, (_, _, head, tail) in enumerate(bones):
        corners, faces = _box(head, tail)
        triangles.append(faces + 8 * row)
        points.append(corners)
        owners += [row] * 8
    points, triangles = np.concatenate(points), np.concatenate(triangles)
    mesh = {}
    for key in ("body", "tights", "skirt", "eyes"):
        mesh |= {
            f"{key}_vi": np.arange(len(points), dtype=np.int32),
            f"{key}_uv": np.zeros((len(points), 2), np.float32),
            f"{key}_tri": triangles.astype(np.int32),
        }
    index = np.zeros((len(points), 4), np.uint8)
    index[:, 0] = owners
    index[:, 1:] = (np.array(owners)[:, None] + [1, 2, 3]) % len(bones)
    weights = np.tile(np.array([1, 0, 0, 0], np.float32), (len(points), 1))
    np.savez(folder / "base.npz", v=points.astype(np.float32), bi=index, bw=weights, **mesh)
    rig = [
        {
            "name": name,
            "parent": rows[parent] if parent else -1,
            "head": list(range(8 * row, 8 * row + 4)),
            "tail": list(range(8 * row + 4, 8 * row + 8)),
        }
        for row, (name, parent, *_) in enumerate(bones)
    ]
    (folder / "rig.json").write_text(json.dumps(rig))
    sexes, ages = ("male", "female"), ("child", "young", "old")
    sizes = ("minweight", "averageweight", "maxweight")
    names = [f"{r}-{s}-{a}" for r in ("african", "asian", "caucasian") for s in sexes for a in ages]
    for s, a, w in product(sexes, ages, sizes):
        names += [f"{s}-{a}-{m}-{w}" for m in ("averagemuscle", "maxmuscle")]
        names += [f"{s}-{a}-{w}-{h}" for h in ("minheight", "maxheight")]
    np.savez(
        folder / "targets.npz",
        names=np.array(names),
        data=np.zeros((len(names), len(points), 3), np.int16),
    )
    for k in range(1, 7):
        _garment(folder / "shoes" / f"shoes{k:02d}.npz", rows["foot_l"])
    for name in (
        "short01",
        "short02",
        "short03",
        "short04",
        "bob01",
        "bob02",
        "braid01",
        "long01",
        "ponytail01",
        "afro01",
        "eyebrow001",
    ):
        _garment(folder / "hair" / f"{name}.npz", rows["head"])
    for name in ("male_casualsuit02", "female_casualsuit01", "female_elegantsuit01", "fedora"):
        _garment(folder / "clothes" / f"{name}.npz", rows["spine_02"])
    return folder


@pytest.fixture(scope="session")
def assets(asset_folder):
    from assets import load_assets

    return load_assets(asset_folder)


@pytest.fixture(scope="session")
def renderer(assets):
    """Skips, with the reason, where no OpenGL is to be had."""
    from renderer import Renderer

    from configs.errors import InputError

    try:
        return Renderer(assets)
    except InputError as error:
        pytest.skip(str(error))
