"""Fetching a model by name, from a server on this machine that misbehaves."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from configs.errors import InputError
from tracker.detection.models import MODELS, NamedModel, fetch

DATA = bytes(range(256)) * 1000


class Server(ThreadingHTTPServer):
    """Serves DATA; `breaks` times it hangs up half-way; `ranges` says whether it can resume."""

    def __init__(self, breaks=0, ranges=True, data=DATA):
        self.breaks, self.ranges, self.data, self.asked = breaks, ranges, data, []
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request, client_address):
        """A client that hangs up is what some of the tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        start = int(wanted[6:-1]) if wanted and self.server.ranges else 0
        body = self.server.data[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.breaks:
            self.server.breaks -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def serve():
    servers = []

    def start(**options):
        server = Server(**options)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        url = f"http://127.0.0.1:{server.server_port}/model.onnx"
        sha256 = hashlib.sha256(DATA).hexdigest()
        return server, NamedModel("tiny", url, sha256, len(DATA), "Apache-2.0")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_it_is_fetched_once(serve, tmp_path):
    server, model = serve()
    path = fetch(model, tmp_path / "cache")
    assert path.read_bytes() == DATA
    assert fetch(model, tmp_path / "cache") == path
    assert server.asked == [None]
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["tiny.onnx"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_is_resumed(serve, tmp_path, ranges):
    server, model = serve(breaks=1, ranges=ranges)
    with pytest.raises(InputError, match="the next try goes on from there"):
        fetch(model, tmp_path)
    assert not (tmp_path / "tiny.onnx").exists()
    assert fetch(model, tmp_path).read_bytes() == DATA
    assert server.asked == [None, f"bytes={len(DATA) // 2}-"]


def test_wrong_bytes_are_deleted(serve, tmp_path):
    _, model = serve(data=DATA[::-1])
    with pytest.raises(InputError, match="not the expected one"):
        fetch(model, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_sends_too_much_is_cut_off(serve, tmp_path):
    _, model = serve(data=DATA * 50)
    with pytest.raises(InputError, match="bytes came"):
        fetch(model, tmp_path)
    assert not (tmp_path / "tiny.onnx").exists()


def test_a_damaged_copy_is_fetched_again(serve, tmp_path):
    _, model = serve()
    (tmp_path / "tiny.onnx").write_bytes(b"damaged")
    assert fetch(model, tmp_path).read_bytes() == DATA


def test_offline_says_where_to_put_the_file(serve, tmp_path):
    server, model = serve()
    with pytest.raises(InputError, match=r"--offline forbids .* there as tiny\.onnx"):
        fetch(model, tmp_path, offline=True)
    assert server.asked == []


def test_no_network_is_one_line(tmp_path):
    model = NamedModel("tiny", "http://127.0.0.1:9/x", "0" * 64, 10, "MIT")
    with pytest.raises(InputError, match="can't be fetched") as caught:
        fetch(model, tmp_path, timeout=2)
    assert "\n" not in str(caught.value)


def test_the_table_is_whole():
    for name, model in MODELS.items():
        assert name == model.name
        assert model.url.startswith("https://")
        assert len(bytes.fromhex(model.sha256)) == 32
        assert model.licence in {"Apache-2.0", "MIT", "BSD-3-Clause"}
