"""From an appearance to a mesh that can be posed and drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from assets import Assets, FloatArray, IntArray
from body import fit_garment, joints, laplacian_smooth, limb_coordinates, normals
from gait import Skeleton
from materials import Material

__all__ = ["MeshBuilder", "PersonMesh", "place", "skin"]

TEXTURE_CELLS = 24  # vertices of different cells of a texture are never merged
HEAD_FINER = 0.6  # cells are smaller on the head


@dataclass(frozen=True)
class PersonMesh:
    """One person at rest. Decimetres, y up, z forward, x to the person's left."""

    points: FloatArray  # (N, 3)
    normals: FloatArray  # (N, 3)
    bone_weights: FloatArray  # (N, B)
    surface: FloatArray  # (N, 8) rest point, texture u v, limb coordinates, material
    triangles: IntArray  # (T, 3); the first `closed` are seen from outside only
    closed: int
    materials: FloatArray  # (K, MATERIAL_ROWS, 4)
    skeleton: Skeleton
    scale: float  # metres per decimetre of the model: 0.1 x stature / the model's height
    top_amplitude: float  # how far this person's clothes let the legs swing, 0-1.1


@dataclass(frozen=True)
class _Part:
    points: FloatArray
    normals: FloatArray
    uv: FloatArray
    bone_weights: FloatArray
    triangles: IntArray
    material: int


