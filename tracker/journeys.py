"""Who left where and when, and how long such ways take: what the time says of who arrives."""

from collections.abc import Sequence

import numpy as np

from tracker.travel import Departures, TravelSettings, TravelTimes
from tracker.types import Arrival, FloatArray, IntArray

__all__ = ["Journeys"]


class Journeys:
    """Everybody's last departure, and the travel times of those who surely came back."""

    def __init__(self, settings: TravelSettings) -> None:
        self._times = TravelTimes(settings)
        self._departures = Departures()

    def leave(self, person: int, place: str, time: float) -> None:
        """A person, by a small number, was seen last at that place and time, in seconds."""
        self._departures.note(person, place, time)

    def departures(self, people: IntArray) -> FloatArray:
        """(P,) seconds: when each person left; NaN for those who never did."""
        return self._departures.of(people)[1]

    def log_ratios(self, arrivals: Sequence[Arrival], people: IntArray) -> FloatArray:
        """(N, P) what the time since each person left says of each arrival, in nats; 0 where
        nothing was learned."""
        ratios = np.zeros((len(arrivals), len(people)))
        places, left = self._departures.of(people)
        for row, arrival in enumerate(arrivals):
            destination = _entrance(arrival)
            for origin in self._times.origins(destination):
                here = places == self._departures.index(origin)
                gaps = arrival.time - left[here]
                ratios[row, here] = self._times.log_ratio(origin, destination, gaps)
        return ratios

    def learn(self, person: int, arrival: Arrival) -> None:
        """A person who had left surely is that arrival."""
        [left] = self.departures(np.array([person])).tolist()
        origin = self._departures.place_of(person)
        self._times.learn(origin, _entrance(arrival), arrival.time - left)


def _entrance(arrival: Arrival) -> str:
    return arrival.place or arrival.camera
