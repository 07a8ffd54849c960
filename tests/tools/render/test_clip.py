"""The clip in tests/data/room: twenty rendered seconds by four cameras, whole and consistent.

Drawn by `python tools/render room --seconds 20 --people 6 --most-at-once 5 --present 3 --stay 10
--crf 25 --seed 5`.
"""

import csv
from pathlib import Path

import av
import numpy as np

from calibration.rig import read_rig

CLIP = Path(__file__).parents[2] / "data" / "room"


def test_the_clip_is_whole():
    rig = read_rig(CLIP / "cameras.yaml")
    assert rig.names == ("c1", "c2", "c3", "c4")
    assert sum(path.stat().st_size for path in CLIP.iterdir()) < 6e6
    for name in rig.names:
        with av.open(rig.sources[name]) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height, stream.average_rate) == (640, 480, 15)
            assert sum(1 for _ in container.demux(stream)) >= 300


def test_its_truth_fits_its_calibration():
    with (CLIP / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["identity"] for row in rows} == set("123456")
    cameras = read_rig(CLIP / "cameras.yaml").cameras
    for name, camera in cameras.items():
        mine = [row for row in rows if row["camera"] == name and float(row["visible"]) > 0.9]
        ground = np.array([(float(row["x"]), float(row["y"])) for row in mine])
        pixels, valid = camera.ground2image(ground)
        assert valid.all()
        np.testing.assert_allclose(camera.image2ground(pixels)[0], ground, atol=1e-3)
        left, top, width, height = np.array(
            [[float(row[k]) for k in ("left", "top", "width", "height")] for row in mine]
        ).T
        assert (pixels[:, 0] > left - 0.35 * height).all()
        assert (pixels[:, 0] < left + width + 0.35 * height).all()
        assert (pixels[:, 1] > top).all()
