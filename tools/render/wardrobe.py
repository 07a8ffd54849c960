"""Who a person is: build, clothes, colours, hair, bags, drawn from a seed, with look-alikes.

Colours follow what people wear outdoors: much black, white, grey, navy, denim and beige; a third
has any hue, loud ones too. Identities come in families of three; in a part of the families the
members wear nearly the same, because telling two blue jackets apart is what re-identification is
about.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from assets import FloatArray
from body import Build
from materials import PATTERNS

__all__ = ["FAMILY", "Appearance", "draw_appearance"]

FAMILY = 3  # identities that may wear nearly the same
HAIR_COLOURS = (
    np.array(
        [
            (14, 9, 7),
            (26, 17, 11),
            (52, 33, 20),
            (84, 60, 36),
            (140, 108, 66),
            (150, 148, 146),
            (92, 40, 18),
        ]
    )
    / 255
)
DENIM_AND_CO = (
    np.array(
        [
            (38, 52, 82),
            (58, 72, 100),
            (20, 22, 26),
            (45, 46, 50),
            (120, 104, 80),
            (30, 36, 58),
            (88, 92, 96),
            (104, 120, 142),
        ]
    )
    / 255
)

ALWAYS_SHARED = ("top", "suit_choice", "recolour")  # what makes a family look alike
SHARED_UNLESS = (  # with this chance, a member of the family has something of its own
    (0.25, ("top_colour",)),
    (0.25, ("bottom_colour", "bottom_stripe")),
    (0.20, ("sleeve", "hem", "looseness", "hood")),
    (0.35, ("pattern", "pattern_colour", "pattern_scale", "inner_colour")),
    (0.20, ("bottom",)),
    (0.40, ("shoes", "shoe_colour")),
    (0.45, ("bag", "bag_colour", "bag_side")),
)

Colour = FloatArray  # (3,) RGB, 0-1


@dataclass(frozen=True)
class Appearance:
    """One identity, complete: two equal appearances are drawn alike."""

    build: Build
    skin_tone: float  # 0 light .. 1 dark
    skin_choice: float  # 0-1, which of the fitting skin textures
    hair: str  # bald, short, long
    hair_choice: float
    hair_colour: Colour
    top: str  # suit, tee, shirt, jacket, open, coat, parka
    suit_choice: float
    sleeve: float  # along the arm
    hem: float  # down the body
    looseness: float  # decimetres
    top_colour: Colour
    inner_colour: Colour
    pattern: str
    pattern_colour: Colour
    pattern_scale: float
    bottom: str  # trousers, wide, shorts, skirt, longskirt
    bottom_colour: Colour
    bottom_stripe: bool
    recolour: float  # how much of a textured suit's own colour is replaced
    shoes: int
    shoe_colour: Colour
    hood: bool
    bag: str  # none, backpack, shoulder, messenger, handbag, trolley
    bag_colour: Colour
    bag_side: int
    hat: str  # none, fedora, cap, beanie
    hat_colour: Colour


def draw_appearance(seed: int, identity: int, *, look_alikes: float = 0.5) -> Appearance:
    """The appearance of `identity` (from 0) in the population `seed`; of nothing else.

    look_alikes: share of the families whose members look alike: they take over the first member's
    clothes, then change a few parts.
    """
    own = np.random.default_rng([seed, 1, identity])
    family = np.random.default_rng([seed, 2, identity // FAMILY])
    person = _draw(own)
    if family.random() >= look_alikes:
        return person
    leader = _draw(family)
    if (leader.build.gender > 0.5) != (person.build.gender > 0.5):
        same_sex = person.build if own.random() < 0.3 else leader.build
        person = replace(
            person,
            build=replace(
                same_sex,
                weight=person.build.weight,
                stature=person.build.stature
                if same_sex is person.build
                else leader.build.stature + float(own.normal(0, 0.05)),
            ),
        )
    shared = {name: getattr(leader, name) for name in ALWAYS_SHARED}
    for own_chance, names in SHARED_UNLESS:
        if own.random() >= own_chance:
            shared |= {name: getattr(leader, name) for name in names}
    return replace(person, **shared)


def _draw(rng: np.random.Generator) -> Appearance:
    build = _draw_build(rng)
    male, child = build.gender > 0.5, build.stature < 1.5
    top = str(
        rng.choice(
            ["suit", "tee", "shirt", "jacket", "open", "coat", "parka"],
            p=[0.30, 0.12, 0.13, 0.17, 0.15, 0.06, 0.07],
        )
    )
    short_sleeve = top == "tee" or (top == "shirt" and rng.random() < 0.2)
    bottoms = ["trousers", "wide", "shorts", "skirt", "longskirt"]
    share = [0.62, 0.24, 0.14, 0, 0] if male else [0.56, 0.16, 0.08, 0.13, 0.07]
    tone = float(rng.random())
    plain = 0.35 if top in {"tee", "shirt"} else 0.43
    bags = ["none", "backpack", "shoulder", "messenger", "handbag", "trolley"]
    return Appearance(
        build=build,
        skin_tone=tone,
        skin_choice=float(rng.random()),
        hair=str(
            rng.choice(["bald", "short", "long"], p=[0.06, 0.88, 0.06] if male else [0, 0.18, 0.82])
        ),
        hair_choice=float(rng.random()),
        hair_colour=HAIR_COLOURS[rng.choice(7, p=[0.38, 0.24, 0.14, 0.08, 0.05, 0.08, 0.03])]
        * rng.uniform(0.7, 1.3),
        top=top,
        suit_choice=float(rng.random()),
        sleeve=float(
            rng.uniform(0.22, 0.48)
            if short_sleeve
            else rng.choice([0.8, 0.97, 0.99], p=[0.1, 0.5, 0.4])
        ),
        hem=float(rng.uniform(0.3, 0.5) if top in {"coat", "parka"} else rng.uniform(-0.05, 0.09)),
        looseness=float(
            rng.uniform(0.25, 0.6)
            if top in {"jacket", "open", "coat", "parka"}
            else rng.uniform(0.12, 0.3)
        ),
        top_colour=_cloth_colour(rng),
        inner_colour=_cloth_colour(rng, light=0.5),
        pattern="plain" if rng.random() < plain else str(rng.choice(list(PATTERNS)[1:])),
        pattern_colour=_cloth_colour(rng, light=0.5),
        pattern_scale=float(rng.uniform(2.2, 6)),
        bottom=str(rng.choice(bottoms, p=share)) if not child else "trousers",
        bottom_colour=DENIM_AND_CO[rng.integers(len(DENIM_AND_CO))] * rng.uniform(0.75, 1.25)
        if rng.random() < 0.7
        else _cloth_colour(rng),
        bottom_stripe=bool(rng.random() < 0.1),
        recolour=float(rng.choice([0, 0.8, 0.9, 1], p=[0.2, 0.25, 0.3, 0.25])),
        shoes=int(rng.integers(1, 7)),
        shoe_colour=_cloth_colour(rng),
        hood=bool(rng.random() < 0.4),
        bag=str(rng.choice(bags, p=[0.5, 0.18, 0.09, 0.1, 0.1, 0.03])),
        bag_colour=_cloth_colour(rng),
        bag_side=int(rng.choice([-1, 1])),
        hat=str(rng.choice(["none", "fedora", "cap", "beanie"], p=[0.85, 0.025, 0.085, 0.04])),
        hat_colour=_cloth_colour(rng),
    )


def _draw_build(rng: np.random.Generator) -> Build:
    male = rng.random() < 0.5
    child = rng.random() < 0.06
    age = (
        rng.uniform(0.15, 0.4) if child else 0.5 + (rng.random() ** 2 * 0.45) * (rng.random() < 0.6)
    )
    gender = float(np.clip(rng.normal(0.88 if male else 0.12, 0.07), 0, 1))
    stature = rng.normal(1.76, 0.07) if male else rng.normal(1.63, 0.065)
    if child:
        stature = 1.15 + 0.9 * (age - 0.1) + rng.normal(0, 0.05)
    return Build(
        gender=gender,
        age=float(age),
        weight=float(np.clip(rng.normal(0, 0.38), -0.9, 0.9)),
        muscle=float(rng.random() * 0.5 * gender),
        height=float(np.clip(rng.normal(-0.1, 0.3), -0.7, 0.6)),
        ancestry=tuple(float(x) for x in rng.dirichlet([0.6] * 3)),  # type: ignore[arg-type]
        stature=float(np.clip(stature, 1.1, 1.98)),
    )


def _cloth_colour(rng: np.random.Generator, light: float = 0.3) -> Colour:
    """A garment's reflectance; `light` is the share of whites among the greys."""
    kind = rng.random()
    if kind < 0.34:
        dark = rng.choice([0.03, 0.05, 0.08, 0.13, 0.2, 0.3, 0.45])
        value = rng.uniform(0.62, 0.95) if rng.random() < light else dark
        return _hsv(rng.random(), rng.uniform(0, 0.08), value * rng.uniform(0.85, 1.1))
    if kind < 0.52:
        return _hsv(rng.uniform(0.55, 0.67), rng.uniform(0.25, 0.8), rng.uniform(0.12, 0.6))
    if kind < 0.64:
        return _hsv(rng.uniform(0.05, 0.13), rng.uniform(0.15, 0.5), rng.uniform(0.2, 0.75))
    return _hsv(rng.random(), rng.uniform(0.2, 0.9), rng.uniform(0.2, 0.85))


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    pixel = np.array([[[hue * 360, saturation, value]]], np.float32)
    return cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0].astype(np.float64)
