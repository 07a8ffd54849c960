"""A view with its place in the common world and time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.camera import Camera
from calibration.ground_alignment import Alignment
from calibration.result_tracks import BoxTracks
from calibration.self_calibration import View
from calibration.standing import people_places, standing_pixels
from calibration.timing import GroundTracks

__all__ = ["Placed", "ground_tracks"]

Size = tuple[int, int]


@dataclass(frozen=True)
class Placed:
    """A camera above x, y of the common ground (metres), turned by `turn` (radians).

    seconds: what to add to the camera's own time to get the scene's.
    """

    view: View
    x: float = 0.0
    y: float = 0.0
    turn: float = 0.0
    seconds: float = 0.0

    @classmethod
    def from_numbers(cls, numbers: ArrayLike) -> "Placed":
        """From what `numbers` gives."""
        log_focal, tilt, roll, log_height, x, y, turn, seconds = np.asarray(numbers, float).tolist()
        view = View(float(np.exp(log_focal)), tilt, roll, float(np.exp(log_height)))
        return cls(view, x, y, turn, seconds)

    def numbers(self) -> NDArray[np.floating]:
        """(8,) log focal, tilt, roll, log height, x, y, turn, seconds: what is solved for."""
        view = self.view
        of_view = [np.log(view.focal), view.tilt, view.roll, np.log(view.height)]
        return np.array([*of_view, self.x, self.y, self.turn, self.seconds])

    def camera(self, image_size: Size) -> Camera:
        """The camera in the common world."""
        return self.view.camera(image_size, (self.x, self.y, self.turn))

    def beside(self, view: View, alignment: Alignment) -> "Placed":
        """A second view, of which it is known how its ground lies on this one's."""
        shift = np.exp(1j * self.turn) * complex(*alignment.shift)
        x, y = self.x + float(shift.real), self.y + float(shift.imag)
        seconds = self.seconds + alignment.seconds
        return Placed(view, x, y, self.turn + alignment.turn, seconds)


def ground_tracks(
    placed: Placed, tracks: BoxTracks, image_size: Size, person_height: float
) -> GroundTracks:
    """People's places in the common world and time; those above the horizon are left out."""
    camera = placed.camera(image_size)
    places = people_places(camera, standing_pixels(camera, tracks.boxes, person_height))
    known = np.isfinite(places[:, 0])
    return GroundTracks(tracks.times[known] + placed.seconds, tracks.ids[known], places[known])
