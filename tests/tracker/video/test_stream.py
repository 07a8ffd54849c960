"""A stream over HTTP on this machine that breaks off and comes back."""

import io
import itertools
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import av
import numpy as np
import pytest

from configs.errors import InputError
from tracker.video import CameraSource, VideoSettings, open_source, ticks


def transport_stream(frames, rate=25):
    """An MPEG-TS of grey frames, as a camera would send it."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as container:
        stream = container.add_stream("mpeg2video", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"g": "5"}
        for number in range(frames):
            image = np.full((48, 64, 3), number % 250, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return buffer.getvalue()


@contextmanager
def camera(data, connections):
    """Serve `data` to that many connections, each of which then breaks off; refuse the next."""
    served = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            served.append(self.path)
            if len(served) > connections:
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", "video/mp2t")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/live", served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_stream_that_breaks_is_opened_again_while_a_file_goes_on(make_video):
    path = make_video("file.mp4", frames=20, rate=10)
    settings = VideoSettings(stream_timeout=5, stream_patience=0.3, reconnect_wait=0.5)
    with camera(transport_stream(30), connections=2) as (url, served):
        live = open_source(CameraSource("live", url), settings)
        file = open_source(CameraSource("file", str(path)), settings)
        frames = [frame for tick in ticks([live, file]) for frame in tick]
    own = [frame for frame in frames if frame.camera == "live"]
    assert [f.index for f in frames if f.camera == "file"] == list(range(20))
    assert len(served) >= 3  # two connections, and the attempt that was refused
    assert live.report.reconnects >= 1
    assert len(own) + live.report.dropped == live.report.frames > 30
    assert all(a.time < b.time for a, b in itertools.pairwise(own))
    assert all(a.index < b.index for a, b in itertools.pairwise(own))


def test_a_stream_that_does_not_answer_is_refused_without_its_password():
    url = "http://admin:secret@127.0.0.1:9/live"
    with pytest.raises(InputError) as caught:
        open_source(CameraSource("gate", url), VideoSettings(stream_timeout=1))
    assert "127.0.0.1:9/live" in str(caught.value)
    assert "secret" not in str(caught.value)
