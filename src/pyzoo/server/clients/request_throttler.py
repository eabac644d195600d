"""RequestThrottler: how many requests are on their way, how large the large ones are, and who has to wait.

(RequestThrottler, and requestsInProcess and currentLargeRequestBytes of ZooKeeperServer.)
"""

from collections import deque
from typing import final

from mypy_extensions import i64

from pyzoo.config.settings import ServerConfig
from pyzoo.server.clients.cnxn import OUT_HIGH_WATER, PENDING_READS_LIMIT, ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.metrics import ServerMetrics


@final
class RequestThrottler:
    """`in_process` counts the requests of clients that are not answered; `large_bytes` are those of large ones.

    Above `limit` requests have to wait, but for 0. `cnxns` are all connections, who share the room.
    """

    def __init__(self, config: ServerConfig, metrics: ServerMetrics, cnxns: dict[ServerCnxn, None]) -> None:
        self.in_process: i64 = 0
        self.large_bytes: i64 = 0
        self.limits_large: bool = config.large_request_threshold >= 0
        self._large_threshold: i64 = config.large_request_threshold
        self._large_most_bytes: i64 = config.large_request_max_bytes
        self._most_outstanding: i64 = config.global_outstanding_limit
        self.limit: i64 = config.request_throttle_max_requests
        self._patience_ms: i64 = config.throttled_op_wait_time_ms
        self._metrics = metrics
        self._cnxns = cnxns
        self._waiting: deque[Request] = deque()

    # --- what may come

    def wants_input(self, cnxn: ServerCnxn) -> bool:
        """Whether this connection may be read from now: the back-pressure of the server."""
        if cnxn.closing or cnxn.is_busy or cnxn.waiting_bytes() > OUT_HIGH_WATER:
            return False
        if cnxn.pending_reads > PENDING_READS_LIMIT or (cnxn.connect_seen and not cnxn.established):
            return False
        return self.in_process <= self._most_outstanding or self._has_share(cnxn)

    def _has_share(self, cnxn: ServerCnxn) -> bool:
        """Whether a connection may go on above the limit: up to one request, as in Apache's server, or its share.

        With one alone, those who have just been answered would take all the room again and again.
        """
        pending = cnxn.pending
        return pending.is_empty or i64(len(pending)) * len(self._cnxns) < self._most_outstanding

    def fits(self, length: i64) -> bool:
        """Whether a request of this many bytes is small, or fits beside the large ones under way."""
        if length <= self._large_threshold or self.large_bytes + length <= self._large_most_bytes:
            return True
        self._metrics.large_requests_rejected += 1
        return False

    def count_large(self, request: Request, length: i64) -> bool:
        """Count a request that is there as a whole, until it is done; False when it does not fit any more."""
        if not self.fits(length):
            return False
        if length > self._large_threshold:
            request.large_bytes = length
            self.large_bytes += length
        return True

    # --- what is on its way

    def begin(self, request: Request) -> bool:
        """Count a request of a client; False when it has to wait for `next`."""
        request.counted = True
        self.in_process += 1
        if self.limit > 0 and (self._waiting or self.in_process > self.limit):
            self._metrics.request_throttle_wait_count += 1
            self._waiting.append(request)
            return False
        return True

    def finished(self, request: Request) -> None:
        """The request counts no longer towards the limits."""
        if not request.counted:
            return
        request.counted = False
        self.in_process -= 1
        self.large_bytes -= request.large_bytes

    def next(self, now_ms: i64) -> Request | None:
        """The next one that has waited and may go on now, as far as the limit allows."""
        while self._waiting and self.in_process - len(self._waiting) < self.limit:
            request = self._waiting.popleft()
            cnxn = request.cnxn
            if cnxn is None or cnxn.gone or cnxn.closing:
                self._metrics.stale_requests_dropped += 1
                self.finished(request)
                continue
            self._metrics.request_throttle_queue_time_ms.add(now_ms - request.created_ms)
            return request
        return None

    def is_too_late(self, request: Request, now_ms: i64) -> bool:
        """Whether a request has waited for more than throttledOpWaitTime, for which some kinds are refused."""
        return 0 < self._patience_ms < now_ms - request.created_ms

    def forget_all(self) -> None:
        """Nobody waits for an answer any more."""
        self.in_process = 0
        self.large_bytes = 0
        self._waiting.clear()
