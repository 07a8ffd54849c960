"""A local web page on which someone marks ground points in a camera's picture.

Only this machine reaches it: the server listens on 127.0.0.1, answers only to that host name (so
that no foreign page can, by a rebound address), and every request carries the token that stands in
the printed address.
"""

import json
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import resources
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["PointServer"]

Image = NDArray[np.uint8]
Floats = NDArray[np.floating]

LARGEST_BODY = 200_000  # bytes
MOST_POINTS = 1000
SLOWEST_CLIENT = 10.0  # seconds a request may take to arrive


@dataclass(frozen=True)
class _Page:
    token: str
    html: bytes
    picture: bytes


class PointServer:
    """Serves one picture and waits for its points.

        server = PointServer(picture)
        print(server.address)
        ground, pixels = server.wait()
        server.close()

    port: 0 chooses a free one.
    """

    def __init__(self, picture: Image, port: int = 0) -> None:
        encoded = cv2.imencode(".png", picture)[1].tobytes()
        html = resources.files("calibration").joinpath("points.html").read_bytes()
        page = _Page(secrets.token_urlsafe(24), html, encoded)
        self._server = _Server(page, port)
        self.address = f"http://127.0.0.1:{self._server.server_port}/?token={page.token}"

    def wait(self) -> tuple[Floats, Floats]:
        """Serve until points are sent: ground (N, 2) metres and pixels (N, 2)."""
        while self._server.points is None:
            self._server.handle_request()
        values = self._server.points
        return values[:, :2], values[:, 2:]

    def close(self) -> None:
        """Free the port."""
        self._server.server_close()


class _Server(HTTPServer):
    def __init__(self, page: _Page, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.page = page
        self.points: Floats | None = None


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SLOWEST_CLIENT

    def do_GET(self) -> None:
        """The page, or its picture."""
        if not self._admitted():
            return
        path = urlsplit(self.path).path
        if path == "/":
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", self.server.page.html)
        elif path == "/picture.png":
            self._answer(HTTPStatus.OK, "image/png", self.server.page.picture)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is only / and /picture.png")

    def do_POST(self) -> None:
        """The points, as JSON: a list of [x, y, column, row]."""
        if not self._admitted():
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too many points")
            return
        points = _parse(self.rfile.read(int(length)))
        if points is None:
            self._refuse(HTTPStatus.BAD_REQUEST, "expected rows of four finite numbers")
            return
        self.server.points = points
        self._answer(HTTPStatus.OK, "text/plain; charset=utf-8", b"thank you: close this page")

    def log_message(self, *_: object) -> None:
        """Nothing: the command's own output stays readable, and the token out of it."""

    def _admitted(self) -> bool:
        here = f"127.0.0.1:{self.server.server_port}"
        token = parse_qs(urlsplit(self.path).query).get("token", [""])[0]
        right = secrets.compare_digest(token.encode(), self.server.page.token.encode())
        if self.headers.get("Host") != here or not right:
            self._refuse(HTTPStatus.FORBIDDEN, "the token is missing or wrong")
            return False
        return True

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self._answer(status, "text/plain; charset=utf-8", reason.encode())

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header(
            "Content-Security-Policy",
            "default-src 'none'; img-src 'self'; connect-src 'self'; "
            "style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'",
        )
        self.end_headers()
        self.wfile.write(body)


def _parse(body: bytes) -> Floats | None:
    """(N, 4) x, y, column, row; None for anything else."""
    try:
        values = np.array(json.loads(body), float)
    except (ValueError, TypeError, RecursionError):
        return None
    if values.size == 0:
        return np.zeros((0, 4))
    if values.ndim != 2 or values.shape[1] != 4 or len(values) > MOST_POINTS:
        return None
    return values if np.isfinite(values).all() else None