class MeshBuilder:
    """Collects the parts of one person on one body, then joins and thins them."""

    def __init__(self, assets: Assets, vertices: FloatArray) -> None:
        self.assets = assets
        self.vertices = vertices
        self.heads, self.tails = joints(assets, vertices)
        self.limbs = limb_coordinates(assets, vertices, assets.skin_weights, self.heads)
        self.hidden = np.zeros(len(vertices), bool)
        self._parts: list[_Part] = []
        self._materials: list[Material] = []

    def add_garment(self, name: str, material: Material) -> None:
        """Add a fitted proxy (clothes, hair, shoes) and hide the skin below it."""
        garment = self.assets.garments[name]
        points, weights = fit_garment(garment, self.vertices, self.assets.skin_weights)
        mesh = garment.mesh
        facing = normals(points, mesh.vertices[mesh.triangles])[mesh.vertices]
        self._add(
            points[mesh.vertices], facing, mesh.uv, weights[mesh.vertices], mesh.triangles, material
        )
        self.hidden[garment.hidden] = True

    def add_layer(
        self,
        name: str,
        material: Material,
        offset: float = 0.0,
        smooth: int = 0,
        *,
        skip_hidden: bool = False,
    ) -> None:
        """Add faces of the base mesh, smoothed and pushed outwards by `offset` decimetres."""
        mesh = self.assets.meshes[name]
        rows, inverse = np.unique(mesh.vertices, return_inverse=True)
        points, triangles = self.vertices[rows], inverse[mesh.triangles]
        if smooth:
            points = laplacian_smooth(points, triangles, smooth)
        facing = normals(points, triangles)
        points = points + facing * offset
        kept = mesh.triangles
        if skip_hidden:
            kept = kept[~self.hidden[mesh.vertices][kept].any(1)]
        self._add(
            points[inverse],
            facing[inverse],
            mesh.uv,
            self.assets.skin_weights[mesh.vertices],
            kept,
            material,
        )

    def add_solid(
        self,
        bone: str,
        centre: FloatArray,
        half: FloatArray,
        material: Material,
        axes: FloatArray | None = None,
        roundness: float = 0.35,
    ) -> None:
        """Add a rounded box, rigid on one bone; columns of `axes` (3, 3) are its directions."""
        points, triangles = _superellipsoid(roundness)
        points = points * half
        if axes is not None:
            points = points @ axes.T
        facing = normals(points, triangles)
        if (points * facing).sum() < 0:
            facing, triangles = -facing, triangles[:, ::-1]
        weights = np.zeros((len(points), len(self.assets.bones)), np.float32)
        weights[:, self.assets.bone(bone)] = 1
        self._add(
            (points + centre).astype(np.float32),
            facing,
            np.zeros((len(points), 2), np.float32),
            weights,
            triangles,
            material,
        )

    def finish(self, stature: float, cell: float, top_amplitude: float) -> PersonMesh:
        """Join the parts, merging vertices closer than `cell` decimetres (0: none)."""
        points = np.concatenate([p.points for p in self._parts])
        weights = np.concatenate([p.bone_weights for p in self._parts])
        starts = np.cumsum([0, *(len(p.points) for p in self._parts)])
        surface = np.concatenate([self._surface(part) for part in self._parts])
        facing = np.concatenate([p.normals for p in self._parts])
        triangles = np.concatenate(
            [p.triangles + start for p, start in zip(self._parts, starts, strict=False)]
        )
        body = self.assets.meshes["body"].vertices
        floor = float(points[:, 1].min())
        height = float(self.vertices[body, 1].max()) - floor
        if cell:
            points, facing, weights, surface, triangles = _thin(
                points, facing, weights, surface, triangles, cell
            )
        chest = float(self.heads[self.assets.bone("spine_03"), 1])
        two_sided = np.array([m.two_sided for m in self._materials])
        open_faces = two_sided[surface[triangles[:, 0], 7].astype(int)]
        triangles = triangles[np.argsort(open_faces, kind="stable")]
        return PersonMesh(
            points=points,
            normals=facing,
            bone_weights=np.ascontiguousarray(weights, np.float32),
            surface=np.ascontiguousarray(surface, np.float32),
            triangles=triangles,
            closed=int((~open_faces).sum()),
            materials=np.stack([m.rows(chest) for m in self._materials]),
            skeleton=Skeleton(
                tuple(b.name for b in self.assets.bones),
                tuple(b.parent for b in self.assets.bones),
                self.heads,
                self.tails,
                floor,
            ),
            scale=stature / height,
            top_amplitude=top_amplitude,
        )

    def _surface(self, part: _Part) -> FloatArray:
        arm, down = limb_coordinates(self.assets, part.points, part.bone_weights, self.heads)
        material = np.full(len(arm), part.material, np.float32)
        return np.column_stack([part.points, part.uv, arm, down, material]).astype(np.float32)

    def _add(
        self,
        points: FloatArray,
        facing: FloatArray,
        uv: FloatArray,
        weights: FloatArray,
        triangles: IntArray,
        material: Material,
    ) -> None:
        arm, down = limb_coordinates(self.assets, points, weights, self.heads)
        first, last, sleeve = material.cut
        left = (down >= first) & (down <= last) & (arm <= sleeve) & ((sleeve > -0.1) | (arm < 0))
        triangles = triangles[left[triangles].any(1)]
        used = np.unique(triangles)
        place_of = np.zeros(len(points), np.int64)
        place_of[used] = np.arange(len(used))
        self._parts.append(
            _Part(
                points[used],
                facing[used],
                uv[used],
                weights[used],
                place_of[triangles],
                len(self._materials),
            )
        )
        self._materials.append(material)


def skin(mesh: PersonMesh, transforms: FloatArray) -> FloatArray:
    """(N, 6) points and normals of the mesh posed by bone transforms (B, 3, 4), decimetres."""
    mixed = (mesh.bone_weights @ transforms.reshape(len(transforms), 12)).reshape(-1, 3, 4)
    posed = np.empty((len(mesh.points), 6), np.float32)
    posed[:, :3] = np.einsum("nij,nj->ni", mixed[:, :, :3], mesh.points) + mixed[:, :, 3]
    posed[:, 3:] = np.einsum("nij,nj->ni", mixed[:, :, :3], mesh.normals)
    return posed


