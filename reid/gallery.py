"""What people looked like: a few embeddings of each, and their mean, which answers for them."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs import Settings
from configs.compiling import kernel

__all__ = ["Galleries", "GallerySettings", "unit_rows"]

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

REWEIGHTINGS = 3  # of a gallery's images


class GallerySettings(Settings):
    """How much is remembered of each person's looks."""

    images: int = Field(default=24, ge=1, le=64)
    """Embeddings kept of each person, chosen for quality and variety."""
    max_age: float = Field(default=3600.0, gt=0)
    """Seconds after which an embedding no longer counts."""
    max_people: int = Field(default=20_000, ge=1)
    """People remembered at most; the one who was seen longest ago is forgotten first."""


def unit_rows(rows: Floats) -> NDArray[np.float32]:
    """(N, D) float32 rows of length one; a row of zeros stays zero."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return (rows / np.maximum(lengths, 1e-12)).astype(np.float32)


class Galleries:
    """Up to `images` embeddings for each of many people, and the mean of each person's.

    People are known by any positive number. Embeddings stay as the cameras gave them, with the
    camera's number, since what is to be subtracted for the camera changes with time. The mean of
    a gallery is compared, not its best image: on two real cameras that tells people apart as well
    or better, and it asks an eighth of the memory.
    """

    def __init__(self, settings: GallerySettings) -> None:
        self._settings = settings
        self._slot_of: dict[int, int] = {}
        self._people = np.zeros(0, np.int64)  # by slot; 0 where it is free
        self._embeddings = np.zeros((0, settings.images, 0), np.float32)
        self._cosines = np.zeros((0, settings.images, settings.images), np.float32)
        self._times = np.zeros((0, settings.images))  # -inf where there is no image
        self._qualities = np.zeros((0, settings.images))
        self._cameras = np.zeros((0, settings.images), np.int64)
        self._means = np.zeros((0, 0), np.float32)
        self._squares = np.zeros(0, np.float32)  # squared lengths of the means
        self._shares = np.zeros((0, 0), np.float32)  # of each camera in the mean
        self._newest = np.zeros(0)  # -inf where there is no image
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._slot_of)

    def __contains__(self, person: int) -> bool:
        return person in self._slot_of

    def people(self) -> Ints:
        """(P,) everybody who has a gallery, ascending."""
        return np.sort(self._people[self._people > 0])

    def add(
        self, person: int, embeddings: Floats, qualities: Floats, cameras: Ints, time: float
    ) -> None:
        """Show new images of a person: (K, D) unit rows with (K,) qualities and (K,) cameras.

        While there is room each is kept. Then the closest two of those at hand are found and the
        poorer of them goes, so that what stays is good and varied.
        """
        if len(embeddings) == 0:
            return
        slot = self._slot_of.get(person)
        if slot is None:
            slot = self._open(person, embeddings.shape[1])
        self._times[slot, self._times[slot] < time - self._settings.max_age] = -np.inf
        fresh = np.ascontiguousarray(embeddings, np.float32)
        chosen = _choose(
            self._cosines[slot],
            self._times[slot],
            self._qualities[slot],
            self._embeddings[slot] @ fresh.T,
            fresh @ fresh.T,
            np.ascontiguousarray(qualities, np.float64),
            time,
        )
        places = np.flatnonzero(chosen >= 0)
        self._embeddings[slot, places] = fresh[chosen[places]]
        self._cameras[slot, places] = cameras[chosen[places]]
        self._summarise(slot)

    def forget(self, person: int) -> None:
        """Drop a person's gallery; nothing happens if there is none."""
        slot = self._slot_of.pop(person, None)
        if slot is not None:
            self._people[slot] = 0
            self._times[slot] = self._newest[slot] = -np.inf
            self._free.append(slot)

    def expire(self, time: float) -> None:
        """Drop the galleries whose newest image is older than `max_age` at that time."""
        old = (self._people > 0) & (self._newest < time - self._settings.max_age)
        for person in self._people[old].tolist():
            self.forget(person)

    def looks(self, person: int, since: float = -np.inf) -> tuple[Floats, Ints, Floats]:
        """A person's images from some time on: (K, D), their cameras (K,) and times (K,)."""
        slot = self._slot_of.get(person)
        if slot is None:
            return np.zeros((0, self._means.shape[1])), np.zeros(0, np.int64), np.zeros(0)
        times = self._times[slot]
        rows = np.flatnonzero((times >= since) & (times > -np.inf))
        return self._embeddings[slot, rows], self._cameras[slot, rows], self._times[slot, rows]

    def likeness(self, queries: Floats, people: Ints, means: Floats) -> NDArray[np.float32]:
        """(Q, P) cosine of each query with each person's mean embedding, both centred.

        queries: (Q, D) unit rows, centred already. means: (C, D) what to subtract for each camera.
        -1 for a person without images. Exact; v being a person's mean and f M the means of its
        cameras, (v - f M) q and |v - f M| are sums of products with q and M, so that nothing of
        the size of the galleries is copied.
        """
        result = np.full((len(queries), len(people)), -1, np.float32)
        known = self._slots(people)
        slots = known[known >= 0]
        if len(queries) == 0 or len(slots) == 0:
            return result
        M = means.astype(np.float32)
        shares = np.zeros((len(slots), len(M)), np.float32)
        cameras = min(len(M), self._shares.shape[1])
        shares[:, :cameras] = self._shares[slots, :cameras]
        asked = np.concatenate([queries.astype(np.float32), M]).T
        products = self._products(asked, slots)
        dots = products[:, : len(queries)] - shares @ (M @ queries.astype(np.float32).T)
        squares = self._squares[slots]
        squares = squares - 2 * (products[:, len(queries) :] * shares).sum(axis=1)
        squares += ((shares @ (M @ M.T)) * shares).sum(axis=1)
        result[:, known >= 0] = (dots / np.sqrt(np.maximum(squares, 1e-9))[:, None]).T
        return result

    def _slots(self, people: Ints) -> Ints:
        """(P,) where each person's gallery is; -1 where there is none."""
        order = np.argsort(self._people, kind="stable")
        place = np.searchsorted(self._people, people, sorter=order)
        slots = np.append(order, -1)[place]
        return np.where(np.append(self._people, 0)[slots] == people, slots, -1)

    def _products(self, asked: Floats, slots: Ints) -> Floats:
        """(S, A) means times `asked` (D, A): in place where most slots are asked."""
        end = int(slots.max()) + 1
        if len(slots) * 2 > end:
            return (self._means[:end] @ asked)[slots]
        return self._means[slots] @ asked

    def _summarise(self, slot: int) -> None:
        weights = _agreement(self._cosines[slot], self._times[slot])
        mean = weights @ self._embeddings[slot]
        cameras = np.bincount(self._cameras[slot], weights)
        if len(cameras) > self._shares.shape[1]:
            wider = len(cameras) - self._shares.shape[1]
            self._shares = np.pad(self._shares, ((0, 0), (0, wider)))
        self._means[slot] = mean
        self._squares[slot] = mean @ mean
        self._shares[slot] = 0
        self._shares[slot, : len(cameras)] = cameras / cameras.sum()
        self._newest[slot] = self._times[slot].max()

    def _open(self, person: int, dimension: int) -> int:
        if len(self._slot_of) >= self._settings.max_people:
            self.forget(self._stalest())
        if not self._free:
            self._grow(dimension)
        slot = self._free.pop()
        self._slot_of[person] = slot
        self._people[slot] = person
        return slot

    def _stalest(self) -> int:
        """The person whose newest image is oldest; of several the one in the first slot."""
        return int(self._people[np.where(self._people > 0, self._newest, np.inf).argmin()])

    def _grow(self, dimension: int) -> None:
        old, images = self._times.shape
        new = max(16, old)
        self._embeddings = _longer(
            self._embeddings.reshape(old, images, dimension), new, np.float32(0)
        )
        self._cosines = _longer(self._cosines, new, np.float32(0))
        self._means = _longer(self._means.reshape(old, dimension), new, np.float32(0))
        self._times = _longer(self._times, new, -np.inf)
        self._qualities = _longer(self._qualities, new, 0.0)
        self._cameras = _longer(self._cameras, new, 0)
        self._squares = _longer(self._squares, new, np.float32(0))
        self._shares = _longer(self._shares, new, np.float32(0))
        self._newest = _longer(self._newest, new, -np.inf)
        self._people = _longer(self._people, new, 0)
        self._free.extend(range(old + new - 1, old - 1, -1))


