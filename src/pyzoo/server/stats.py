"""ServerStats: what one role's server counts about itself, for the commands and the gauges.

Numbers are plain attributes that their owner adds to; `packet_sent` and the `*_answered` methods run for every
reply. `reset` is what the `srst` word does.
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.server.metrics import ServerMetrics
from pyzoo.summaries import BasicSummary

DEFAULT_TRACE_MASK: Final = 306
"""client requests, server packets, sessions, warnings (ZooTrace)."""
NO_SIZE: Final = -1


@final
class ServerStats:
    """Numbers since the start or the last reset; sizes in bytes, times in ms."""

    def __init__(self, now_ms: i64, metrics: ServerMetrics) -> None:
        """`now_ms` is the monotonic time at which the server starts; metrics outlive the role of a peer."""
        self.start_ms: i64 = now_ms
        self.metrics = metrics
        self.trace_mask: i64 = DEFAULT_TRACE_MASK
        self.auth_failed: i64 = 0
        self.non_mtls_remote_conns: i64 = 0
        self.non_mtls_local_conns: i64 = 0
        self.request_latency = BasicSummary()
        self._clear()

    def _clear(self) -> None:
        self.packets_received: i64 = 0
        self.packets_sent: i64 = 0
        self.last_response_size: i64 = NO_SIZE
        self.min_response_size: i64 = NO_SIZE
        self.max_response_size: i64 = NO_SIZE

    def packet_sent(self, size: i64) -> None:
        """A reply or event of this many bytes was written."""
        self.packets_sent += 1
        self.last_response_size = size
        if size > self.max_response_size:
            self.max_response_size = size
        if size < self.min_response_size or self.min_response_size == NO_SIZE:
            self.min_response_size = size

    def read_answered(self, latency_ms: i64) -> None:
        """A request that changes nothing was answered, this long after it came."""
        self.request_latency.add(latency_ms)
        self.metrics.readlatency.add(latency_ms)

    def update_answered(self, latency_ms: i64) -> None:
        """A write was answered, this long after it came."""
        self.request_latency.add(latency_ms)
        self.metrics.updatelatency.add(latency_ms)

    def uptime_ms(self, now_ms: i64) -> i64:
        """How long the server has been running."""
        return now_ms - self.start_ms

    @property
    def avg_latency(self) -> float:
        """The mean of all latencies, with four places."""
        return self.request_latency.avg

    @property
    def min_latency(self) -> int:
        """The least latency, 0 before the first."""
        return self.request_latency.min

    @property
    def max_latency(self) -> int:
        """The greatest latency, 0 before the first."""
        return self.request_latency.max

    def reset(self) -> None:
        """Begin to count anew; failed authentications and the trace mask stay (ServerStats.reset)."""
        self._clear()
        self.request_latency.reset()
        self.metrics.reset()
