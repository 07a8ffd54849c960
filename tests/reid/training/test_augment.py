"""Augmentation of batches: by hand, and the same from the same generator."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from reid.images import Preprocessing, network_input
from reid.models.smoothing import blur_matrices
from reid.training.augment import AugmentSettings, augment, cached_size, normalise
from reid.training.resampling import apply_separable, crop_matrices, low_resolution_matrix

SIZE = Preprocessing(height=32, width=16, mean=(0, 0, 0), std=(1, 1, 1))
NOTHING = AugmentSettings(flip=0, crop=0, crop_scale=1, erasing=0)
EVERYTHING = AugmentSettings(
    flip=0.5, crop=0.5, loose_crop=0.2, erasing=0.5, saturation=(0.1, 1), gamma=(0.6, 1.6),
    cast=0.3, contrast=(0.5, 1.5), exposure=(0.6, 1.6), shading=0.4, grey=0.2,
    detail=(0.8, 2),
    low_resolution=0.5, blur=0.5, jpeg=0.5,
)  # fmt: skip


def pictures(n, settings=NOTHING):
    height, width = cached_size(settings, SIZE.height, SIZE.width)
    return np.random.default_rng(0).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


def run(images, settings, seed=0):
    return augment(images, settings, SIZE, torch.Generator().manual_seed(seed))


def with_only(**changes):
    return NOTHING.model_copy(update=changes)


@pytest.mark.parametrize("settings", [NOTHING, EVERYTHING])
def test_no_images_give_an_empty_batch(settings):
    assert run(pictures(0, settings), settings).shape == (0, 3, 32, 16)


def test_nothing_switched_on_is_the_plain_input():
    images = pictures(3)
    plain = torch.from_numpy(network_input(list(images), SIZE))
    torch.testing.assert_close(run(images, NOTHING), plain, atol=1e-6, rtol=0)
    torch.testing.assert_close(normalise(images, SIZE), plain, atol=1e-6, rtol=0)


def test_everything_is_repeatable_finite_and_sized():
    images = pictures(20, EVERYTHING)
    first = run(images, EVERYTHING)
    assert first.shape == (20, 3, 32, 16)
    assert torch.isfinite(first).all()
    assert first.min() >= 0
    assert first.max() <= 1
    assert torch.equal(first, run(images, EVERYTHING))
    assert not torch.equal(first, run(images, EVERYTHING, seed=1))


def test_exposure_multiplies_and_clips():
    images = np.full((2, 32, 16, 3), 102, np.uint8)
    torch.testing.assert_close(
        run(images, with_only(exposure=(1.5, 1.5))), torch.full((2, 3, 32, 16), 0.6)
    )
    torch.testing.assert_close(run(images, with_only(exposure=(3, 3))), torch.ones(2, 3, 32, 16))


def test_shading_is_smooth_bounded_and_the_same_in_all_colours():
    images = np.full((20, 32, 16, 3), 102, np.uint8)
    factors = run(images, with_only(shading=0.5)) / 0.4
    assert torch.equal(factors[:, 0], factors[:, 2])
    assert 0.5 <= factors.min() < 0.7
    assert 1.3 < factors.max() <= 1.5
    assert factors.diff(dim=2).abs().max() <= 1.0 / (31 / 3) + 1e-5
    assert factors.diff(dim=3).abs().max() <= 1.0 / (15 / 2) + 1e-5


def test_detail_leaves_what_is_coarse_and_scales_what_is_fine():
    ramp = np.linspace(60, 180, 32).astype(np.uint8)
    plain = np.broadcast_to(ramp[:, None, None], (2, 32, 16, 3)).copy()
    checks = (np.indices((32, 16)).sum(axis=0) % 2 * 20).astype(np.uint8)[..., None]
    before, after = (run(plain + checks, with_only(detail=(k, k))) for k in (1, 2))
    inside = (slice(None), slice(None), slice(8, 24))
    torch.testing.assert_close(before, run(plain + checks, NOTHING), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        after.diff(dim=3)[inside], 2 * before.diff(dim=3)[inside], atol=0.01, rtol=0
    )
    torch.testing.assert_close(after.mean(3)[inside], before.mean(3)[inside], atol=0.02, rtol=0)


def test_flip_mirrors():
    images = pictures(2)
    torch.testing.assert_close(run(images, with_only(flip=1)), run(images, NOTHING).flip(3))


def test_a_crop_is_a_window_of_the_enlarged_image():
    settings = with_only(crop=1, crop_scale=2.0)
    rows = np.arange(64, dtype=np.uint8)[:, None, None]
    images = np.broadcast_to(rows, (50, 64, 32, 3))
    values = run(images, settings)[:, 0, :, 0] * 255
    torch.testing.assert_close(values.diff(dim=1)[:, 1:-1], torch.ones(50, 29), atol=1e-3, rtol=0)
    assert values[:, 0].min() >= 0
    assert values[:, 0].max() <= 33
    assert len(values[:, 0].unique()) > 20


def test_erasing_zeroes_rectangles_of_the_papers_sizes():
    images = np.full((400, 32, 16, 3), 255, np.uint8)
    erased = run(images, with_only(erasing=0.5))[:, 0] == 0
    shares = erased.float().mean((1, 2))
    touched = shares > 0
    assert 0.4 < touched.float().mean() < 0.6
    assert shares[touched].min() >= 0.015  # 0.02, rounded to pixels
    assert shares[touched].max() <= 0.45
    for mask in erased[touched]:
        rows, columns = mask.any(1), mask.any(0)
        assert mask.sum() == rows.sum() * columns.sum()  # a rectangle, filled


def test_grey_has_equal_channels_and_saturation_1_changes_nothing():
    images = pictures(4)
    grey = run(images, with_only(grey=1))
    torch.testing.assert_close(grey[:, 0], grey[:, 2])
    assert torch.equal(run(images, with_only(saturation=(0, 0))), grey)
    torch.testing.assert_close(run(images, with_only(saturation=(1, 1))), run(images, NOTHING))


def test_gamma_and_cast_by_hand():
    images = np.full((1, 32, 16, 3), 51, np.uint8)
    assert run(images, with_only(gamma=(2, 2)))[0, 0, 0, 0] == pytest.approx(0.04, rel=1e-4)
    cast = run(np.repeat(images, 200, 0), with_only(cast=0.5))[:, :, 0, 0]
    assert cast.min() >= 0.1
    assert cast.max() <= 0.3
    assert (cast[:, 0] != cast[:, 1]).all()


def test_jpeg_changes_a_little():
    smooth = np.linspace(0, 255, 32)[:, None, None].repeat(16, 1).repeat(3, 2).astype(np.uint8)
    squeezed = run(smooth[None], with_only(jpeg=1))
    plain = run(smooth[None], NOTHING)
    assert not torch.equal(squeezed, plain)
    assert (squeezed - plain).abs().mean() < 0.05


def test_resampling_matrices_by_hand():
    zero = torch.zeros(1)
    whole = crop_matrices(zero, torch.tensor([4.0]), 4, 4)[0]
    assert torch.equal(whole, torch.eye(4))
    beyond = crop_matrices(torch.tensor([-2.0]), torch.tensor([2.0]), 4, 2)[0]
    assert torch.equal(beyond, torch.tensor([[1.0, 0, 0, 0], [1, 0, 0, 0]]))  # the border repeats
    assert torch.equal(blur_matrices(zero, 3)[0], torch.eye(3))
    assert torch.equal(low_resolution_matrix(5, 5), torch.eye(5))


def test_shrinking_and_blurring_keep_the_sums_of_rows():
    for matrix in (
        low_resolution_matrix(40, 9),
        blur_matrices(torch.tensor([1.5]), 20)[0],
        crop_matrices(torch.tensor([1.5]), torch.tensor([31.0]), 36, 16)[0],
    ):
        torch.testing.assert_close(matrix.sum(1), torch.ones(len(matrix)))


def test_enlarging_equals_torchs_bilinear():
    images = torch.rand(2, 3, 10, 6, generator=torch.Generator().manual_seed(0))
    starts = torch.zeros(2)
    rows = crop_matrices(starts, torch.full((2,), 10.0), 10, 23)
    columns = crop_matrices(starts, torch.full((2,), 6.0), 6, 15)
    expected = functional.interpolate(images, (23, 15), mode="bilinear", align_corners=False)
    torch.testing.assert_close(apply_separable(images, rows, columns), expected)
