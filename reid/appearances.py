"""How people look, how far apart two looks are, and what that says about who is who."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs import Settings
from reid.centring import CameraMeans, CentringSettings, centred
from reid.gallery import Galleries, GallerySettings
from reid.likeness import CosinePrior, LikenessModel

__all__ = ["AppearanceSettings", "Appearances", "Look", "look_of"]

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]


class AppearanceSettings(Settings):
    """What is remembered of people's looks, and how looks are compared."""

    gallery: GallerySettings = GallerySettings()
    centring: CentringSettings = CentringSettings()
    prior: CosinePrior = CosinePrior()
    """Cosines to be expected of the embeddings..."""
    use_prior: bool = False
    """...even where the ReID model says otherwise of itself."""
    pairs: int = Field(default=256, ge=1)
    """Certain pairs of one person, and of two people, that the threshold is learned from."""
    stretch: float = Field(default=1.3, ge=1)
    """How much further apart a person's looks are from visit to visit than within one track."""


@dataclass(frozen=True)
class Look:
    """How somebody looked in a few pictures.

    mean: (D,) of the pictures' unit embeddings as the cameras gave them. cameras: (K,) the number
    of the camera of each picture, so that the mean can be centred at any later time.
    """

    mean: Floats
    cameras: Ints


def look_of(embeddings: Floats, cameras: Ints) -> Look:
    """The look of (K, D) unit embeddings by (K,) cameras, K >= 1."""
    return Look(embeddings.mean(axis=0), cameras)


class Appearances:
    """The looks of all people, centred by camera, and the two curves that distances follow.

    Cameras are numbered from 0, people by any positive number. Pairs of looks that are certainly
    of one person, or certainly of two, come from outside and are kept as they were seen, the last
    of each key; how far apart they are is always told by the present means, just as for anybody
    who is asked about.
    """

    def __init__(self, settings: AppearanceSettings, prior: CosinePrior | None = None) -> None:
        """prior: what the ReID model says of itself; None where it says nothing."""
        self._settings = settings
        self._prior = settings.prior if settings.use_prior or prior is None else prior
        self._means = CameraMeans(settings.centring)
        self._same: OrderedDict[Hashable, tuple[Look, Look, float]] = OrderedDict()
        self._different: OrderedDict[Hashable, tuple[Look, Look, float]] = OrderedDict()
        self._model: LikenessModel | None = None
        self._cameras = 1
        self.galleries = Galleries(settings.gallery)

    def add(
        self, person: int, embeddings: Floats, qualities: Floats, cameras: Ints, time: float
    ) -> None:
        """Show (K, D) unit embeddings of a person, with (K,) qualities and (K,) cameras."""
        self.galleries.add(person, embeddings, qualities, cameras, time)
        for camera in sorted(set(cameras.tolist())):
            self._means.add(camera, person, embeddings[cameras == camera])
            self._cameras = max(self._cameras, camera + 1)
        self._model = None

    def distances(self, looks: Sequence[Look], people: Ints) -> Floats:
        """(N, P) 1 - cosine of each look with each person's, centred; inf where there is none."""
        if not looks or len(people) == 0:
            return np.full((len(looks), len(people)), np.inf)
        means = self._camera_means(len(looks[0].mean), looks)
        likeness = self.galleries.likeness(self._centre(looks, means), people, means)
        return np.where(likeness > -1, 1 - likeness.astype(np.float64), np.inf)

    def centred(self, looks: Sequence[Look]) -> Floats:
        """(N, D) unit rows, whose products are the centred cosines; (0, 0) of no looks."""
        if not looks:
            return np.zeros((0, 0))
        return self._centre(looks, self._camera_means(len(looks[0].mean), looks))

    def learn_same(self, key: Hashable, first: Look, second: Look, *, visits: bool) -> None:
        """Two looks of one person. visits: they differ as much as those of two visits do, as from
        two cameras; within one track on one camera they don't, and their distance is stretched.
        """
        stretch = 1.0 if visits else self._settings.stretch
        self._keep(self._same, key, (first, second, stretch))

    def learn_different(self, key: Hashable, first: Look, second: Look) -> None:
        """Two looks of two people."""
        self._keep(self._different, key, (first, second, 1.0))

    def model(self) -> LikenessModel:
        """What distances mean now: the prior, and all certain pairs under the present means."""
        if self._model is None:
            strength = self._means.strength if self._settings.centring.enabled else 0.0
            self._model = LikenessModel(self._prior.at(strength))
            self._model.learn(self._apart(self._same), self._apart(self._different))
        return self._model

    def _keep(
        self,
        pairs: OrderedDict[Hashable, tuple[Look, Look, float]],
        key: Hashable,
        pair: tuple[Look, Look, float],
    ) -> None:
        pairs[key] = pair
        pairs.move_to_end(key)
        if len(pairs) > self._settings.pairs:
            pairs.popitem(last=False)
        self._model = None

    def _apart(self, pairs: OrderedDict[Hashable, tuple[Look, Look, float]]) -> Floats:
        """(N,) the distance of each pair."""
        if not pairs:
            return np.zeros(0)
        first, second, stretch = zip(*pairs.values(), strict=True)
        means = self._camera_means(len(first[0].mean), (*first, *second))
        cosines = (self._centre(first, means) * self._centre(second, means)).sum(axis=1)
        return (1 - cosines) * np.array(stretch)

    def _camera_means(self, dimension: int, looks: Sequence[Look]) -> Floats:
        """(C, D) for all cameras that the looks and the galleries name."""
        named = max(int(look.cameras.max(initial=0)) + 1 for look in looks)
        return self._means.means(max(named, self._cameras), dimension)

    def _centre(self, looks: Sequence[Look], means: Floats) -> Floats:
        """(N, D) unit rows."""
        shares = np.array(
            [np.bincount(look.cameras, minlength=len(means)) / len(look.cameras) for look in looks]
        )
        return centred(np.array([look.mean for look in looks]), shares @ means)
