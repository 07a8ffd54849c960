"""Drawing people with OpenGL: a GPU's where there is one, Mesa's software otherwise.

World: metres, z up. Images: pixel i covers [i, i + 1), so a camera whose axis meets the middle of
an image `w` wide has its principal point at w / 2.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from assets import Assets, FloatArray
from materials import MAX_MATERIALS
from numpy.typing import NDArray
from person import PersonMesh
from shaders import PERSON_FRAGMENT, PERSON_VERTEX, STAGE_FRAGMENT, STAGE_VERTEX

from configs.errors import InputError

__all__ = ["Drawing", "Light", "Renderer"]

NOISE_SIDE, NOISE_CELLS = 64, 16  # texels and lattice cells along the noise cube
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Light:
    """A sun (or lamp) from `direction` (unit, towards it) and the light of sky and ground; RGB."""

    direction: FloatArray
    sun: FloatArray
    sky: FloatArray
    ground: FloatArray

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Light":
        """Anything from an overcast day to low sun, warm or cold."""
        azimuth, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1.35)
        direction = np.array(
            [np.cos(azimuth) * np.cos(height), np.sin(azimuth) * np.cos(height), np.sin(height)]
        )
        strength = rng.uniform(0.1, 0.8)
        warm = np.array([1, rng.uniform(0.92, 1), rng.uniform(0.8, 1.05)])
        sky = np.array([1, 1, rng.uniform(0.95, 1.1)]) * (rng.uniform(0.95, 1.25) - strength * 0.5)
        return cls(direction, warm * strength * 1.2, sky, sky * rng.uniform(0.4, 0.75))


@dataclass(frozen=True)
class Drawing:
    """One person in one pose: `vertices` (N, 6) world points and normals, and an id 1-255."""

    mesh: PersonMesh
    vertices: FloatArray
    identity: int = 1


class Renderer:
    """Owns the OpenGL context. One per process; `release` what is no longer drawn."""

    def __init__(self, assets: Assets, threads: int = 1) -> None:
        os.environ.setdefault("LP_NUM_THREADS", str(threads))  # read when Mesa makes its context
        import moderngl

        try:
            context: Any = moderngl.create_context(
                require=330,
                standalone=True,
                backend="egl",  # type: ignore[arg-type]  # its stub is wrong
            )
        except Exception as error:
            raise InputError(
                f"OpenGL isn't available ({error}); install Mesa's software renderer, "
                "on Debian: apt-get install libegl1 libgl1-mesa-dri"
            ) from None
        self._context = context
        self._depth_test, self._culling = moderngl.DEPTH_TEST, moderngl.CULL_FACE
        self._program = self._context.program(PERSON_VERTEX, PERSON_FRAGMENT)
        count, side = assets.layers.shape[:2]
        pictures = self._context.texture_array((side, side, count), 4, assets.layers.tobytes())
        pictures.build_mipmaps()
        pictures.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
        noise = self._context.texture3d((NOISE_SIDE,) * 3, 4, _noise_cube().tobytes())
        noise.filter = (moderngl.LINEAR, moderngl.LINEAR)
        pictures.use(0)
        noise.use(1)
        self._pictures, self._noise = pictures, noise
        self._stage = self._context.program(STAGE_VERTEX, STAGE_FRAGMENT)
        self._program["pictures"].value, self._program["noise"].value = 0, 1
        self._program["still_depth"].value, self._stage["noise"].value = 2, 1
        self._still: Any = None
        self._nearest = moderngl.NEAREST
        self._targets: dict[tuple[int, int], Any] = {}
        self._uploaded: dict[int, tuple[Any, Any, bytes, PersonMesh]] = {}

    @property
    def device(self) -> str:
        """The name of what draws, as "llvmpipe (LLVM 15)"."""
        return str(self._context.info["GL_RENDERER"])

    def begin(self, width: int, height: int) -> None:
        """Start an empty, transparent picture of this size."""
        self._context.__enter__()  # another renderer of this process may have been at work
        key = (width, height)
        if key not in self._targets:
            self._targets[key] = self._context.framebuffer(
                [self._context.texture(key, 4), self._context.texture(key, 1)],
                self._context.depth_texture(key),
            )
        self._target = self._targets[key]
        self._target.use()
        self._target.viewport = (0, 0, width, height)
        self._context.enable(self._depth_test)
        self._target.clear(0, 0, 0, 0)

    def window(self, left: int, top: int, width: int, height: int) -> None:
        """Draw into this part of the picture from now on."""
        self._target.viewport = (left, self._target.size[1] - top - height, width, height)

    def light(self, light: Light) -> None:
        """Light what is drawn from now on."""
        for name, value in (
            ("sun_direction", light.direction),
            ("sun", light.sun),
            ("sky", light.sky),
            ("ground", light.ground),
        ):
            for program in (self._program, self._stage):
                program[name].value = tuple(map(float, value))

    def draw(self, view_projection: FloatArray, eye: FloatArray, people: Sequence[Drawing]) -> None:
        """Draw people through a (4, 4) clip matrix, seen from `eye` (3,)."""
        self._program["view_projection"].write(view_projection.T.astype(np.float32).tobytes())
        self._program["eye"].value = tuple(map(float, eye))
        for person in people:
            array, posed, materials, _ = self._upload(person.mesh)
            posed.write(np.ascontiguousarray(person.vertices, np.float32))
            self._program["materials"].write(materials)
            self._program["identity"].value = person.identity / 255
            faces, closed = 3 * len(person.mesh.triangles), 3 * person.mesh.closed
            self._context.enable(self._culling)
            array.render(vertices=closed)
            self._context.disable(self._culling)
            if faces > closed:
                array.render(vertices=faces - closed, first=closed)

    def draw_stage(self, view_projection: FloatArray, vertices: FloatArray, grime: float) -> None:
        """Draw still things: (6 N, 12) of `stage.stage_vertices`; `grime` 0-1 stains them."""
        if not len(vertices):
            return
        self._stage["view_projection"].write(view_projection.T.astype(np.float32).tobytes())
        self._stage["grime"].value = grime
        buffer = self._context.buffer(np.ascontiguousarray(vertices, np.float32).tobytes())
        names = ("point", "normal", "metres", "tint", "surface")
        array = self._context.vertex_array(self._stage, [(buffer, "3f 3f 2f 3f 1f", *names)])
        self._context.disable(self._culling)
        array.render()
        array.release()
        buffer.release()

    def keep_behind(self, depth: NDArray[np.float32] | None) -> None:
        """Hide what is drawn from now on behind still things: (h, w) depths of `read_depth`.

        None: nothing stands in front. The picture begun must have the same size.
        """
        self._program["behind_things"].value = depth is not None
        if depth is None:
            return
        if self._still is None or self._still.size != depth.shape[::-1]:
            if self._still is not None:
                self._still.release()
            self._still = self._context.texture(depth.shape[::-1], 1, dtype="f4")
            self._still.filter = (self._nearest, self._nearest)
        self._still.write(np.ascontiguousarray(depth[::-1]).tobytes())
        self._still.use(2)

    def read_depth(self) -> NDArray[np.float32]:
        """(height, width) depths of the picture in OpenGL's 0-1, top row first."""
        width, height = self._target.size
        raw = self._target.read(
            viewport=(0, 0, width, height), components=1, attachment=-1, dtype="f4"
        )
        return np.frombuffer(raw, np.float32).reshape(height, width)[::-1]

    def read(self) -> Image:
        """(height, width, 4) RGBA, uint8, top row first; alpha is 0 where nothing was drawn."""
        return self._pixels(0, 4)

    def read_ids(self) -> Image:
        """(height, width) ids of the drawn people, 0 elsewhere."""
        return self._pixels(1, 1)[..., 0]

    def release(self, mesh: PersonMesh) -> None:
        """Forget a mesh that won't be drawn again."""
        self._context.__enter__()
        for item in self._uploaded.pop(id(mesh), ())[:2]:
            item.release()

    def _pixels(self, attachment: int, components: int) -> Image:
        width, height = self._target.size
        raw = self._target.read(
            viewport=(0, 0, width, height), components=components, attachment=attachment
        )
        return np.frombuffer(raw, np.uint8).reshape(height, width, components)[::-1]

    def _upload(self, mesh: PersonMesh) -> tuple[Any, Any, bytes, PersonMesh]:
        key = id(mesh)
        if key not in self._uploaded:
            context = self._context
            posed = context.buffer(reserve=len(mesh.points) * 24, dynamic=True)
            array = context.vertex_array(
                self._program,
                [
                    (posed, "3f 3f", "point", "normal"),
                    (
                        context.buffer(mesh.surface.tobytes()),
                        "3f 2f 2f 1f",
                        "rest",
                        "uv",
                        "limb",
                        "material",
                    ),
                ],
                context.buffer(mesh.triangles.astype(np.int32).tobytes()),
                skip_errors=True,
            )
            materials = np.zeros((MAX_MATERIALS, *mesh.materials.shape[1:]), np.float32)
            materials[: len(mesh.materials)] = mesh.materials
            # The mesh is kept, or its number could come back as another mesh's.
            self._uploaded[key] = (array, posed, materials.tobytes(), mesh)
        return self._uploaded[key]


def _noise_cube() -> NDArray[np.uint8]:
    """(S, S, S, 4) a periodic value noise, and its slope along x, y, z with 128 as level."""
    rng = np.random.default_rng(0)
    lattice = rng.random((NOISE_CELLS,) * 3).astype(np.float32)
    step = NOISE_SIDE // NOISE_CELLS
    position = np.arange(NOISE_SIDE)
    cell, t = position // step, (position % step + 0.5) / step
    t = t * t * (3 - 2 * t)
    cube = lattice
    for axis in range(3):
        low = np.take(cube, cell, axis)
        high = np.take(cube, (cell + 1) % NOISE_CELLS, axis)
        weight = t.reshape([-1 if k == axis else 1 for k in range(3)])
        cube = low + weight * (high - low)
    # The first axis of the array is the texture's last (z).
    slopes = [(np.roll(cube, -1, a) - np.roll(cube, 1, a)) * step / 2 for a in (2, 1, 0)]
    packed = np.stack([cube, *(0.5 + 0.25 * s for s in slopes)], -1)
    return (np.clip(packed, 0, 1) * 255).astype(np.uint8)
