"""Endpoints: all sockets of a server, its listeners too, in one poller."""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.outbox import Outbox
from pyzoo.runtime.transport.endpoint import Endpoint, EndpointOwner
from pyzoo.runtime.transport.lingering import Lingering
from pyzoo.runtime.transport.listeners import Listener, Listeners
from pyzoo.runtime.transport.newcomers import REST_MS, Newcomers
from pyzoo.runtime.transport.poller import Poller, new_poller

NEVER: Final = 0x7FFFFFFFFFFFFFFF
_IN: Final = 1  # EPOLLIN


@final
class Endpoints(EndpointOwner):
    """All sockets of one server."""

    def __init__(self) -> None:
        self.poller: Poller = new_poller()
        self.newcomers = Newcomers(self.poller)
        self.listeners = Listeners(self.poller)
        # A list, whose places compiled code gets at without a call: descriptors are small numbers.
        self._by_fd: list[Endpoint | None] = []
        self.lingering = Lingering()
        self.deadline_ms: i64 = NEVER

    def at(self, fd: i64) -> Endpoint | None:
        """The connection of this descriptor."""
        return self._by_fd[fd] if 0 <= fd < len(self._by_fd) else None

    def all(self) -> list[Endpoint]:
        """Every connection that is watched."""
        return [endpoint for endpoint in self._by_fd if endpoint is not None]

    def add(self, endpoint: Endpoint) -> None:
        """Watch a connection."""
        missing = endpoint.fd + 1 - len(self._by_fd)
        if missing > 0:
            self._by_fd += [None] * missing
        self._by_fd[endpoint.fd] = endpoint
        endpoint.outbox.reader = endpoint
        if not endpoint.is_in:
            endpoint.poller = self.newcomers.poller
        endpoint.poller.register(endpoint.fd, _IN)

    def remove(self, endpoint: Endpoint) -> None:
        self._by_fd[endpoint.fd] = None
        endpoint.outbox.reader = None
        try:
            endpoint.poller.unregister(endpoint.fd)
        except OSError:
            pass

    def linger(self, endpoint: Endpoint) -> None:
        self._by_fd[endpoint.fd] = None
        endpoint.outbox.reader = None
        self.lingering.begin(endpoint.sock, endpoint.fd, endpoint.mask, endpoint.poller)
        self._set_deadline()

    def send(self, outboxes: list[Outbox]) -> None:
        """Send what these have; those that are over already are passed over."""
        for outbox in outboxes:
            reader = outbox.reader
            if reader is not None:
                reader.written()

    def came_to_nothing(self) -> None:
        self.newcomers.came_to_nothing()

    def let_in(self, endpoint: Endpoint) -> None:
        if endpoint.poller is not self.poller:
            endpoint.poller.unregister(endpoint.fd)
            endpoint.poller = self.poller
            self.poller.register(endpoint.fd, endpoint.mask)

    # --- the time

    def advance(self, now_ms: int) -> None:
        """The deadline has come: what had to wait goes on, or ends."""
        self.lingering.end_until(now_ms)
        if now_ms >= self.newcomers.again_ms:
            self.newcomers.go_on()
        if now_ms >= self.listeners.again_ms:
            self.listeners.go_on()
        self._set_deadline()

    def rest_from_newcomers(self, now_ms: int) -> None:
        """Let all who are not in wait for a moment if so many have come to nothing that it is time for that."""
        if self.newcomers.is_tiring:
            self.newcomers.rest(now_ms + REST_MS)
            self.listeners.rest(now_ms + REST_MS)
            self._set_deadline()

    def _set_deadline(self) -> None:
        again_ms = min(self.listeners.again_ms, self.newcomers.again_ms)
        self.deadline_ms = min(again_ms, self.lingering.next_ms(NEVER))

    # --- listening

    def listen(self, listener: Listener) -> None:
        """Take connections from it."""
        self.listeners.listen(listener)

    def stop_listening(self, listener: Listener) -> None:
        """Close it; connections that came through it stay."""
        self.listeners.stop(listener)

    def accept(self, fd: int, end_ns: i64) -> None:
        """Take connections that wait at the listener of this file descriptor: one, and more until then."""
        listener = self.listeners.by_fd.get(fd)
        if listener is None:
            self.lingering.ready(fd)
            return
        self.listeners.accept(listener, end_ns)
        self._set_deadline()

    def close(self) -> None:
        """Close every socket, and tell nobody."""
        for endpoint in self.all():
            endpoint.sock.close()
        self.listeners.close()
        self.lingering.close()
        self.newcomers.close()
        self.poller.close()
