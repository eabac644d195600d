"""What revocation lists and answers of responders are fetched with: a time, a size, and no way elsewhere."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pyzoo.runtime.tls import url_fetch
from pyzoo.runtime.tls.url_fetch import fetch_url


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/list")
            self.end_headers()
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b"x")
                time.sleep(0.05)
        elif self.path == "/list":
            self._give(b"a list")
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._give(self.headers["Content-Type"].encode() + b" " + body)

    def _give(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up in the middle is what a test is about."""


@pytest.fixture
def base() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_list_is_fetched_and_a_responder_is_asked(base: str) -> None:
    assert b"a list" == fetch_url(f"{base}/list", None)
    assert b"application/ocsp-request ask" == fetch_url(f"{base}/ocsp", b"ask")


@pytest.mark.parametrize("path", ["/elsewhere", "/missing"])
def test_nothing_but_the_place_itself_counts(base: str, path: str) -> None:
    with pytest.raises(OSError, match="HTTP Error"):
        fetch_url(base + path, None)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ldap://127.0.0.1/x", "x"])
def test_only_http_is_spoken(url: str) -> None:
    with pytest.raises(ValueError, match="only http and https are asked"):
        fetch_url(url, None)


def test_what_is_too_large_is_given_up(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url_fetch, "MOST_BYTES", 3)
    with pytest.raises(ValueError, match="more than 3 bytes"):
        fetch_url(f"{base}/list", None)


def test_what_comes_byte_by_byte_is_given_up(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url_fetch, "WHOLE_SECONDS", 0.3)
    with pytest.raises(TimeoutError, match=r"more than 0\.3 seconds"):
        fetch_url(f"{base}/slow", None)
