"""Dressing a body: an appearance's garments, the clothes as parts of one mesh."""

import numpy as np
from accessories import add_bag, add_hat, add_head, pick, textured
from assets import Assets
from materials import OFF, Material
from person import MeshBuilder, PersonMesh
from wardrobe import Appearance

__all__ = ["dress"]

LIGHT_SKINS = {
    "male": (
        "young_lightskinned_male_diffuse",
        "young_lightskinned_male_diffuse2",
        "young_lightskinned_male_diffuse3",
        "middleage_lightskinned_male_diffuse",
        "middleage_lightskinned_male_diffuse2",
    ),
    "female": (
        "young_lightskinned_female_diffuse2",
        "young_lightskinned_female_diffuse3",
        "middleage_lightskinned_female_diffuse2",
    ),
}
DARK_SKINS = (
    "middleage_darkskinned_male_diffuse",
    "young_darkskinned_male_diffuse",
    "old_darkskinned_male_diffuse",
)
DARK_FROM = 0.62  # skin tone above which the dark textures are used
SUITS = {"male": ("clothes/male",), "female": ("clothes/female_casual", "clothes/female_elegant")}
GREY_SUITS = ("clothes/male_casualsuit01", "clothes/female_casualsuit02")
WAIST = -0.12  # down the body: where a suit's top ends
LEG_OFFSETS = {"trousers": 0.12, "wide": 0.38, "shorts": 0.28}  # decimetres off the skin
BLACK = (0.03, 0.03, 0.035)


def dress(assets: Assets, person: Appearance, cell: float = 0.22) -> PersonMesh:
    """The mesh of one person. `cell` decimetres is the level of detail (`MeshBuilder.finish`)."""
    builder = MeshBuilder(assets, person.build.vertices(assets))
    sex = "male" if person.build.gender > 0.5 else "female"
    if person.top == "suit" and person.bottom not in {"skirt", "longskirt"}:
        _add_suit(builder, person, sex)
    else:
        _add_bottom(builder, person)
        _add_top(builder, person)
    shoes = f"shoes/shoes{person.shoes:02d}"
    builder.add_garment(
        shoes,
        textured(
            assets,
            f"{shoes}.jpg",
            top=person.shoe_colour,
            bottom=person.shoe_colour,
            recolour=0.85,
            specular=0.05,
        ),
    )
    add_head(builder, person, sex)
    add_hat(builder, person)
    add_bag(builder, person)
    builder.add_layer("body", _skin(assets, person, sex), skip_hidden=True)
    dark = Material(top=(0.25, 0.2, 0.18))
    builder.add_layer("eyes", dark)
    swing = {"longskirt": 0.55, "skirt": 0.85}.get(person.bottom, 1.1)
    return builder.finish(person.build.stature, cell, swing)


def _strap(person: Appearance) -> dict[str, object]:
    known = person.bag in {"backpack", "messenger", "shoulder"}
    return {
        "strap": person.bag if known else "none",
        "strap_colour": person.bag_colour * 0.8,
        "strap_side": float(person.bag_side),
    }


def _add_suit(builder: MeshBuilder, person: Appearance, sex: str) -> None:
    names = [n for n in builder.assets.garments if n.startswith(SUITS[sex])]
    name = pick(names, person.suit_choice)
    recolour = 1.0 if name in GREY_SUITS else person.recolour
    builder.add_garment(
        name,
        textured(
            builder.assets,
            f"{name}.jpg",
            recolour=recolour,
            top=person.top_colour,
            bottom=person.bottom_colour,
            split=WAIST,
            folds=0.2,
            pattern=person.pattern if recolour > 0.5 else "plain",
            pattern_colour=person.pattern_colour,
            pattern_scale=person.pattern_scale,
            **_strap(person),
        ),
    )


