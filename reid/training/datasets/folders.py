"""Any folder of people: `<identity>/<camera>_<anything>.jpg`. PKU-ReID comes in this form."""

from pathlib import Path

from configs.errors import InputError
from reid.training.datasets.files import image_files
from reid.training.samples import ReidData, Samples, cross_camera_trials, split_identities

__all__ = ["read_folder"]


def read_folder(root: Path, name: str, holdout: float) -> ReidData:
    """The people of a folder: one folder each, the camera is what stands before the first `_`.

    `holdout` is the share of identities kept for testing (`split_identities`); the test searches
    every camera's images among those of the others.

    Raises InputError: no such folder, no identities in it, an image whose name has no camera.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; expected <identity>/<camera>_*.jpg inside")
    people = sorted(path for path in root.iterdir() if path.is_dir())
    if not people:
        raise InputError(f"{root} holds no identities; expected <identity>/<camera>_*.jpg inside")
    files = [
        (path, identity) for identity, person in enumerate(people) for path in image_files(person)
    ]
    for path, _ in files:
        if "_" not in path.stem:
            raise InputError(f"{path}: the name has no camera; expected <camera>_<anything>")
    cameras = {
        key: i for i, key in enumerate(sorted({path.stem.split("_")[0] for path, _ in files}))
    }
    samples = Samples.of([(path, i, cameras[path.stem.split("_")[0]]) for path, i in files])
    train, test = split_identities(samples, holdout)
    return ReidData(name, train, test, cross_camera_trials(test))
