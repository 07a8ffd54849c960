"""Which door somebody came in by or went out of, and what tells a door from any other place."""

from collections.abc import Mapping

import numpy as np
from scipy.special import bdtrc

from tracker.floor import distance_outside
from tracker.types import FloatArray

__all__ = ["nearest_door", "surprise"]


def nearest_door(doors: Mapping[str, FloatArray], point: FloatArray, reach: float) -> str | None:
    """The name of the door nearest to a point (2,), within `reach` metres; None without one.

    doors: (K, 2) metres each: a point, a line, or a polygon.
    """
    distances = {
        name: float(distance_outside(corners, point[None])[0]) for name, corners in doors.items()
    }
    name = min(distances, key=distances.__getitem__, default=None)
    return name if name is not None and distances[name] <= reach else None


def surprise(inside: int, around: int, share: float) -> float:
    """How unlikely it is that so many of the ends `around` a place are `inside` its reach if they
    are spread evenly: nats, the negative logarithm of the chance of as many or more.

    share: of the ground around that is inside.
    """
    if inside == 0:
        return 0.0
    return -float(np.log(max(bdtrc(inside - 1, around, share), 1e-300)))
