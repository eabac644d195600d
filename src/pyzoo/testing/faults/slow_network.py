"""A slow network for the clients of a server: what they send arrives some time later."""

import math
import socket
import time
from collections import deque
from typing import Final

import trio

from pyzoo.runtime.server_tasks import ServerTasks
from pyzoo.runtime.transport.client_port import ClientEndpoint

_IN: Final = 1  # EPOLLIN
AGAIN_SECONDS: Final = 0.002
"""After so long a connection is tried again that its server did not want to read from."""


class DelayedSocket(socket.socket):
    """The socket of one connection, with what the network has brought and what has not arrived yet."""

    def __init__(self, sock: socket.socket, line: "DelayLine") -> None:
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())
        self.setblocking(False)
        self._line = line
        self._arriving: deque[tuple[float, bytes]] = deque()
        self._is_over = False

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """What the network has brought at one time, when it has arrived; raises BlockingIOError before that."""
        if not self._is_over:
            self._receive(size, flags)
        if self._arriving and (self._is_over or self._arriving[0][0] <= time.monotonic()):
            return self._arriving.popleft()[1]
        if self._is_over:
            return b""
        raise BlockingIOError

    def _receive(self, size: int, flags: int) -> None:
        try:
            data = super().recv(size, flags)
        except BlockingIOError:
            return
        if data:
            self._arriving.append((self._line.due(self), data))
        else:
            # Nobody waits for answers any more, and nothing else comes.
            self._is_over = True

    def arrive(self) -> None:
        """Let all that is on its way arrive now."""
        self._arriving = deque((0.0, data) for _, data in self._arriving)

    @property
    def next_due(self) -> float:
        """When the next bytes arrive, in the time of time.monotonic()."""
        return self._arriving[0][0] if self._arriving else math.inf


class DelayedListener(socket.socket):
    """The socket of a listener, whose connections are slow from their beginning."""

    def __init__(self, sock: socket.socket, line: "DelayLine") -> None:
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())
        self.setblocking(False)
        self._line = line

    def accept(self) -> tuple[socket.socket, object]:
        """As that of every socket."""
        sock, address = super().accept()
        return DelayedSocket(sock, self._line), address


class DelayLine:
    """The network of all clients of one server, those to come too; made in its event loop."""

    def __init__(self, tasks: ServerTasks) -> None:
        self._seconds = 0.0
        self._tasks = tasks
        self._loop = tasks.loop
        self._waiting: dict[DelayedSocket, None] = {}
        self._changed = trio.Event()
        for listener in self._loop.clients.listeners:
            listener.sock = DelayedListener(listener.sock, self)
        for endpoint in self._loop.endpoints.all():
            if isinstance(endpoint, ClientEndpoint):
                endpoint.use(DelayedSocket(endpoint.sock, self))
        tasks.nursery.start_soon(self._deliver)

    def set(self, seconds: float) -> None:
        """What comes from now on arrives so much later; with 0 all that is on its way arrives now."""
        self._seconds = seconds
        if seconds == 0:
            for sock in self._waiting:
                sock.arrive()
            self._changed.set()

    def due(self, sock: DelayedSocket) -> float:
        """When bytes arrive that the network brings now."""
        self._waiting[sock] = None
        self._changed.set()
        return time.monotonic() + self._seconds

    async def _deliver(self) -> None:
        while True:
            due = min((sock.next_due for sock in self._waiting), default=math.inf)
            with trio.move_on_after(max(due - time.monotonic(), 0)):
                await self._changed.wait()
            self._changed = trio.Event()
            if self._arrive(time.monotonic()):
                await trio.sleep(AGAIN_SECONDS)

    def _arrive(self, now: float) -> bool:
        """Let the server have what has arrived; whether it did not want something."""
        arrived = [sock for sock in self._waiting if sock.next_due <= now or sock.next_due == math.inf]
        if arrived:
            self._tasks.turn()
        for sock in arrived:
            endpoint = self._loop.endpoints.at(sock.fileno())
            if endpoint is not None and sock.next_due < math.inf:
                endpoint.ready(_IN)
            if endpoint is None or sock.next_due == math.inf:
                del self._waiting[sock]
        if arrived:
            self._tasks.turn()
        return any(sock.next_due <= now for sock in arrived if sock in self._waiting)