@kernel("i8[::1](f4[:, ::1], f8[::1], f8[::1], f4[:, ::1], f4[:, ::1], f8[::1], f8)")
def _choose(
    cosines: Floats,
    times: Floats,
    qualities: Floats,
    to_fresh: Floats,
    among_fresh: Floats,
    fresh_qualities: Floats,
    time: float,
) -> Ints:
    """(S,) which of K new images comes into each of a gallery's S places, one after the other; -1
    where none does.

    cosines (S, S), times (S,), -inf where it is empty, and qualities (S,) are brought up to date.
    to_fresh: (S, K) cosines of the old images with the new ones. among_fresh: (K, K).
    """
    size = len(times)
    chosen = np.full(size, -1, np.int64)
    for image in range(len(fresh_qualities)):
        quality = fresh_qualities[image]
        nearest, place = 0, -1
        row = np.empty(size, np.float32)
        for n in range(size):
            old = chosen[n] < 0
            row[n] = to_fresh[n, image] if old else among_fresh[chosen[n], image]
            if row[n] > row[nearest]:
                nearest = n
            if place < 0 and times[n] == -np.inf:
                place = n
        if place < 0:
            first, second = 0, 0
            for n in range(size):
                for m in range(size):
                    if n != m and (first == second or cosines[n, m] > cosines[first, second]):
                        first, second = n, m
            if size == 1 or row[nearest] > cosines[first, second]:
                place = nearest if qualities[nearest] <= quality else -1
            else:
                place = first if qualities[first] <= qualities[second] else second
        if place >= 0:
            chosen[place] = image
            times[place], qualities[place] = time, quality
            for n in range(size):
                cosines[place, n] = cosines[n, place] = row[n]
            cosines[place, place] = 1
    return chosen


