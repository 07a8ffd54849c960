"""The parametric body: shape, joints, and garments fitted to it. Decimetres, y up, z forward."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from assets import TARGET_DM, Assets, FloatArray, Garment, IntArray

__all__ = ["Build", "fit_garment", "joints", "laplacian_smooth", "limb_coordinates", "normals"]


@dataclass(frozen=True)
class Build:
    """What decides a body's shape, in MakeHuman's macro parameters."""

    gender: float  # 0 female .. 1 male
    age: float  # 0 child, 0.5 young, 1 old
    weight: float  # -1 .. 1
    muscle: float  # 0 .. 1
    height: float  # -1 .. 1, of the proportions; the stature is set apart
    ancestry: tuple[float, float, float]  # african, asian, caucasian; sums to 1
    stature: float  # metres

    def vertices(self, assets: Assets) -> FloatArray:
        """(V, 3) the morphed base mesh."""
        coefficients = _target_coefficients(self, assets.target_rows)
        rows = np.flatnonzero(coefficients)
        shift = np.tensordot(coefficients[rows], assets.targets[rows].astype(np.float32), 1)
        return (assets.base + shift * TARGET_DM).astype(np.float32)


def _target_coefficients(build: Build, rows: dict[str, int]) -> FloatArray:
    """(K,) products of linear interpolations: a target's file name names its factors."""
    age = build.age
    genders = {"male": build.gender, "female": 1 - build.gender}
    ages = {"child": max(0, 1 - 2 * age), "young": 1 - abs(2 * age - 1), "old": max(0, 2 * age - 1)}
    weights = {
        "minweight": max(0, -build.weight),
        "averageweight": 1 - abs(build.weight),
        "maxweight": max(0, build.weight),
    }
    muscles = {"averagemuscle": 1 - build.muscle, "maxmuscle": build.muscle}
    heights = {"minheight": max(0, -build.height), "maxheight": max(0, build.height)}
    races = dict(zip(("african", "asian", "caucasian"), build.ancestry, strict=True))
    coefficients = np.zeros(len(rows), np.float32)
    for (gender, g), (stage, a) in product(genders.items(), ages.items()):
        for race, r in races.items():
            coefficients[rows[f"{race}-{gender}-{stage}"]] += g * a * r
        for (weight, w), (muscle, m) in product(weights.items(), muscles.items()):
            coefficients[rows[f"{gender}-{stage}-{muscle}-{weight}"]] += g * a * w * m
        for (weight, w), (height, h) in product(weights.items(), heights.items()):
            coefficients[rows[f"{gender}-{stage}-{weight}-{height}"]] += g * a * w * h
    return coefficients


def joints(assets: Assets, vertices: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(B, 3) heads and (B, 3) tails of the bones: means of the vertices that mark them."""
    heads = np.stack([vertices[bone.head].mean(0) for bone in assets.bones])
    tails = np.stack([vertices[bone.tail].mean(0) for bone in assets.bones])
    return heads, tails


def normals(points: FloatArray, triangles: IntArray) -> FloatArray:
    """(N, 3) unit normals of vertices: the sum of their faces' normals, weighted by area."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    total = np.stack(
        [
            sum(np.bincount(triangles[:, k], faces[:, axis], len(points)) for k in range(3))
            for axis in range(3)
        ],
        1,
    )
    return (total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)).astype(
        np.float32
    )


def fit_garment(
    garment: Garment, vertices: FloatArray, skin_weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(P, 3) points of a garment on this body and (P, B) the bones that they follow.

    Fitted at rest: fitting after posing would turn the offsets wrongly.
    """
    grown = np.ones(3, np.float32)
    for axis, (a, b, reference) in enumerate(garment.scale):
        if reference > 0:
            grown[axis] = abs(vertices[int(a), axis] - vertices[int(b), axis]) / reference
    weights = garment.weights[..., None]
    points = (vertices[garment.references] * weights).sum(1) + garment.offsets * grown
    bones = np.zeros((len(points), skin_weights.shape[1]), np.float32)
    for k in range(3):
        bones += skin_weights[garment.references[:, k]] * np.maximum(weights[:, k], 0)
    return points.astype(np.float32), bones / np.maximum(bones.sum(1, keepdims=True), 1e-6)


def laplacian_smooth(points: FloatArray, triangles: IntArray, rounds: int) -> FloatArray:
    """(N, 3) points moved half-way to the mean of their neighbours, `rounds` times."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    edges = np.concatenate([edges, edges[:, ::-1]])
    degree = np.maximum(np.bincount(edges[:, 0], minlength=len(points)), 1)
    for _ in range(rounds):
        mean = np.stack(
            [np.bincount(edges[:, 0], points[edges[:, 1], k], len(points)) for k in range(3)], 1
        )
        points = points + 0.5 * (mean / degree[:, None] - points)
    return points.astype(np.float32)


def limb_coordinates(
    assets: Assets, points: FloatArray, bone_weights: FloatArray, heads: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Where each rest point lies: (N,) along the arm, (N,) down the body.

    Along the arm: 0 at the shoulder, 1 at the wrist, -1 off the arms. Down the body: 0 at the hip
    joint, 1 at the ankle, negative above the hips. Sleeves and hems are cut at these.
    """
    along_arm = np.full(len(points), -1, np.float32)
    for side in "lr":
        shoulder, elbow, wrist = (
            heads[assets.bone(f"{name}_{side}")] for name in ("upperarm", "lowerarm", "hand")
        )
        upper, lower = np.linalg.norm(elbow - shoulder), np.linalg.norm(wrist - elbow)
        on_arm = bone_weights[:, _arm_bones(assets, side)].sum(1) > 0.5
        t_upper = (points - shoulder) @ (elbow - shoulder) / upper**2
        t_lower = (points - elbow) @ (wrist - elbow) / lower**2
        t = np.where(t_upper < 1, t_upper * upper, upper + t_lower * lower) / (upper + lower)
        along_arm[on_arm] = np.maximum(t[on_arm], 0)
    hip, ankle = heads[assets.bone("thigh_l"), 1], heads[assets.bone("foot_l"), 1]
    return along_arm, ((hip - points[:, 1]) / (hip - ankle)).astype(np.float32)


def _arm_bones(assets: Assets, side: str) -> Sequence[int]:
    parts = {"upperarm", "lowerarm", "hand", "index", "middle", "ring", "pinky", "thumb"}
    return [
        row
        for row, bone in enumerate(assets.bones)
        if bone.name.endswith(f"_{side}") and bone.name.split("_")[0] in parts
    ]
