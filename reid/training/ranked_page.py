"""A page of ranked lists to look at: each row a query and its nearest gallery images."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.images import Image, read_image, resize
from reid.training.ranking import nearest
from reid.training.samples import ReidData

__all__ = ["draw_ranked_page"]

_HEIGHT, _WIDTH, _FRAME, _GAP = 128, 64, 4, 6  # pixels
_GREEN, _RED, _GREY = (80, 180, 60), (60, 60, 220), (160, 160, 160)  # BGR


def draw_ranked_page(
    embeddings: NDArray[np.float32],
    data: ReidData,
    *,
    queries: int = 12,
    top: int = 10,
    seed: int = 0,
) -> Image:
    """A picture with a row per query, drawn at random among those with a match elsewhere.

    The query stands left in a grey frame; then its `top` nearest, green where the identity is
    right and red where it is wrong. Images of the query's person on its own camera are left out,
    as in the scores. No query gives a blank page.
    """
    test = data.test
    candidates = [
        (trial, row)
        for trial in data.trials
        for row in trial.query
        if _has_match(data, trial.gallery, row)
    ]
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(candidates), min(queries, len(candidates)), replace=False)
    rows = []
    for trial, query in (candidates[i] for i in sorted(chosen)):
        own = (test.identities[trial.gallery] == test.identities[query]) & (
            test.cameras[trial.gallery] == test.cameras[query]
        )
        found = nearest(embeddings[trial.gallery] @ embeddings[query], ~own, top)
        tiles = [_tile(test.paths[query], _GREY), _blank(_GAP)]
        for hit in trial.gallery[found]:
            right = test.identities[hit] == test.identities[query]
            tiles.append(_tile(test.paths[hit], _GREEN if right else _RED))
        tiles += [_blank(_WIDTH + 2 * _FRAME)] * (top - len(found))
        rows.append(np.concatenate(tiles, axis=1))
    if not rows:
        return _blank((top + 1) * (_WIDTH + 2 * _FRAME) + _GAP)
    return np.concatenate(rows, axis=0)


def _has_match(data: ReidData, gallery: NDArray[np.integer], query: int) -> bool:
    test = data.test
    same = test.identities[gallery] == test.identities[query]
    return bool((same & (test.cameras[gallery] != test.cameras[query])).any())


def _tile(path: Path, colour: tuple[int, int, int]) -> Image:
    image = read_image(path)
    picture = _blank(_WIDTH)[:_HEIGHT] if image is None else resize(image, _HEIGHT, _WIDTH)
    framed = cv2.copyMakeBorder(
        picture, _FRAME, _FRAME, _FRAME, _FRAME, cv2.BORDER_CONSTANT, value=colour
    )
    return framed.astype(np.uint8, copy=False)


def _blank(width: int) -> Image:
    return np.full((_HEIGHT + 2 * _FRAME, width, 3), 255, np.uint8)
