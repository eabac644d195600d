"""ConnectionThrottle: how fast clients may connect (BlueThrottle).

A bucket of tokens is refilled with time; each ConnectRequest takes some. With a freeze time, requests are
also refused at random, the more often the longer the bucket stays empty.
"""

from collections.abc import Callable
from typing import Final, final

from mypy_extensions import i64

from pyzoo.config.settings import ServerConfig

_CHANCES: Final = 1 << 30


@final
class ConnectionThrottle:
    """Off while `connection_throttle_tokens` is 0."""

    def __init__(self, config: ServerConfig, now_ms: int, draw: Callable[[int], int]) -> None:
        """`draw(n)` gives a number from 0 to n - 1."""
        self.max_tokens: i64 = config.connection_throttle_tokens
        self.fill_time_ms: i64 = max(config.connection_throttle_fill_time_ms, 1)
        self.fill_count: i64 = config.connection_throttle_fill_count
        self.freeze_time_ms: i64 = config.connection_throttle_freeze_time_ms
        self.drop_increase: float = config.connection_throttle_drop_increase
        self.drop_decrease: float = config.connection_throttle_drop_decrease
        self.drop_probability = 0.0
        self._calm_below: i64 = int(config.connection_throttle_tokens * config.connection_throttle_decrease_ratio + 0.5)
        self._new_weight: i64 = 1
        self._renew_weight: i64 = 1
        if config.connection_throttle_weight_enabled:
            has_local = config.distributed and config.quorum.local_sessions_enabled
            self._new_weight = (
                config.connection_throttle_local_session_weight
                if has_local
                else config.connection_throttle_global_session_weight
            )
            self._renew_weight = config.connection_throttle_renew_session_weight
        self._tokens: i64 = self.max_tokens
        self._filled_ms: i64 = now_ms
        self._frozen_ms: i64 = now_ms
        self._draw = draw

    def admit(self, is_renew: bool, now_ms: int) -> bool:
        """Whether a ConnectRequest may go on (checkLimit); `is_renew` when it names a session."""
        if self.max_tokens == 0:
            return True
        self._refill(now_ms)
        if self.freeze_time_ms != -1 and not self._spared(now_ms):
            return False
        needed = self._renew_weight if is_renew else self._new_weight
        if self._tokens < needed:
            self._frozen_ms = now_ms
            return False
        self._tokens -= needed
        return True

    @property
    def deficit(self) -> int:
        """How many tokens are missing in the bucket."""
        return self.max_tokens - self._tokens

    def _refill(self, now_ms: i64) -> None:
        passed: i64 = now_ms - self._filled_ms
        if passed > self.fill_time_ms:
            tokens: i64 = self._tokens + passed * self.fill_count // self.fill_time_ms
            self._tokens = self.max_tokens if tokens > self.max_tokens else tokens
            self._filled_ms = now_ms

    def _spared(self, now_ms: i64) -> bool:
        """Move the drop probability, at most once a freeze time, and try it (checkBlue)."""
        missing: i64 = self.max_tokens - self._tokens
        if now_ms - self._frozen_ms > self.freeze_time_ms:
            if missing == self.max_tokens and self.drop_probability < 1:
                self.drop_probability = min(self.drop_probability + self.drop_increase, 1.0)
            elif missing <= self._calm_below and self.drop_probability > 0:
                self.drop_probability = max(self.drop_probability - self.drop_decrease, 0.0)
            self._frozen_ms = now_ms
        if self.drop_probability == 0:
            return True
        return self._draw(_CHANCES) >= self.drop_probability * _CHANCES
