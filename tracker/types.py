"""What flows through the tracker: frozen records of parallel arrays, and two protocols.

"Track" means one person on one camera; "identity" means one person in the whole scene.
Boxes are `(left, top, right, bottom)` in pixels of the camera's image, with edges as coordinates:
pixel `i` covers `[i, i + 1)`. Times are seconds on the scene's common clock. Positions are metres
on the ground plane. Every N may be 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reid.likeness import CosinePrior

__all__ = [
    "Arrival",
    "BoolArray",
    "CameraTracks",
    "Detections",
    "Detector",
    "Embedder",
    "FloatArray",
    "Frame",
    "Image",
    "IntArray",
    "Sightings",
]

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]
BoolArray = NDArray[np.bool_]
Image = NDArray[np.uint8]  # (height, width, 3), BGR


@dataclass(frozen=True)
class Frame:
    """One picture of one camera.

    index: position in the camera's source, from 0 (result files count from 1).
    time: presentation time in seconds on the scene's clock.
    image: None where a run has detections but no pictures.
    """

    camera: str
    index: int
    time: float
    image: Image | None


@dataclass(frozen=True)
class Detections:
    """The people found in one frame.

    boxes: (N, 4) float64 pixels. scores: (N,) float64, by convention in 0..1.
    embeddings: (N, D) float32 unit rows where the source of the detections brings its own
    appearance vectors; None where an `Embedder` computes them from crops. edge_noise: (N,) standard
    deviation of each box's edges, as a share of its height; None where the source doesn't tell.
    """

    boxes: FloatArray
    scores: FloatArray
    embeddings: FloatArray | None = None
    edge_noise: FloatArray | None = None

    def __post_init__(self) -> None:
        n = len(self.scores)
        if self.boxes.shape != (n, 4) or self.scores.shape != (n,):
            raise ValueError(f"boxes {self.boxes.shape} and scores {self.scores.shape} don't fit")
        if self.embeddings is not None and len(self.embeddings) != n:
            raise ValueError(f"{len(self.embeddings)} embeddings for {n} boxes")
        if self.edge_noise is not None and self.edge_noise.shape != (n,):
            raise ValueError(f"edge noise of {self.edge_noise.shape} for {n} boxes")

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, rows: IntArray | BoolArray | slice) -> "Detections":
        embeddings = None if self.embeddings is None else self.embeddings[rows]
        edge_noise = None if self.edge_noise is None else self.edge_noise[rows]
        return Detections(self.boxes[rows], self.scores[rows], embeddings, edge_noise)

    @classmethod
    def empty(cls) -> "Detections":
        """No person found."""
        return cls(np.zeros((0, 4)), np.zeros(0))


@dataclass(frozen=True)
class CameraTracks:
    """The people followed on one camera at one frame, ordered by id.

    ids: (N,) int64, unique within the camera, never used again. boxes: (N, 4). scores: (N,).
    is_new: (N,) True on the one frame at which a track is first reported: a new entry.
    detection_rows: (N,) the row of the frame's detections that the track took, or -1 where its
    box is only predicted.
    ended: (M,) ids of tracks, reported before, that will never be reported again.
    """

    camera: str
    index: int
    time: float
    ids: IntArray
    boxes: FloatArray
    scores: FloatArray
    is_new: BoolArray
    detection_rows: IntArray
    ended: IntArray

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Arrival:
    """A track that asks who it is: a new entry on one camera.

    embeddings: (K, D) unit rows, K >= 0 images of the person seen so far.
    position: (2,) metres on the ground plane, or None where the camera isn't calibrated.
    sources: the camera that took each image; () if all are `camera`'s. place: where the person
    came in, as a name, for travel times; "" for `camera`. inside: whether nobody comes in there, as
    far as one knows.
    """

    camera: str
    track_id: int
    time: float
    embeddings: FloatArray
    position: FloatArray | None = None
    sources: tuple[str, ...] = ()
    place: str = ""
    inside: bool = False


@dataclass(frozen=True)
class Sightings:
    """Who is seen on one camera at one frame: the tracker's result, ordered by identity.

    identities: (N,) int64 scene-wide identities, from 1. boxes: (N, 4). scores: (N,).
    positions: (N, 3) metres in the world, NaN where unknown.
    """

    camera: str
    index: int
    time: float
    identities: IntArray
    boxes: FloatArray
    scores: FloatArray
    positions: FloatArray = field(repr=False)

    def __len__(self) -> int:
        return len(self.identities)


class Detector(Protocol):
    """Finds people. One call takes the frames of one tick, of any cameras and sizes."""

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """The people in each frame, boxes clipped to the image, best score first."""


class Embedder(Protocol):
    """Turns crops of people into appearance vectors whose dot product is their likeness."""

    @property
    def dimension(self) -> int:
        """Length D of an embedding."""

    @property
    def cosine_prior(self) -> CosinePrior | None:
        """What is known beforehand of the embeddings' cosines; None if nothing is."""

    def embed(
        self, crops: Sequence[Image], cameras: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """(N, D) unit rows for N crops (height, width, 3) BGR of any size; N may be 0.

        cameras: (N,) which took each. It matters to those that are matched to cameras.
        """
