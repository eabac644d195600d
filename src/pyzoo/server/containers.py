"""ContainerManager: when to look for containers and TTL nodes that may go, and how fast to delete them.

It only proposes: each deletion is checked again when its deleteContainer is prepared.
"""

from collections import deque
from typing import Final, final

from mypy_extensions import i64

from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.tree import DataTree

NEVER: Final = 0x7FFFFFFFFFFFFFFF
SLICE_MS: Final = 100
"""Deletions go out in small batches this far apart, unless the rate asks for fewer."""
_MINUTE_MS: Final = 60_000


@final
class ContainerManager:
    """`next_ms` is the monotonic time at which there is something to do."""

    def __init__(self, config: ServerConfig, now_ms: int) -> None:
        self.check_interval_ms: i64 = config.container_check_interval_ms
        self.max_never_used_ms: i64 = config.container_max_never_used_interval_ms
        per_minute: i64 = max(config.container_max_per_minute, 1)
        self._pause_ms: i64 = max(SLICE_MS, (_MINUTE_MS + per_minute - 1) // per_minute)
        self._batch: i64 = max(per_minute * self._pause_ms // _MINUTE_MS, 1)
        self._waiting: deque[str] = deque()
        self._next_check_ms: i64 = NEVER
        if self.check_interval_ms > 0:
            self._next_check_ms = now_ms + self.check_interval_ms
        self.next_ms: i64 = self._next_check_ms

    def due(self, now_ms: int) -> bool:
        """Whether `candidates` should be called."""
        return now_ms >= self.next_ms

    def candidates(self, tree: DataTree, now_ms: int, wall_ms: int) -> list[str]:
        """The paths to delete now; a new search waits until all of the last one are gone."""
        if not self._waiting and now_ms >= self._next_check_ms:
            self._waiting.extend(tree.expired_candidates(wall_ms, self.max_never_used_ms))
            self._next_check_ms = now_ms + self.check_interval_ms
        count = min(self._batch, len(self._waiting))
        batch = [self._waiting.popleft() for _ in range(count)]
        self.next_ms = now_ms + self._pause_ms if self._waiting else self._next_check_ms
        return batch