def _add_bottom(builder: MeshBuilder, person: Appearance) -> None:
    colour = person.bottom_colour
    arm, down = builder.limbs
    if person.bottom in LEG_OFFSETS:
        end = 0.45 if person.bottom == "shorts" else 0.99
        builder.add_layer(
            "tights",
            Material(
                top=colour,
                bottom=colour,
                cut=(-0.2, end, -0.5),
                folds=0.4,
                pattern="panels" if person.bottom_stripe else "plain",
                pattern_colour=person.pattern_colour,
            ),
            offset=LEG_OFFSETS[person.bottom],
            smooth=2,
        )
        builder.hidden |= (down > -0.15) & (down < end - 0.06) & (arm < 0)
        return
    end = 0.42 + 0.18 * person.hair_choice if person.bottom == "skirt" else 0.9
    builder.add_layer(
        "skirt",
        Material(
            top=colour,
            bottom=colour,
            cut=(-0.3, end, OFF),
            folds=0.35,
            pattern=person.pattern if person.recolour > 0.9 else "plain",
            pattern_colour=person.pattern_colour,
            pattern_scale=person.pattern_scale,
            two_sided=True,
        ),
        offset=0.1,
    )
    if person.skin_choice < 0.6:
        builder.add_layer("tights", Material(top=BLACK, cut=(0.0, 0.99, -0.5)), offset=0.03)
        builder.hidden |= (down > 0.1) & (down < 0.93) & (arm < 0)


def _add_top(builder: MeshBuilder, person: Appearance) -> None:
    outer = person.top in {"jacket", "open", "coat", "parka", "suit"}
    opening = {"open": 0.75, "jacket": 0.22, "suit": 0.5}.get(person.top, 0.0)
    material = Material(
        top=person.top_colour,
        bottom=person.top_colour,
        cut=(-OFF, person.hem, person.sleeve),
        folds=0.6 if outer else 0.45,
        pattern=person.pattern,
        pattern_colour=person.pattern_colour,
        pattern_scale=person.pattern_scale,
        opening=opening,
        inner=person.inner_colour,
        **_strap(person),  # type: ignore[arg-type]
    )
    builder.add_layer(
        "tights",
        material,
        offset=max(person.looseness, LEG_OFFSETS.get(person.bottom, 0) + 0.1),
        smooth=3,
    )
    if person.top in {"coat", "parka"}:
        builder.add_layer(
            "skirt",
            Material(
                top=person.top_colour,
                bottom=person.top_colour,
                folds=0.4,
                cut=(-0.3, person.hem, OFF),
                two_sided=True,
            ),
            offset=0.2,
        )
    if outer:
        _add_cuff(builder, person)
    if person.hood and outer:
        neck = builder.heads[builder.assets.bone("neck_01")]
        builder.add_solid(
            "spine_03",
            neck + np.array([0, 0.1, -0.85]),
            np.array([1.1, 0.6, 0.5]),
            Material(top=person.top_colour * 0.9, folds=0.6),
            roundness=0.8,
        )
    arm, down = builder.limbs
    builder.hidden |= (down > -0.62) & (down < person.hem - 0.06) & (arm < 0)
    builder.hidden |= (arm >= 0) & (arm < person.sleeve - 0.06)


def _add_cuff(builder: MeshBuilder, person: Appearance) -> None:
    """A shirt that shows at the hem below an outer garment."""
    if person.hem < 0.05:
        builder.add_layer(
            "tights",
            Material(
                top=person.inner_colour,
                cut=(-0.3, person.hem + 0.05, -0.5),
                folds=0.4,
            ),
            offset=LEG_OFFSETS.get(person.bottom, 0.15) + 0.05,
            smooth=2,
        )


def _skin(assets: Assets, person: Appearance, sex: str) -> Material:
    tone = person.skin_tone
    if tone > DARK_FROM:
        name = pick(DARK_SKINS, person.skin_choice)
        tint = np.array([1, 0.98, 0.95]) * (1.25 - 0.6 * (tone - DARK_FROM) / (1 - DARK_FROM))
    else:
        name = pick(LIGHT_SKINS[sex], person.skin_choice)
        depth = tone / DARK_FROM
        tint = np.array([1.06, 1.06 - 0.12 * depth, 1.06 - 0.24 * depth]) * (1 - 0.38 * depth)
    return textured(assets, f"tex/{name}.jpg", top=tint, bottom=tint, specular=0.03)
