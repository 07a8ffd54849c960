"""Small videos, made on the spot: the grey level of a frame tells its number."""

from fractions import Fraction

import av
import numpy as np
import pytest

GREY_STEP = 8  # more than what the codec changes


@pytest.fixture
def make_video(tmp_path):
    """make_video(name, frames, rate, size, ...) -> path; frame n has grey level 8 n."""

    def make(
        name="clip.mp4", frames=10, rate=10, size=(64, 48), delay=0.0, gop=5, fragmented=False
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {"movflags": "frag_keyframe+empty_moov"} if fragmented else {}
        with av.open(str(path), "w", options=options) as container:
            stream = container.add_stream("libx264", rate=Fraction(rate))
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.options = {"preset": "ultrafast", "g": str(gop)}
            for number in range(frames):
                image = np.full((size[1], size[0], 3), number * GREY_STEP % 256, np.uint8)
                frame = av.VideoFrame.from_ndarray(image, format="bgr24")
                frame.time_base = Fraction(1, 1000)
                frame.pts = round(number / rate * 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return make


@pytest.fixture
def grey_number():
    """The number of a frame by its grey level."""
    return lambda image: round(float(image.mean()) / GREY_STEP)