def place(
    posed: FloatArray, scale: float, position: Sequence[float] | FloatArray, yaw: float
) -> FloatArray:
    """(N, 6) posed points and normals, set on the ground at `position` (2,) metres, facing `yaw`.

    Yaw is in radians from the world's x axis towards y.
    """
    turn = model2world_rotation(yaw).astype(np.float32)
    placed = np.empty_like(posed)
    placed[:, :3] = posed[:, :3] @ (turn.T * np.float32(scale))
    placed[:, 0] += position[0]
    placed[:, 1] += position[1]
    placed[:, 3:] = posed[:, 3:] @ turn.T
    return placed


def model2world_rotation(yaw: float) -> FloatArray:
    """(3, 3) from the model's axes (x left, y up, z forward) to the world's (z up)."""
    cos, sin = np.cos(yaw), np.sin(yaw)
    return np.array([[-sin, 0, cos], [cos, 0, sin], [0, 1, 0]])


def _superellipsoid(roundness: float) -> tuple[FloatArray, IntArray]:
    """Points (209, 3) within [-1, 1] and triangles of a rounded box."""
    latitude, longitude = np.meshgrid(
        np.linspace(-np.pi / 2, np.pi / 2, 11), np.linspace(-np.pi, np.pi, 19), indexing="ij"
    )

    def power(x: FloatArray) -> FloatArray:
        return np.sign(x) * np.abs(x) ** roundness

    points = np.stack(
        [
            power(np.cos(latitude)) * power(np.cos(longitude)),
            power(np.sin(latitude)),
            power(np.cos(latitude)) * power(np.sin(longitude)),
        ],
        -1,
    ).reshape(-1, 3)
    cell = np.arange(10 * 18)
    a = (cell // 18) * 19 + cell % 18
    triangles = np.concatenate(
        [np.stack([a, a + 1, a + 19], 1), np.stack([a + 1, a + 20, a + 19], 1)]
    )
    return points, triangles


def _thin(
    points: FloatArray,
    facing: FloatArray,
    weights: FloatArray,
    surface: FloatArray,
    triangles: IntArray,
    cell: float,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, IntArray]:
    """Merge vertices that share a cell of space and of texture, a material and a facing."""
    on_head = (surface[:, 5] < 0) & (surface[:, 6] < -0.93)
    size = np.where(on_head, cell * HEAD_FINER, cell)[:, None]
    space = [np.floor(points / size), surface[:, 7:8], np.sign(facing[:, [2]])]
    texture = [np.floor(surface[:, 3:5] * TEXTURE_CELLS), np.sign(facing[:, [0]] + 0.3)]
    # Where a texture's pieces meet, both sides move to one place: the surface stays closed.
    _, cell_of, members = np.unique(_hashed(space), return_inverse=True, return_counts=True)
    points = (
        np.stack([np.bincount(cell_of, v) for v in points.T], 1)[cell_of] / (members[cell_of, None])
    )
    _, first, inverse, count = np.unique(
        _hashed([*space, *texture]), return_index=True, return_inverse=True, return_counts=True
    )

    def mean(values: FloatArray) -> FloatArray:
        columns = [np.bincount(inverse, v, len(first)) / count for v in values.T]
        return np.stack(columns, 1).astype(np.float32)

    merged = mean(facing)
    merged /= np.maximum(np.linalg.norm(merged, axis=1, keepdims=True), 1e-6)
    corners = inverse[triangles]
    a, b, c = corners.T
    corners = corners[(a != b) & (b != c) & (a != c)]
    _, unique = np.unique(np.sort(corners, 1), axis=0, return_index=True)
    surface = np.column_stack([mean(surface[:, :7]), surface[first, 7]])
    return mean(points), merged, weights[first], surface, corners[np.sort(unique)]


def _hashed(columns: Sequence[FloatArray]) -> IntArray:
    """(N,) one number for each row of whole numbers."""
    keys = np.concatenate(columns, 1).astype(np.int64)
    hashed = np.zeros(len(keys), np.int64)
    for column in keys.T:
        hashed = hashed * 1_000_003 + column
    return hashed
