"""Smoothing: against SciPy's filter, in proportion to the size, and what it leaves alone."""

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from reid.models import ModelSettings, create_model
from reid.models.smoothing import Smoothing


def test_inside_it_is_scipys_gaussian():
    image = torch.rand(2, 3, 80, 64)
    ours = Smoothing(3.0)(image).numpy()
    theirs = gaussian_filter(image.numpy(), (0, 0, 1.5, 1.5), truncate=8)
    np.testing.assert_allclose(ours[..., 12:-12, 12:-12], theirs[..., 12:-12, 12:-12], atol=1e-5)


def test_a_plain_image_stays_as_it_is_up_to_its_border():
    image = torch.full((1, 3, 32, 16), 0.7)
    torch.testing.assert_close(Smoothing(4.0)(image), image)
    assert Smoothing(4.0)(torch.zeros(0, 3, 32, 16)).shape == (0, 3, 32, 16)


def test_a_network_that_smooths_sees_smoothed_images():
    torch.manual_seed(0)
    plain = create_model(ModelSettings()).eval()
    smooth = create_model(ModelSettings(smoothing=2.0)).eval()
    smooth.load_state_dict(plain.state_dict())  # nothing is learnt in it
    images = torch.randn(2, 3, 32, 16)
    with torch.no_grad():
        torch.testing.assert_close(smooth.embed(images), plain.embed(Smoothing(2.0)(images)))
