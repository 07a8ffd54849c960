"""The page to click points on: reached with the token only, and gives the points back."""

import json
import threading
import urllib.error
import urllib.request

import cv2
import numpy as np
import pytest

from calibration.web import PointServer

PICTURE = np.full((40, 60, 3), 90, np.uint8)


@pytest.fixture
def served():
    server = PointServer(PICTURE)
    result = []
    thread = threading.Thread(target=lambda: result.append(server.wait()), daemon=True)
    thread.start()
    yield server, thread, result
    if thread.is_alive():
        post(server, [])
        thread.join(5)
    server.close()


def address(server, path):
    root, token = server.address.split("?")
    return f"{root}{path}?{token}"


def fetch(request):
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.status, answer.read(), answer.headers


def post(server, rows):
    body = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    return fetch(urllib.request.Request(address(server, "points"), data=body, method="POST"))


def status_of(request):
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetch(request)
    with caught.value as error:
        return error.code


def test_page_and_picture_and_points(served):
    server, thread, result = served
    assert server.address.startswith("http://127.0.0.1:")
    status, page, headers = fetch(server.address)
    assert status == 200
    assert b"Mark ground points" in page
    assert b"http" not in page  # nothing from elsewhere
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    encoded = np.frombuffer(fetch(address(server, "picture.png"))[1], np.uint8)
    np.testing.assert_array_equal(cv2.imdecode(encoded, cv2.IMREAD_COLOR), PICTURE)
    assert post(server, [[0, 1, 10, 20], [2.5, 1, 30, 20]])[0] == 200
    thread.join(5)
    ground, pixels = result[0]
    assert ground.tolist() == [[0, 1], [2.5, 1]]
    assert pixels.tolist() == [[10, 20], [30, 20]]


def test_strangers_are_turned_away(served):
    server, thread, _ = served
    root = server.address.split("?")[0]
    assert status_of(root) == 403
    assert status_of(f"{root}?token=wrong") == 403
    assert status_of(urllib.request.Request(f"{root}points", data=b"[]", method="POST")) == 403
    foreign = urllib.request.Request(server.address, headers={"Host": "evil.example"})
    assert status_of(foreign) == 403
    assert status_of(address(server, "etc/passwd")) == 404
    assert thread.is_alive()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * 300_000, 413),
        (b"no json", 400),
        (b"[[1, 2, 3]]", 400),
        (b"[[1, 2, 3, NaN]]", 400),
        (b'{"a": 1}', 400),
        (b'[["a", 1, 2, 3]]', 400),
        (b"[[[[1]]]]", 400),
    ],
)
def test_what_is_no_list_of_points_is_refused(served, body, status):
    server, thread, _ = served
    request = urllib.request.Request(address(server, "points"), data=body, method="POST")
    try:
        assert status_of(request) == status
    except (urllib.error.URLError, ConnectionError):
        assert status == 413  # the server may hang up before the whole body was sent
    assert thread.is_alive()
