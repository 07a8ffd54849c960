"""Contact sheets: many small pictures on one, for a look by eye."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["contact_sheet"]

Image = NDArray[np.uint8]


def contact_sheet(rows: Sequence[Sequence[cv2.typing.MatLike]], width: int, height: int) -> Image:
    """One picture with each of `rows` as a row of pictures scaled to `width` x `height`.

    Short rows end in white. No rows give a single white pixel.
    """
    columns = max((len(row) for row in rows), default=0)
    if not columns:
        return np.full((1, 1, 3), 255, np.uint8)
    sheet = np.full((len(rows) * (height + 2), columns * (width + 2), 3), 255, np.uint8)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            top, left = y * (height + 2), x * (width + 2)
            sheet[top : top + height, left : left + width] = cv2.resize(picture, (width, height))
    return sheet
