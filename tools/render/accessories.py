"""What people have on and about them besides clothes: hair, hats, bags."""

from collections.abc import Sequence

import numpy as np
from assets import Assets, FloatArray
from materials import Material
from person import MeshBuilder
from wardrobe import Appearance

__all__ = ["add_bag", "add_hat", "add_head", "pick", "textured"]

SHORT_HAIR = ("short01", "short02", "short03", "short04")
LONG_HAIR = ("bob01", "bob02", "braid01", "long01", "ponytail01", "afro01", "long01", "ponytail01")


def textured(assets: Assets, path: str, **settings: object) -> Material:
    """A material of a texture if there is one of that path, else of its colours alone."""
    layer = assets.textures.get(path, 0)
    return Material(layer=layer, luminance=float(assets.luminance[layer]), **settings)  # type: ignore[arg-type]


def pick(options: Sequence[str], choice: float) -> str:
    return options[int(choice * len(options)) % len(options)]


def add_head(builder: MeshBuilder, person: Appearance, sex: str) -> None:
    colour = person.hair_colour
    if person.hair != "bald":
        names = SHORT_HAIR if person.hair == "short" else LONG_HAIR
        name = pick(names, person.hair_choice)
        path = f"hair/{name}.png"
        flat = path not in builder.assets.textures
        builder.add_garment(
            f"hair/{name}",
            textured(
                builder.assets,
                path,
                recolour=1.0,
                top=colour,
                bottom=colour,
                alpha_cut=0.0 if flat else 0.35,
                folds=0.35 if flat else 0.0,
                two_sided=True,
            ),
        )
    builder.add_garment(
        "hair/eyebrow001",
        textured(
            builder.assets,
            "hair/eyebrow001.png",
            recolour=1.0,
            top=colour * 0.7,
            bottom=colour * 0.7,
            alpha_cut=0.5,
        ),
    )


def _head_extent(builder: MeshBuilder) -> tuple[FloatArray, FloatArray]:
    """The middle of the skull's top (3,) and half its size (3,), decimetres."""
    assets = builder.assets
    body = assets.meshes["body"].vertices
    on_head = assets.skin_weights[body, assets.bone("head")] > 0.8
    points = builder.vertices[body][on_head]
    crown = points[points[:, 1] > points[:, 1].max() - 1.0]
    low, high = crown.min(0), crown.max(0)
    middle = (low + high) / 2
    return np.array([middle[0], high[1], middle[2]]), (high - low) / 2


def add_hat(builder: MeshBuilder, person: Appearance) -> None:
    material = Material(top=person.hat_colour, folds=0.15)
    if person.hat == "fedora":
        builder.add_garment("clothes/fedora", material)
    elif person.hat in {"cap", "beanie"}:
        top, half = _head_extent(builder)
        tall = 0.75 if person.hat == "cap" else 0.95
        builder.add_solid(
            "head",
            top + np.array([0, 0.22 - tall, 0]),
            np.array([half[0] * 1.18, tall, half[2] * 1.15]),
            material,
            roundness=0.8,
        )
        if person.hat == "cap":
            builder.add_solid(
                "head",
                top + np.array([0, -0.62, half[2] * 1.35]),
                np.array([half[0] * 0.9, 0.07, 0.65]),
                material,
                roundness=0.8,
            )


def add_bag(builder: MeshBuilder, person: Appearance) -> None:
    assets, side = builder.assets, float(person.bag_side)
    material = Material(
        top=person.bag_colour,
        folds=0.35,
        pattern="bands" if person.recolour > 0.85 else "plain",
        pattern_colour=person.bag_colour * 0.55,
    )
    size = 0.8 + 0.45 * person.suit_choice
    spine = builder.heads[assets.bone("spine_03")]
    hip = builder.heads[assets.bone("thigh_l" if side > 0 else "thigh_r")]
    if person.bag == "backpack":
        torso = builder.vertices[assets.meshes["tights"].vertices]
        low = builder.heads[assets.bone("spine_01")]
        centre = np.array([0, (spine[1] + low[1]) / 2 + 0.5, torso[:, 2].min() - 0.45])
        builder.add_solid("spine_03", centre, np.array([1.45, 2.1, 0.75]) * size, material)
    elif person.bag in {"messenger", "shoulder"}:
        centre = hip + np.array([side * 1.15, 0.1 if person.bag == "messenger" else 1.6, -0.5])
        builder.add_solid("pelvis", centre, np.array([0.45, 1.15, 1.5]) * size, material)
    elif person.bag == "handbag":
        name = "l" if side > 0 else "r"
        wrist = builder.heads[assets.bone(f"hand_{name}")]
        down = wrist - builder.heads[assets.bone(f"upperarm_{name}")]
        down /= np.linalg.norm(down)
        across = np.cross(down, [0, 0, 1.0])
        across /= np.linalg.norm(across)
        axes = np.column_stack([across, down, np.cross(across, down)])
        builder.add_solid(
            f"hand_{name}",
            wrist + down * (1.1 + 1.3 * size),
            np.array([0.4, 1.3, 1.2]) * size,
            material,
            axes,
        )
    elif person.bag == "trolley":
        centre = np.array([side * 3.4, builder.vertices[:, 1].min() + 3.0, -3.4])
        builder.add_solid("Root", centre, np.array([1.7, 2.8, 1.1]) * size, material)
