"""What a surface looks like, in the numbers that the fragment shader reads."""

from dataclasses import dataclass

import numpy as np
from assets import FloatArray

__all__ = ["MATERIAL_ROWS", "MAX_MATERIALS", "OFF", "PATTERNS", "STRAPS", "Material"]

MATERIAL_ROWS = 8  # vec4s per material in the shader's uniform array
MAX_MATERIALS = 16
OFF = 9.0  # a cut at which nothing is cut
PATTERNS = {
    name: row
    for row, name in enumerate(
        (
            "plain",
            "hoops",
            "stripes",
            "checks",
            "logo",
            "yoke",
            "dots",
            "blotches",
            "bands",
            "panels",
        )
    )
}
STRAPS = {"none": 0, "backpack": 1, "messenger": 2, "shoulder": 3}
WHITE = (1.0, 1.0, 1.0)

Colour = FloatArray | tuple[float, float, float]


@dataclass(frozen=True)
class Material:
    """A textured or flat, dyed, patterned, cut piece of a person.

    `cut` keeps what lies between its first and second number down the body and before its third
    along the arm (`body.limb_coordinates`); a third below -0.1 removes the arms altogether.
    `split` is the height down the body where `bottom` takes over from `top`.
    `opening` is the half width, decimetres, of an open front that shows `inner`.
    """

    layer: int = 0
    luminance: float = 1.0
    recolour: float = 0.0  # 0: the texture's own colours, 1: only its light and dark
    top: Colour = WHITE
    bottom: Colour = WHITE
    split: float = OFF
    pattern: str = "plain"
    pattern_colour: Colour = WHITE
    pattern_scale: float = 3.0
    alpha_cut: float = 0.0
    cut: tuple[float, float, float] = (-OFF, OFF, OFF)
    folds: float = 0.0
    specular: float = 0.0
    opening: float = 0.0
    inner: Colour = WHITE
    strap: str = "none"
    strap_colour: Colour = WHITE
    strap_side: float = 1.0
    two_sided: bool = False  # seen from inside too: hair, skirts

    def rows(self, chest: float) -> FloatArray:
        """(MATERIAL_ROWS, 4) float32; `chest` is the y of the chest bone, decimetres."""
        return np.array(
            [
                [self.layer, self.recolour, self.luminance, self.split],
                [*self.top, PATTERNS[self.pattern]],
                [*self.bottom, self.pattern_scale],
                [*self.pattern_colour, self.alpha_cut],
                [*self.cut, self.folds],
                [self.specular, self.opening, chest, self.strap_side],
                [*self.inner, 0],
                [*self.strap_colour, STRAPS[self.strap]],
            ],
            np.float32,
        )
