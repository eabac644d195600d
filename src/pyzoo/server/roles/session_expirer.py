"""SessionExpirer: which sessions have expired, so many a turn that everybody else gets on."""

import logging
from collections import deque
from typing import Final, final

from mypy_extensions import i64

from pyzoo.server.clients.log_extras import of_session
from pyzoo.server.metrics import ServerMetrics
from pyzoo.server.sessions import SessionTracker

logger: Final = logging.getLogger(__name__)

EXPIRY_UNITS: Final = 50
"""Units of work (see slices.py) to prepare the close of a session that has expired."""


@final
class SessionExpirer:
    """`next_ms` is when `take` has something to do; `kind` is what the log calls a session."""

    def __init__(self, tracker: SessionTracker, metrics: ServerMetrics, slice_units: i64, kind: str) -> None:
        self.next_ms: i64 = tracker.next_expiration_ms
        self._tracker = tracker
        self._metrics = metrics
        self._most: i64 = max(slice_units // EXPIRY_UNITS, 1)
        self._kind = kind
        self._expired: deque[int] = deque()

    def take(self, now_ms: int) -> list[int]:
        """The sessions to close in this turn, of those that nothing was heard of in time."""
        tracker, expired = self._tracker, self._expired
        if now_ms >= tracker.next_expiration_ms:
            expired.extend(tracker.take_expired(now_ms))
        taken: list[int] = []
        for _ in range(min(self._most, len(expired))):
            session_id = expired.popleft()
            logger.info("Expiring %s 0x%x", self._kind, session_id & 0xFFFFFFFFFFFFFFFF, extra=of_session(session_id))
            self._metrics.stale_sessions_expired += 1
            taken.append(session_id)
        self.next_ms = now_ms if expired else tracker.next_expiration_ms
        return taken
