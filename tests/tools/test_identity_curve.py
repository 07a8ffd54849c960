"""Identities of a small four-camera story never collide, whatever the noise in the looks."""

import runpy
from pathlib import Path

import numpy as np
import pytest

TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "identity_curve.py"))


@pytest.fixture(scope="module")
def told():
    return TOOL["story"](1, people=3, seconds=75.0)


@pytest.mark.parametrize("calibrated", [True, False])
def test_no_identity_is_twice_at_once_on_a_camera(told, calibrated):
    _, sightings = TOOL["follow"](told, 2.0, 0, calibrated=calibrated)
    assert sum(len(seen) for seen in sightings) > 100
    for seen in sightings:
        assert len(np.unique(seen.identities)) == len(seen)


def scores(noise):
    """Of three short stories without calibration, whose people don't look alike."""
    stories = [TOOL["story"](seed, people=3, seconds=75.0, alike=0.0) for seed in range(3)]
    return [TOOL["idf1"](told, noise, k, calibrated=False) for k, told in enumerate(stories)]


def test_people_who_do_not_look_alike_are_nearly_perfectly_told_apart_until_looks_are_noisy():
    perfect, noisy = scores(0.0), scores(4.0)
    assert min(perfect) > 90
    assert np.mean(perfect) > 95
    assert np.mean(noisy) < np.mean(perfect) - 20
