import numpy as np

from tracker.sampling import crop, embed_tracks, image_quality, visible_share
from tracker.types import CameraTracks, Detections, Frame


def test_no_boxes_have_no_shares_and_no_qualities():
    assert visible_share(np.zeros((0, 4))).shape == (0,)
    assert image_quality(np.zeros((0, 4)), np.zeros(0), full_height=100).shape == (0,)


def test_the_nearer_person_covers_the_farther():
    far, near, aside = [0, 0, 10, 20], [5, 10, 15, 30], [50, 0, 60, 20]
    shares = visible_share(np.array([far, near, aside], float))
    np.testing.assert_allclose(shares, [0.75, 1, 1])


def test_quality_wants_score_size_and_an_upright_box():
    boxes = np.array([[0, 0, 50, 100], [100, 0, 125, 50], [200, 0, 340, 100]], float)
    values = image_quality(boxes, np.array([0.8, 0.8, 1.0]), full_height=100)
    np.testing.assert_allclose(values, [0.8, 0.4, 0.5])


def test_a_crop_outside_the_image_is_one_pixel():
    image = np.zeros((20, 30, 3), np.uint8)
    assert crop(image, np.array([-5.0, 2.2, 4.5, 9.9])).shape == (8, 5, 3)
    assert crop(image, np.array([40.0, 40.0, 50.0, 50.0])).shape == (1, 1, 3)


class Counting:
    dimension = 2

    def __init__(self):
        self.calls = 0
        self.cameras = []

    def embed(self, crops, cameras):
        self.calls += 1
        self.cameras += cameras
        return np.array([[c.shape[0], c.shape[1]] for c in crops], np.float32).reshape(-1, 2)


def followed(camera, boxes):
    n = len(boxes)
    rows = np.arange(n)
    boxes = np.array(boxes, float).reshape(n, 4)
    return CameraTracks(
        camera, 0, 0.0, rows + 1, boxes, np.ones(n), rows < 0, rows, np.zeros(0, int)
    )


def test_all_cameras_are_embedded_in_one_call():
    image = np.zeros((100, 100, 3), np.uint8)
    frames = [Frame("a", 0, 0.0, image), Frame("b", 0, 0.0, image), Frame("c", 0, 0.0, None)]
    tracks = [
        followed("a", [[0, 0, 10, 20], [0, 0, 30, 40]]),
        followed("b", []),
        followed("c", [[0, 0, 5, 5]]),
    ]
    embedder = Counting()
    wanted = [np.array([False, True]), np.zeros(0, bool), np.array([True])]
    made = embed_tracks(frames, [Detections.empty()] * 3, tracks, wanted, embedder)
    assert embedder.calls == 1
    assert embedder.cameras == ["a"]
    assert made[0].tolist() == [[40, 30]]
    assert made[1].shape == (0, 2)
    assert made[2] is None


def test_given_embeddings_come_first_and_nothing_comes_of_nothing():
    given = Detections(np.zeros((2, 4)), np.ones(2), np.eye(2, dtype=np.float32))
    tracks = followed("a", [[0, 0, 5, 5], [0, 0, 5, 5]])
    frame = Frame("a", 0, 0.0, np.zeros((9, 9, 3), np.uint8))
    wanted = [np.array([False, True])]
    embedder = Counting()
    assert embed_tracks([frame], [given], [tracks], wanted, embedder)[0].tolist() == [[0, 1]]
    assert embedder.calls == 0
    assert embed_tracks([frame], [Detections.empty()], [tracks], wanted, None) == [None]
    assert embed_tracks([], [], [], [], embedder) == []
