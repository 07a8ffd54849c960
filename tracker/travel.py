"""How long people are away between one place and another: learned, as evidence of who comes."""

from math import lgamma, log, pi

import numpy as np
from pydantic import Field

from configs import Settings
from tracker.types import FloatArray, IntArray

__all__ = ["Departures", "TravelSettings", "TravelTimes"]

SHORTEST = 0.1  # seconds


class TravelSettings(Settings):
    """What is assumed of the times between leaving one place and entering another."""

    enabled: bool = True
    """Whether travel times are learned and used."""
    typical: float = Field(default=60.0, gt=0)
    """Seconds: the median before anything was learned."""
    spread: float = Field(default=2.0, gt=0)
    """Standard deviation of the logarithm of a time before anything was learned."""
    weight: float = Field(default=1.0, gt=0)
    """How many journeys that assumption is worth."""
    detours: float = Field(default=0.2, gt=0, le=1)
    """Share of people who take any time, whatever was learned of the others."""


class Departures:
    """Where and when people were last seen, asked for many of them at once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._place = np.zeros(0, np.int64)  # by person's number
        self._time = np.zeros(0)

    def note(self, person: int, place: str, time: float) -> None:
        """A person, by a small number, left that place."""
        if person >= len(self._time):
            more = max(person + 1 - len(self._time), len(self._time), 16)
            self._place = np.concatenate([self._place, np.full(more, -1)])
            self._time = np.concatenate([self._time, np.full(more, np.nan)])
        self._place[person] = self._places.setdefault(place, len(self._places))
        self._time[person] = time

    def of(self, people: IntArray) -> tuple[IntArray, FloatArray]:
        """(P,) each person's place, as an `index`, and time; -1 and NaN if unknown."""
        known = people < len(self._time)
        places, times = np.full(len(people), -1), np.full(len(people), np.nan)
        places[known], times[known] = self._place[people[known]], self._time[people[known]]
        return places, times

    def index(self, place: str) -> int:
        """The number that stands for a place; -1 if nobody left it."""
        return self._places.get(place, -1)

    def place_of(self, person: int) -> str:
        """Where a person left. Raises KeyError if nobody saw that."""
        for place, index in self._places.items():
            if person < len(self._place) and self._place[person] == index:
                return place
        raise KeyError(person)


class TravelTimes:
    """Times between ordered pairs of places, each with a log-normal distribution of its own.

    Its mean and variance have a normal-inverse-gamma prior, so that what is expected of the next
    journey is Student's t in the logarithm of the time (Murphy, "Conjugate Bayesian analysis of
    the Gaussian distribution", 2007, section 3). Compared with the same before any journey: where
    nothing was learned, a time says nothing.
    """

    def __init__(self, settings: TravelSettings) -> None:
        self._settings = settings
        self._sums: dict[tuple[str, str], FloatArray] = {}  # number, sum, sum of squares of logs

    def learn(self, origin: str, destination: str, seconds: float) -> None:
        """Somebody left one place and entered the other so many seconds later."""
        if self._settings.enabled:
            x = np.log(max(seconds, SHORTEST))
            sums = self._sums.setdefault((origin, destination), np.zeros(3))
            sums += [1.0, x, x * x]

    def origins(self, destination: str) -> list[str]:
        """The places from which somebody came to that one."""
        return [origin for origin, place in self._sums if place == destination]

    def log_ratio(self, origin: str, destination: str, seconds: FloatArray) -> FloatArray:
        """How much likelier each time is than it was before anything was learned, in nats.

        At least log(`detours`); 0 where nothing was learned.
        """
        sums = self._sums.get((origin, destination))
        if sums is None:
            return np.zeros_like(seconds)
        x = np.log(np.maximum(seconds, SHORTEST))
        detours = self._settings.detours
        gain = np.exp(self._log_density(x, sums) - self._log_density(x, np.zeros(3)))
        return np.log(detours + (1 - detours) * gain)

    def _log_density(self, x: FloatArray, sums: FloatArray) -> FloatArray:
        number, total, squares = sums.tolist()
        prior, mean = self._settings.weight, np.log(self._settings.typical)
        weight = prior + number
        middle = (prior * mean + total) / weight
        scatter = squares + prior * mean**2 - weight * middle**2
        a = 2 + number / 2  # 2: the prior's variance has a mean, and hardly any weight
        b = self._settings.spread**2 + max(scatter, 0.0) / 2  # that mean is spread^2
        return _log_student(x, 2 * a, middle, b * (weight + 1) / (a * weight))


def _log_student(x: FloatArray, freedom: float, middle: float, square: float) -> FloatArray:
    """Log density of Student's t with a location and a squared scale."""
    half = (freedom + 1) / 2
    constant = lgamma(half) - lgamma(freedom / 2) - log(pi * freedom * square) / 2
    return constant - half * np.log(1 + (x - middle) ** 2 / (freedom * square))
