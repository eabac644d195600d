"""RateLimiter: one call in each interval."""

from attrs import define, field


@define
class RateLimiter:
    """Times are monotonic ms; an interval begins with the first call after the last one is over."""

    interval_ms: int
    _since_ms: int
    _is_free: bool = field(default=True, init=False)

    def allow(self, now_ms: int) -> bool:
        """Whether this call may go on; it counts if so."""
        if now_ms > self._since_ms + self.interval_ms:
            self._is_free = True
            self._since_ms = now_ms
        allowed = self._is_free
        self._is_free = False
        return allowed
