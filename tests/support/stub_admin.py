"""An HTTP server that answers what a test says, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from attrs import field, frozen

Answer = tuple[int, Any]
"""Status and what becomes JSON, or text as it is."""


@frozen
class Asked:
    """A request: its path, its query, and who it says that it is from."""

    path: str
    query: dict[str, str]
    authorization: str | None


@frozen
class StubAdmin:
    """`answers` are by path; a list is used up from its front but for its last one. Others are 404."""

    url: str
    answers: dict[str, Any]
    asked: list[Asked] = field(factory=list)

    def answer(self, path: str) -> Answer:
        found = self.answers.get(path, (404, "Not Found"))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        return found if isinstance(found, tuple) else (200, found)


@contextmanager
def stub_admin(answers: Mapping[str, Any]) -> Iterator[StubAdmin]:
    """Serve on a free port of loopback until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            stub.asked.append(Asked(parts.path, dict(parse_qsl(parts.query)), self.headers.get("Authorization")))
            status, value = stub.answer(parts.path)
            body = (value if isinstance(value, str) else json.dumps(value)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stub = StubAdmin(f"http://127.0.0.1:{server.server_port}/", dict(answers))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield stub
        finally:
            server.shutdown()
