"""A tiny world of people to train on: everybody has an own pattern of two colours, in any light."""

import cv2
import numpy as np
import pytest

from reid.training.datasets import Source
from reid.training.sampler import BatchSettings
from reid.training.schedule import ScheduleSettings, Stage
from reid.training.settings import TrainSettings


@pytest.fixture
def people(tmp_path):
    """A function (n_people, n_images) -> folder of <identity>/<camera>_<n>.png, two cameras."""

    def write(n_people=4, n_images=4):
        rng = np.random.default_rng(0)
        root = tmp_path / "people"
        for person in range(n_people):
            clothes = rng.integers(0, 256, (4, 1, 3))
            for n in range(n_images):
                picture = rng.integers(0, 256, (1, 1, 3)) * np.ones((32, 16, 1))
                picture[4:28, 4:12] = clothes.repeat(6, 0)
                picture = picture * rng.uniform(0.4, 1) + rng.normal(0, 10, picture.shape)
                path = root / f"{person:03d}" / f"{n % 2}_{n}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), picture.clip(0, 255).astype(np.uint8))
        return root

    return write


@pytest.fixture
def tiny():
    """A function root -> settings of a run that takes a second."""

    def settings(root):
        return TrainSettings(
            sources=(Source(name="folder", root=root),),
            batch=BatchSettings(identities=2, images=2, steps=2),
            schedule=ScheduleSettings(epochs=2, warmup=1, drops=(1,)),
            stages=(Stage(height=16, width=16),),
            evaluate_every=1,
        )

    return settings
