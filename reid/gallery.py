"""What people looked like: a few embeddings of each, stacked so that one product asks them all."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs import Settings

__all__ = ["Galleries", "GallerySettings", "unit_rows"]

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]


class GallerySettings(Settings):
    """How much is remembered of each person's looks."""

    images: int = Field(default=8, ge=1, le=64)
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
    """Up to `images` embeddings for each of many people, in one (people, images, D) array.

    People are known by any positive number. An embedding comes with the camera it was seen by,
    so that `likeness` can look at it relative to that camera's mean, and with a quality in 0..1.
    """

    def __init__(self, settings: GallerySettings) -> None:
        self._settings = settings
        self._slot_of: dict[int, int] = {}
        self._embeddings = np.zeros((0, settings.images, 0), np.float32)
        self._times = np.zeros((0, settings.images))
        self._qualities = np.zeros((0, settings.images))
        self._cameras = np.zeros((0, settings.images), np.int64)
        self._filled = np.zeros((0, settings.images), bool)
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._slot_of)

    def __contains__(self, person: int) -> bool:
        return person in self._slot_of

    def add(
        self, person: int, embeddings: Floats, qualities: Floats, camera: int, time: float
    ) -> None:
        """Show new images of a person: (K, D) unit rows with (K,) qualities, all of one camera.

        While there is room each is kept. Then the closest two of those at hand are found and the
        poorer of them goes, so that what stays is good and varied.
        """
        if len(embeddings) == 0:
            return
        slot = self._slot_of.get(person)
        if slot is None:
            slot = self._open(person, embeddings.shape[1])
        self._filled[slot] &= self._times[slot] >= time - self._settings.max_age
        for embedding, quality in zip(embeddings, qualities, strict=True):
            place = self._place(slot, embedding, float(quality))
            if place < 0:
                continue
            self._embeddings[slot, place] = embedding
            self._qualities[slot, place] = quality
            self._cameras[slot, place] = camera
            self._times[slot, place] = time
            self._filled[slot, place] = True

    def forget(self, person: int) -> None:
        """Drop a person's gallery; nothing happens if there is none."""
        slot = self._slot_of.pop(person, None)
        if slot is not None:
            self._filled[slot] = False
            self._free.append(slot)

    def move(self, source: int, target: int, time: float) -> None:
        """Give the images of one person to another: the two turned out to be one."""
        slot = self._slot_of.get(source)
        if slot is None:
            return
        for place in np.flatnonzero(self._filled[slot]):
            self.add(
                target,
                self._embeddings[slot, [place]],
                self._qualities[slot, [place]],
                int(self._cameras[slot, place]),
                time,
            )
        self.forget(source)

    def likeness(self, queries: Floats, people: Ints) -> NDArray[np.float32]:
        """(Q, P) cosine of each query (Q, D) with each person's gallery: the best image counts.

        -1 for a person without images. Exact: one matrix product over the stacked galleries.
        """
        result = np.full((len(queries), len(people)), -1, np.float32)
        known = np.array([self._slot_of.get(int(p), -1) for p in people], np.int64)
        if len(queries) == 0 or not (known >= 0).any():
            return result
        slots = known[known >= 0]
        result[:, known >= 0] = self._best(queries, slots).T
        return result

    def _best(self, queries: Floats, slots: Ints) -> NDArray[np.float32]:
        """(S, Q) the best cosine in each slot: in place where most slots are asked, no copy."""
        end = int(slots.max()) + 1
        whole = len(slots) * 2 > end
        rows = self._embeddings[:end] if whole else self._embeddings[slots]
        filled = self._filled[:end] if whole else self._filled[slots]
        flat = rows.reshape(-1, rows.shape[2]) @ queries.astype(np.float32).T
        flat[~filled.reshape(-1)] = -1
        best = flat.reshape(*rows.shape[:2], len(queries)).max(axis=1)
        return best[slots] if whole else best

    def _open(self, person: int, dimension: int) -> int:
        if len(self._slot_of) >= self._settings.max_people:
            self.forget(self._stalest())
        if not self._free:
            self._grow(dimension)
        slot = self._free.pop()
        self._slot_of[person] = slot
        return slot

    def _stalest(self) -> int:
        newest = np.where(self._filled, self._times, -np.inf).max(axis=1)
        return min(self._slot_of, key=lambda person: newest[self._slot_of[person]])

    def _grow(self, dimension: int) -> None:
        old, images = self._filled.shape
        new = max(16, old)
        blank = np.zeros((new, images))
        self._embeddings = np.concatenate(
            [
                self._embeddings.reshape(old, images, dimension),
                np.zeros((new, images, dimension), np.float32),
            ]
        )
        self._times = np.concatenate([self._times, blank])
        self._qualities = np.concatenate([self._qualities, blank])
        self._cameras = np.concatenate([self._cameras, blank.astype(np.int64)])
        self._filled = np.concatenate([self._filled, blank.astype(bool)])
        self._free.extend(range(old + new - 1, old - 1, -1))

    def _place(self, slot: int, embedding: Floats, quality: float) -> int:
        """Where a new embedding goes: an empty place, the one it replaces, or -1 for nowhere."""
        empty = np.flatnonzero(~self._filled[slot])
        if len(empty):
            return int(empty[0])
        rows = np.vstack([self._embeddings[slot], embedding])
        qualities = np.append(self._qualities[slot], quality)
        cosines = rows @ rows.T
        np.fill_diagonal(cosines, -np.inf)
        pair = np.array(np.unravel_index(np.argmax(cosines), cosines.shape))
        loser = int(pair[np.argmin(qualities[pair])])
        return loser if loser < len(self._filled[slot]) else -1
