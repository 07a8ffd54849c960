"""What a camera does to everybody's looks: its mean embedding, to be taken away.

Light, colour and viewpoint of a camera move the embeddings of all whom it sees in one direction.
So does what all people have in common. Both are in the mean over a camera's people, which needs
no label; subtracting it makes the pictures of two cameras comparable. While few people have been
seen, their mean is rather their own looks, and must be trusted little.
"""

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs import Settings

__all__ = ["CameraMeans", "CentringSettings", "centred"]

Floats = NDArray[np.floating]


class CentringSettings(Settings):
    """How far embeddings are centred on their cameras' means."""

    enabled: bool = True
    """Whether they are centred at all."""
    patience: float = Field(default=5.0, gt=0)
    """People after which half of the mean over all cameras is subtracted."""
    memory: int = Field(default=200, ge=2)
    """People that each camera's mean is taken over: those whom it saw last."""


def centred(rows: Floats, means: Floats) -> Floats:
    """(N, D) rows minus means (N, D) or (D,), of length one again; zero stays zero."""
    offset = rows - means
    lengths = np.linalg.norm(offset, axis=-1, keepdims=True)
    return offset / np.maximum(lengths, 1e-12)


class _Camera:
    """Sums of the embeddings of the people whom one camera saw, one weight for each person."""

    def __init__(self, dimension: int) -> None:
        self.people: OrderedDict[int, tuple[Floats, int]] = OrderedDict()  # sum, number
        self.total = np.zeros(dimension)  # of the people's means
        self.square = 0.0  # sum of the squared lengths of the people's means

    def add(self, person: int, embeddings: Floats, memory: int) -> None:
        total, number = self.people.pop(person, (np.zeros_like(self.total), 0))
        if number:
            self._count(total / number, -1)
        total, number = total + embeddings.sum(axis=0), number + len(embeddings)
        self._count(total / number, 1)
        self.people[person] = (total, number)
        if len(self.people) > memory:
            _, (total, number) = self.people.popitem(last=False)
            self._count(total / number, -1)

    def _count(self, mean: Floats, sign: int) -> None:
        self.total = self.total + sign * mean
        self.square += sign * float(mean @ mean)


class CameraMeans:
    """The running mean of every camera. Cameras are numbered from 0; people by any number.

    Each person counts once for each camera, however many pictures there are and however often the
    person came back. The mean over all cameras is scaled by N / (N + patience), N being the people
    seen. What a camera's own mean differs from it is a difference of people, too: it is shrunk
    after James and Stein by how much it would vary between random sets of that many people. So
    with one person nothing but a little of the common mean is taken away, and a camera that saw
    nobody has the common mean.
    """

    def __init__(self, settings: CentringSettings) -> None:
        self._settings = settings
        self._cameras: dict[int, _Camera] = {}
        self._means: Floats | None = None

    def add(self, camera: int, person: int, embeddings: Floats) -> None:
        """Take in (K, D) unit rows of one person on one camera."""
        if len(embeddings) == 0 or not self._settings.enabled:
            return
        if camera not in self._cameras:
            self._cameras[camera] = _Camera(embeddings.shape[1])
        self._cameras[camera].add(person, embeddings.astype(float), self._settings.memory)
        self._means = None

    @property
    def strength(self) -> float:
        """0..1 the share of what all have in common that is taken away."""
        people = set[int]().union(*(camera.people for camera in self._cameras.values()))
        return len(people) / (len(people) + self._settings.patience)

    def means(self, cameras: int, dimension: int) -> Floats:
        """(C, D) what to subtract from the embeddings of cameras 0..C-1."""
        if self._means is None or self._means.shape != (cameras, dimension):
            self._means = self._shrunk(cameras, dimension)
        return self._means

    def _shrunk(self, cameras: int, dimension: int) -> Floats:
        means = np.zeros((cameras, dimension))
        counts = np.array([len(camera.people) for camera in self._cameras.values()], float)
        if not len(counts):
            return means
        totals = np.array([camera.total for camera in self._cameras.values()])
        own = totals / counts[:, None]
        common = totals.sum(axis=0) / counts.sum()
        means += self.strength * common
        squares = np.array([camera.square for camera in self._cameras.values()])
        scatter = float((squares - counts * (own**2).sum(axis=1)).sum())
        freedom = counts.sum() - len(counts)
        if freedom < 1:
            return means
        offsets = own - common
        expected = scatter / freedom / counts * (1 - counts / counts.sum())
        found = np.maximum((offsets**2).sum(axis=1), 1e-12)
        means[list(self._cameras)] += np.maximum(1 - expected / found, 0)[:, None] * offsets
        return means
