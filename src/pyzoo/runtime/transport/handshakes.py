"""Handshakes: TLS connections on their way in, how many and how long, and the thread that does their arithmetic.

A handshake takes a millisecond or two of a processor. All of them together get one thread, and so one processor at
most: whoever is in already does not wait for them, however many there are.
"""

import logging
import os
import threading
from collections import deque
from queue import SimpleQueue
from typing import Final, final

from mypy_extensions import trait

from pyzoo.runtime.transport.client_tls import ClientTlsSession
from pyzoo.server.metrics import ServerMetrics

logger: Final = logging.getLogger(__name__)

HANDSHAKE_MS: Final = 10_000
"""From the first byte, or on a port of TLS alone from the connection, to the end of a handshake (SslHandler)."""
MOST_UNDER_WAY: Final = 1000
"""With more than these, whoever has been at it for the longest time makes room."""
NOTE_MS: Final = 1000
"""No more than one line of the log in this time about handshakes that came to nothing."""
NEVER: Final = 0x7FFFFFFFFFFFFFFF


@trait
class Handshaking:
    """A connection whose handshake is under way."""

    tls: ClientTlsSession
    is_stepping: bool
    """Whether the thread has its session."""
    deadline_ms: int

    def stepped(self) -> None:
        """The thread has come as far as it could."""
        raise NotImplementedError

    def give_up(self, reason: str) -> None:
        """It took too long, or others need the room."""
        raise NotImplementedError


@final
class Handshakes:
    """All connections that are not through their handshake, those that came first in front.

    `eventfd` becomes readable when the thread has got further with one. `deadline_ms` is when `expire` has something
    to do, or before that.
    """

    def __init__(self, metrics: ServerMetrics, limit: int, detection_ms: int) -> None:
        """With a `limit` above 0 no more than that begin; a client has `detection_ms` to show whether it is plain."""
        self.eventfd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.deadline_ms: int = NEVER
        self.in_flight = 0
        self._metrics = metrics
        self._limit = limit
        self._detection_ms = detection_ms
        self._silent: dict[Handshaking, None] = {}
        self._shaking: dict[Handshaking, None] = {}
        self._queue: SimpleQueue[Handshaking | None] = SimpleQueue()
        self._done: deque[Handshaking] = deque()
        self._thread: threading.Thread | None = None
        self._noted_ms: int = -NOTE_MS
        self._unnoted = 0

    # --- who is under way

    def admits(self) -> bool:
        """Whether one more may begin (zookeeper.netty.server.outstandingHandshake.limit)."""
        if 0 < self._limit <= len(self._silent) + len(self._shaking):
            self._metrics.tls_handshake_exceeded += 1
            return False
        return True

    def begin(self, connection: Handshaking, may_be_plain: bool, now_ms: int) -> None:
        """Count one that has just connected; whoever is the oldest may have to go for it."""
        if may_be_plain:
            self._add(self._silent, connection, now_ms + self._detection_ms)
        else:
            self._add(self._shaking, connection, now_ms + HANDSHAKE_MS)
        if len(self._silent) + len(self._shaking) > MOST_UNDER_WAY:
            oldest = next(iter(self._silent or self._shaking))
            self._metrics.tls_handshake_exceeded += 1
            oldest.give_up("others need the room")

    def _add(self, waiting: dict[Handshaking, None], connection: Handshaking, deadline_ms: int) -> None:
        connection.deadline_ms = deadline_ms
        waiting[connection] = None
        self.deadline_ms = min(self.deadline_ms, deadline_ms)
        self._count()

    def end(self, connection: Handshaking) -> None:
        """It is through, or gone, or plain."""
        self._silent.pop(connection, None)
        self._shaking.pop(connection, None)
        self._count()

    def _count(self) -> None:
        self._metrics.outstanding_tls_handshake = len(self._silent) + len(self._shaking)

    def expire(self, now_ms: int) -> None:
        """Give those up whose time is over."""
        self.deadline_ms = NEVER
        for waiting in (self._silent, self._shaking):
            for connection in list(waiting):
                if connection.deadline_ms > now_ms:
                    self.deadline_ms = min(self.deadline_ms, connection.deadline_ms)
                    break
                connection.give_up("it took too long")

    # --- the work

    def step(self, connection: Handshaking, now_ms: int) -> None:
        """Let the thread go on with one that has said something; `stepped` is called after that."""
        if connection in self._silent:
            del self._silent[connection]
            self._add(self._shaking, connection, now_ms + HANDSHAKE_MS)
        connection.is_stepping = True
        self.in_flight += 1
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="handshakes", daemon=True)
            self._thread.start()
        self._queue.put(connection)

    def _run(self) -> None:
        while True:
            connection = self._queue.get()
            if connection is None:
                return
            connection.tls.step()
            self._done.append(connection)
            os.eventfd_write(self.eventfd, 1)

    def take_steps(self) -> None:
        """Go on with those that the thread is through with."""
        try:
            os.eventfd_read(self.eventfd)
        except BlockingIOError:
            return
        while self._done:
            connection = self._done.popleft()
            connection.is_stepping = False
            self.in_flight -= 1
            connection.stepped()

    def note(self, name: str, reason: str, now_ms: int) -> None:
        """Log why one came to nothing, unless that was just said of another."""
        if now_ms - self._noted_ms < NOTE_MS:
            self._unnoted += 1
            return
        others = f" (and {self._unnoted} others since the last such line)" if self._unnoted else ""
        logger.warning("The TLS handshake with %s came to nothing: %s%s", name, reason, others)
        self._noted_ms = now_ms
        self._unnoted = 0

    def close(self) -> None:
        """End the thread, once it is through with what it has."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
        os.close(self.eventfd)
