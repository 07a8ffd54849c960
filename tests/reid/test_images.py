"""Reading, resizing and normalising crops."""

import cv2
import numpy as np
import pytest

from configs.errors import InputError
from reid.images import Preprocessing, network_input, read_image, resize


def test_no_crops_give_an_empty_batch():
    assert network_input([], Preprocessing()).shape == (0, 3, 160, 64)


def test_network_input_is_scaled_reordered_and_normalised():
    crop = np.zeros((10, 6, 3), np.uint8)
    crop[...] = (255, 0, 51)  # blue, green, red
    planes = network_input([crop], Preprocessing(height=20, width=12))
    assert planes.shape == (1, 3, 20, 12)
    expected = [(0.2 - 0.485) / 0.229, (0 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    np.testing.assert_allclose(planes[0, :, 3, 4], expected, rtol=1e-5)
    blue_first = Preprocessing(height=20, width=12, rgb=False, mean=(0, 0, 0), std=(1, 1, 1))
    np.testing.assert_allclose(network_input([crop], blue_first)[0, :, 0, 0], [1, 0, 0.2])


def test_crops_of_different_sizes_share_a_batch():
    crops = [np.full((h, w, 3), 7, np.uint8) for h, w in [(1, 1), (300, 20), (16, 9)]]
    planes = network_input(crops, Preprocessing())
    np.testing.assert_allclose(planes[1:], planes[:1].repeat(2, 0))


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 0, 3), (4, 4), (4, 4, 4)])
def test_a_picture_without_pixels_is_refused(shape):
    with pytest.raises(ValueError, match="expected a picture"):
        resize(np.zeros(shape, np.uint8), 8, 8)


def test_shrinking_averages():
    checks = np.indices((16, 16)).sum(0) % 2 * 200
    image = np.repeat(checks[..., None], 3, axis=2).astype(np.uint8)
    assert np.all(resize(image, 4, 4) == 100)


def test_files_that_are_no_picture_are_none(tmp_path):
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.jpg").write_text("not a picture")
    assert read_image(tmp_path / "missing.jpg") is None
    assert read_image(tmp_path / "empty.png") is None
    assert read_image(tmp_path / "text.jpg") is None
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((5, 4), 9, np.uint8))
    assert np.array_equal(read_image(tmp_path / "grey.png"), np.full((5, 4, 3), 9))


def test_metadata_there_and_back():
    preprocessing = Preprocessing(height=80, width=32, rgb=False, std=(1, 2, 3))
    assert Preprocessing.from_metadata(preprocessing.to_metadata()) == preprocessing
    assert Preprocessing.from_metadata({"other": "1"}) is None
    for text in ("{", '{"height": -3}', "[1]"):
        with pytest.raises(InputError, match="malformed"):
            Preprocessing.from_metadata({"preprocessing": text})
