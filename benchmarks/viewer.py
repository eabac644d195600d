"""Somebody who looks at a console: the requests of an open browser, without a browser that takes a processor itself."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

HOST = "127.0.0.1"
PATIENCE_S = 30
LEAST_APART_S = 1.5
"""As often as the page is got again at the most (live.js)."""


class Viewer:
    """Has the overview and the changes open, both live: two streams, and the overview again when it has news."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._over = threading.Event()
        self.events = 0
        self.pages = 0
        self._threads = [
            threading.Thread(target=self._listen, args=(path, refreshes), daemon=True)
            for path, refreshes in (("/console/live?topics=overview", True), ("/console/changes/live", False))
        ]

    def _listen(self, path: str, refreshes: bool) -> None:
        last = 0.0
        while not self._over.is_set():
            # A stream that ends is opened again, as browsers do.
            with suppress(OSError), closing(self._connection()) as connection:
                connection.request("GET", path, headers={"Host": "localhost", "Accept": "text/event-stream"})
                answer = connection.getresponse()
                while not self._over.is_set() and (line := answer.readline()):
                    if not line.startswith(b"data: "):
                        continue
                    self.events += 1
                    if refreshes and time.monotonic() - last >= LEAST_APART_S:
                        last = time.monotonic()
                        self.get("/")
            self._over.wait(1)

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(HOST, self._port, timeout=PATIENCE_S)

    def get(self, path: str) -> None:
        """Have a page, with all of it read. Raises OSError where it is not to be had."""
        with closing(self._connection()) as connection:
            connection.request("GET", path, headers={"Host": "localhost", "Accept": "text/html"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise OSError(f"{answer.status} for {path}")
            self.pages += 1

    @contextmanager
    def looking(self) -> Iterator[None]:
        """For as long as a `with`."""
        for path in ("/", "/console/changes"):
            self.get(path)
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
