"""Market-1501 and what shares its layout: DukeMTMC-reID, CUHK03-NP, rendered people.

Images are called `<identity>_c<camera>...`, in `bounding_box_train`, `query` and
`bounding_box_test`. Identity -1 is junk (poor boxes, left out as the protocol says), 0000 are
distractors, which stay in the gallery.
"""

import re
from pathlib import Path

import numpy as np

from configs.errors import InputError
from reid.training.datasets.files import find_root, image_files, require_folder
from reid.training.samples import ReidData, Samples, Trial, cross_camera_trials, split_identities

__all__ = ["read_cuhk03", "read_duke", "read_market", "read_rendered"]

TRAIN = "bounding_box_train"
_NAME = re.compile(r"(-1|\d{1,9})_c(\d{1,4})")


def read_market(root: Path) -> ReidData:
    """Market-1501 (Zheng et al. 2015): 12,936 images of 751 people to train, 3,368 queries of 750
    others among 15,913 gallery images, 6 cameras.
    """
    root = find_root(root, ("Market-1501-v15.09.15", "market1501"), "bounding_box_train")
    return _read(root, "market1501", "Market-1501")


def read_duke(root: Path) -> ReidData:
    """DukeMTMC-reID (Zheng et al. 2017): 16,522 images of 702 people, 2,228 queries, 17,661 in the
    gallery, 8 cameras. Its authors withdrew the data in 2019: this reads a copy that you have the
    right to use.
    """
    root = find_root(root, ("DukeMTMC-reID",), "bounding_box_train")
    return _read(root, "dukemtmc", "DukeMTMC-reID")


def read_cuhk03(root: Path, boxes: str) -> ReidData:
    """CUHK03 by the new protocol (Zhong et al. 2017), in the layout of its release CUHK03-NP.

    boxes: "detected" (7,365 training images of 767 people, 1,400 queries, 5,332 gallery) or
    "labeled" (7,368, 1,400, 5,328).
    """
    root = find_root(root, ("cuhk03-np", "CUHK03-NP"), boxes)
    folder = require_folder(root, boxes, "CUHK03-NP")
    return _read(folder, f"cuhk03-{boxes}", "CUHK03-NP")


def read_rendered(root: Path, holdout: float) -> ReidData:
    """Rendered people, with Market-1501's names: in its three folders, or all in one.

    A set rendered for evaluation alone has no `bounding_box_train`: nobody to train on.

    All in one (`root` itself, or only a `bounding_box_train`), `holdout` of the identities are
    kept for testing, searched across cameras.
    """
    if (root / "query").is_dir():
        return _read(root, "rendered", "a rendered set", trains=(root / TRAIN).is_dir())
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; expected a rendered set")
    train = root / TRAIN
    samples = _read_folder(train if train.is_dir() else root)
    train_samples, test = split_identities(samples, holdout)
    return ReidData("rendered", train_samples, test, cross_camera_trials(test))


def _read(root: Path, name: str, title: str, *, trains: bool = True) -> ReidData:
    train, query, gallery = (
        _read_folder(require_folder(root, folder, title))
        if trains or folder != TRAIN
        else Samples.of([])
        for folder in (TRAIN, "query", "bounding_box_test")
    )
    test = Samples(
        query.paths + gallery.paths,
        np.concatenate([query.identities, gallery.identities]),
        np.concatenate([query.cameras, gallery.cameras]),
    )
    rows = np.arange(len(test))
    return ReidData(name, train, test, (Trial(rows[: len(query)], rows[len(query) :]),))


def _read_folder(folder: Path) -> Samples:
    rows = []
    for path in image_files(folder):
        match = _NAME.match(path.name)
        if match is None:
            raise InputError(
                f"{path}: the name doesn't say identity and camera, as 0002_c1s1_000451_03.jpg does"
            )
        identity = int(match[1])
        if identity != -1:
            rows.append((path, identity, int(match[2])))
    return Samples.of(rows)