@kernel("f4[::1](f4[:, ::1], f8[::1])")
def _agreement(cosines: Floats, times: Floats) -> Floats:
    """(S,) how much each of a gallery's images counts, 1 together: least those least like the
    rest, which may show somebody else, or two people at once. By re-weighting the mean.

    cosines: (S, S) of unit rows, of which the mean and all that is near it are sums. times: (S,)
    -inf where there is no image, which counts nothing.
    """
    size, count = len(times), 0
    for n in range(size):
        count += times[n] > -np.inf
    weights = np.zeros(size, np.float32)
    for n in range(size):
        if times[n] > -np.inf:
            weights[n] = 1 / count
    products, apart, ranked = np.empty(size), np.empty(size), np.empty(count)
    for _ in range(REWEIGHTINGS if count > 2 else 0):
        square = 0.0
        for n in range(size):
            products[n] = 0.0
            for m in range(size):
                products[n] += cosines[n, m] * weights[m]
            square += products[n] * weights[n]
        length = np.sqrt(max(square, 1e-9))
        found = 0
        for n in range(size):
            if times[n] > -np.inf:
                apart[n] = max(1 - products[n] / length, 1e-6)
                place = found
                while place > 0 and ranked[place - 1] > apart[n]:
                    ranked[place] = ranked[place - 1]
                    place -= 1
                ranked[place] = apart[n]
                found += 1
        median = (ranked[(count - 1) // 2] + ranked[count // 2]) / 2
        total = 0.0
        for n in range(size):
            if times[n] > -np.inf:
                weights[n] = min((median / apart[n]) ** 2, 1.0)
                total += weights[n]
        for n in range(size):
            weights[n] /= total
    return weights


def _longer(rows: np.ndarray, more: int, value: object) -> np.ndarray:
    """The rows (N, ...) and `more` of them filled with a value."""
    return np.concatenate([rows, np.full((more, *rows.shape[1:]), value, rows.dtype)])
