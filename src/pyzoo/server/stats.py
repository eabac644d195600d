"""ServerStats: what a server counts about itself, for the commands and the metrics.

Counters are plain attributes that their owner adds to; `packet_sent` and the `*_answered` methods run for
every reply. `reset` is what the `srst` word does.
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.server.metrics import ServerMetrics, average

DEFAULT_TRACE_MASK: Final = 306
"""client requests, server packets, sessions, warnings (ZooTrace)."""
NO_SIZE: Final = -1


@final
class ServerStats:
    """Counters since the start or the last reset; sizes in bytes, times in ms."""

    def __init__(self, now_ms: i64, metrics: ServerMetrics | None = None) -> None:
        """`now_ms` is the monotonic time at which the server starts; metrics outlive the role of a peer."""
        self.start_ms: i64 = now_ms
        self.metrics = ServerMetrics() if metrics is None else metrics
        self.trace_mask: i64 = DEFAULT_TRACE_MASK
        self.auth_failed: i64 = 0
        self._clear()

    def _clear(self) -> None:
        self.packets_received: i64 = 0
        self.packets_sent: i64 = 0
        self.last_response_size: i64 = NO_SIZE
        self.min_response_size: i64 = NO_SIZE
        self.max_response_size: i64 = NO_SIZE
        self.bytes_received: i64 = 0
        self.response_bytes: i64 = 0
        self.connection_drops: i64 = 0
        self.connection_rejected: i64 = 0
        self.connection_requests: i64 = 0
        self.large_requests_rejected: i64 = 0
        self.request_throttle_waits: i64 = 0
        self.sessionless_connections_expired: i64 = 0
        self.snapshot_errors: i64 = 0
        self.stale_requests_dropped: i64 = 0
        self.stale_sessions_expired: i64 = 0
        self.throttled_ops: i64 = 0

    def packet_sent(self, size: i64) -> None:
        """A reply or event of this many bytes was written."""
        self.packets_sent += 1
        self.response_bytes += size
        self.last_response_size = size
        if size > self.max_response_size:
            self.max_response_size = size
        if size < self.min_response_size or self.min_response_size == NO_SIZE:
            self.min_response_size = size

    def read_answered(self, latency_ms: i64) -> None:
        """A request that changes nothing was answered, this long after it came."""
        self.metrics.readlatency.add(latency_ms)

    def update_answered(self, latency_ms: i64) -> None:
        """A write was answered, this long after it came."""
        self.metrics.updatelatency.add(latency_ms)

    def uptime_ms(self, now_ms: i64) -> i64:
        """How long the server has been running."""
        return now_ms - self.start_ms

    @property
    def requests_answered(self) -> int:
        """Reads and writes answered."""
        return self.metrics.readlatency.basic.count + self.metrics.updatelatency.basic.count

    @property
    def avg_latency(self) -> float:
        """The mean of all latencies, with four places."""
        read, update = self.metrics.readlatency.basic, self.metrics.updatelatency.basic
        return average(read.sum + update.sum, read.count + update.count)

    @property
    def min_latency(self) -> int:
        """The least latency, 0 before the first."""
        if self.requests_answered == 0:
            return 0
        return min(self.metrics.readlatency.basic.lowest, self.metrics.updatelatency.basic.lowest)

    @property
    def max_latency(self) -> int:
        """The greatest latency, 0 before the first."""
        return max(self.metrics.readlatency.basic.max, self.metrics.updatelatency.basic.max)

    def reset(self) -> None:
        """Begin to count anew; failed authentications and the trace mask stay (ServerStats.reset)."""
        self._clear()
        self.metrics.reset()
