"""Pairs of looks that are certainly one person's or two people's, for the threshold to learn from.

One track is one person; those whom one camera sees at once for long enough are different people.
"""

import itertools
from collections.abc import Iterable

import numpy as np

from reid.appearances import Appearances, Look, look_of

__all__ = ["learn_company", "learn_track"]


def learn_track(
    appearances: Appearances, person: int, track: tuple[str, int], since: float, apart: float
) -> None:
    """Learn from what is kept of the person since the (camera, track) began.

    Two cameras that see it at once are compared, or pictures of one camera that are `apart`
    seconds apart on average; nothing is learned where there are none.
    """
    rows, cameras, times = appearances.galleries.looks(person, since)
    if len(rows) < 2:
        return
    if visits := bool((cameras != cameras[0]).any()):
        early = cameras == np.bincount(cameras).argmax()
    else:
        early = times <= np.median(times)
        if early.all() or times[~early].min() - times[early].max() < 0:
            return
        if times[~early].mean() - times[early].mean() < apart:
            return
    first, second = (look_of(rows[part], cameras[part]) for part in (early, ~early))
    appearances.learn_same(track, first, second, visits=visits)


def learn_company(
    appearances: Appearances, present: Iterable[tuple[str, int, float]], latest: float
) -> None:
    """Learn from those who are there together.

    present: (camera, person, since) of each track that is followed now. latest: seconds; who
    began later isn't certain yet to be somebody else.
    """
    together: dict[str, list[tuple[int, Look]]] = {}
    for camera, person, since in present:
        images = appearances.galleries.looks(person, since)
        if since <= latest and len(images[0]):
            together.setdefault(camera, []).append((person, look_of(*images[:2])))
    for company in together.values():
        for (a, first), (b, second) in itertools.combinations(company, 2):
            appearances.learn_different((a, b), first, second)
