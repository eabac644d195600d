"""Handshakes: TLS connections on their way in, how many and how long, and the thread that does their arithmetic.

A handshake takes a millisecond or two of a processor. All of them together get one thread, and so one processor at
most: whoever is in already does not wait for them, however many there are.
"""

import logging
import threading
from collections import deque
from queue import SimpleQueue
from typing import Final, final

from mypy_extensions import i64

from pyzoo.runtime.thread_pace import ThreadPace
from pyzoo.runtime.transport.client_tls import ClientTlsSession
from pyzoo.runtime.wakeup import new_wakeup
from pyzoo.server.metrics import ServerMetrics

logger: Final = logging.getLogger(__name__)

HANDSHAKE_MS: Final = 10_000
"""From the first byte, or on a port of TLS alone from the connection, to the end of a handshake (SslHandler)."""
MOST_UNDER_WAY: Final = 1000
"""With more than these, whoever has been at it for the longest time makes room."""
ANSWER_MS: Final = 3
"""A client is through with its part of a handshake by then, if it has a processor."""
MOST_STEPPING: Final = 256
"""While so many wait for the thread, others wait for their turn where they cost nothing: in the system."""
MOST_TOGETHER: Final = 3
"""While at least as many wait for the thread the loop is woken for so many at once: to be woken for each, with nothing
else to do, takes it longer than what it does for one. They are below 5 ms of arithmetic."""
NOTE_MS: Final = 1000
"""No more than one line of the log in this time about handshakes that came to nothing."""
NEVER: Final = 0x7FFFFFFFFFFFFFFF


@final
class TlsHandshake:
    """One that is under way; while it `is_stepping` the thread has its session, and nobody else may touch that.

    When it `is_over` the thread has nothing to do for it any more.
    """

    def __init__(self, tls: ClientTlsSession) -> None:
        self.tls = tls
        self.is_stepping = False
        self.is_over = False
        self.deadline_ms: int = NEVER


@final
class Handshakes:
    """All that are under way, those that came first in front.

    `wakeup` tells when the thread has got further with some. `deadline_ms` is when `expired` has something
    to give, or before that.
    """

    def __init__(self, metrics: ServerMetrics, limit: int, detection_ms: int) -> None:
        """With a `limit` above 0 no more than that begin; a client has `detection_ms` to show whether it is plain."""
        self.wakeup = new_wakeup()
        self.deadline_ms: int = NEVER
        self.in_flight = 0
        self._metrics = metrics
        self._limit = limit
        self._detection_ms = detection_ms
        self._silent: dict[TlsHandshake, None] = {}
        self._talking: dict[TlsHandshake, None] = {}
        self._queue: SimpleQueue[TlsHandshake | None] = SimpleQueue()
        self._done: deque[TlsHandshake] = deque()
        self._worker: threading.Thread | None = None
        self._pace = ThreadPace()
        self._noted_ms: int = -NOTE_MS
        self._unnoted = 0

    # --- who is under way

    def admits(self) -> bool:
        """Whether one more may begin (zookeeper.netty.server.outstandingHandshake.limit)."""
        if 0 < self._limit <= len(self._silent) + len(self._talking):
            self._metrics.tls_handshake_exceeded += 1
            return False
        return True

    def begin(self, handshake: TlsHandshake, may_be_plain: bool, now_ms: int) -> TlsHandshake | None:
        """Count that of a client that has just connected; returns the one that has to make room for it, if any."""
        if may_be_plain:
            self._add(self._silent, handshake, now_ms + self._detection_ms)
        else:
            self._add(self._talking, handshake, now_ms + HANDSHAKE_MS)
        if len(self._silent) + len(self._talking) <= MOST_UNDER_WAY:
            return None
        self._metrics.tls_handshake_exceeded += 1
        return next(iter(self._silent or self._talking))

    def _add(self, waiting: dict[TlsHandshake, None], handshake: TlsHandshake, deadline_ms: int) -> None:
        handshake.deadline_ms = deadline_ms
        waiting[handshake] = None
        self.deadline_ms = min(self.deadline_ms, deadline_ms)
        self._count()

    def end(self, handshake: TlsHandshake) -> None:
        """It is over, one way or the other."""
        handshake.is_over = True
        self._silent.pop(handshake, None)
        self._talking.pop(handshake, None)
        self._count()

    def _count(self) -> None:
        self._metrics.outstanding_tls_handshake = len(self._silent) + len(self._talking)

    def expired(self, now_ms: int) -> list[TlsHandshake]:
        """Those whose time is over; the caller ends them."""
        found: list[TlsHandshake] = []
        self.deadline_ms = NEVER
        for waiting in (self._silent, self._talking):
            for handshake in waiting:
                if handshake.deadline_ms > now_ms:
                    self.deadline_ms = min(self.deadline_ms, handshake.deadline_ms)
                    break
                found.append(handshake)
        return found

    # --- the work

    @property
    def is_full(self) -> bool:
        """Whether as many wait for the thread as may."""
        return self.in_flight >= MOST_STEPPING

    def step(self, handshake: TlsHandshake, now_ms: int) -> None:
        """Let the thread go on with one that has fed its session."""
        if handshake in self._silent:
            del self._silent[handshake]
            self._add(self._talking, handshake, now_ms + HANDSHAKE_MS)
        handshake.is_stepping = True
        if self.in_flight == 0:
            self._pace.moved(now_ms)
        self.in_flight += 1
        if self._worker is None:
            self._worker = threading.Thread(target=self._run, name="handshakes", daemon=True)
            self._worker.start()
        self._queue.put(handshake)

    def _run(self) -> None:
        untold: i64 = 0
        while True:
            handshake = self._queue.get()
            if handshake is None:
                return
            if not handshake.is_over:
                handshake.tls.step()
            self._done.append(handshake)
            untold += 1
            if untold >= MOST_TOGETHER or self._queue.qsize() < MOST_TOGETHER:
                untold = 0
                self.wakeup.wake()

    def is_starved(self, now_ms: int) -> bool:
        """Whether the thread has not got on for long."""
        return self._pace.is_starved(self.in_flight > 0, now_ms)

    def goes_on_soon(self, now_ms: int) -> bool:
        """Whether the thread is at one, or the client of one is likely to be."""
        if self.in_flight > 0:
            return True
        return bool(self._talking) and self._pace.has_moved_within(ANSWER_MS, now_ms)

    def acknowledge(self) -> None:
        """The wake-up was readable; `next_stepped` gives all that it was for."""
        self.wakeup.drain()

    def wake_again(self) -> None:
        """Some of what the thread is through with is left for the next pass."""
        if self._done:
            self.wakeup.wake()

    def next_stepped(self, now_ms: int) -> TlsHandshake | None:
        """The next that the thread has come as far with as it could."""
        if not self._done:
            return None
        handshake = self._done.popleft()
        handshake.is_stepping = False
        self.in_flight -= 1
        self._pace.moved(now_ms)
        return handshake

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
        if self._worker is not None:
            self._queue.put(None)
            self._worker.join()
        self.wakeup.close()
