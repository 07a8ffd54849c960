"""The pictures of a sequence, where there are any."""

from collections.abc import Iterator

import cv2
import numpy as np

from configs.errors import InputError
from tracker.motchallenge import MotSequence
from tracker.types import Frame

__all__ = ["count_pictures", "frames_of", "has_pictures"]


def count_pictures(sequence: MotSequence) -> int:
    """How many of the sequence's frames have their picture."""
    if not sequence.image_folder.is_dir():
        return 0
    there = {path.name for path in sequence.image_folder.iterdir()}
    return sum(sequence.image_path(frame).name in there for frame in range(1, sequence.length + 1))


def has_pictures(sequence: MotSequence) -> bool:
    """Whether every frame of the sequence has its picture."""
    return count_pictures(sequence) == sequence.length


def frames_of(sequence: MotSequence, with_pictures: bool) -> Iterator[Frame]:
    """Every frame in order, on a clock that begins at 0. Raises InputError for a broken picture."""
    for index in range(sequence.length):
        image = None
        if with_pictures:
            path = sequence.image_path(index + 1)
            picture = cv2.imread(str(path))
            if picture is None:
                raise InputError(f"{path}: not a picture that can be read")
            image = np.asarray(picture, np.uint8)
        yield Frame(sequence.name, index, index / sequence.frame_rate, image)
