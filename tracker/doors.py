"""Which door somebody came in by or went out of."""

from collections.abc import Mapping

from tracker.floor import distance_outside
from tracker.types import FloatArray

__all__ = ["nearest_door"]

REACH = 1.0  # metres from a door within which people begin and end at it


def nearest_door(doors: Mapping[str, FloatArray], point: FloatArray) -> str | None:
    """The name of the door nearest to a point (2,), within `REACH` metres; None without one.

    doors: (K, 2) metres each: a point, a line, or a polygon.
    """
    distances = {
        name: float(distance_outside(corners, point[None])[0]) for name, corners in doors.items()
    }
    name = min(distances, key=distances.__getitem__, default=None)
    return name if name is not None and distances[name] <= REACH else None
