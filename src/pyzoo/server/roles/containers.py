"""ContainerManager: when to look for containers and TTL nodes that may go, and how fast to delete them.

A search through very many goes on over several turns. What it has found is looked at once more before it is deleted, as
it will be after all writes on their way: in Apache's server a node goes that was written to, or made again as another
kind, since the search.
"""

from collections import deque
from typing import Final, final

from mypy_extensions import i64

from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.ephemeral_type import kind_of
from pyzoo.datatree.ownership import has_expired, may_go
from pyzoo.datatree.tree import DataTree
from pyzoo.server.requests.change_records import ChangeRecord

NEVER: Final = 0x7FFFFFFFFFFFFFFF
SLICE_MS: Final = 100
"""Deletions go out in small batches this far apart, unless the rate asks for fewer."""
_MINUTE_MS: Final = 60_000
_UNITS_A_NODE: Final = 2
"""Units of work (see slices.py) to look at one node."""


@final
class ContainerManager:
    """`next_ms` is the monotonic time at which there is something to do."""

    def __init__(self, config: ServerConfig, now_ms: int) -> None:
        self.check_interval_ms: i64 = config.container_check_interval_ms
        self.max_never_used_ms: i64 = config.container_max_never_used_interval_ms
        per_minute: i64 = max(config.container_max_per_minute, 1)
        self._pause_ms: i64 = max(SLICE_MS, (_MINUTE_MS + per_minute - 1) // per_minute)
        self._batch: i64 = max(per_minute * self._pause_ms // _MINUTE_MS, 1)
        self._extended_types = config.extended_types_enabled
        self._emulates_353_ttl = config.emulate_353_ttl_nodes
        self._unsearched: list[str] = []
        self._nodes_a_turn: i64 = max(config.slice_units // _UNITS_A_NODE, 1)
        self._waiting: deque[str] = deque()
        self._next_check_ms: i64 = NEVER
        if self.check_interval_ms > 0:
            self._next_check_ms = now_ms + self.check_interval_ms
        self.next_ms: i64 = self._next_check_ms

    def due(self, now_ms: int) -> bool:
        """Whether `candidates` should be called."""
        return now_ms >= self.next_ms

    def candidates(self, tree: DataTree, now_ms: int, wall_ms: int) -> list[str]:
        """The paths to delete now, if they `may_go`; a new search waits until all of the last one are gone."""
        if not self._unsearched and not self._waiting and now_ms >= self._next_check_ms:
            self._unsearched = tree.ownership.expiring()
            self._unsearched.reverse()
            self._next_check_ms = now_ms + self.check_interval_ms
        if self._unsearched:
            self._search(tree, wall_ms)
            if self._unsearched:
                self.next_ms = now_ms
                return []
        count = min(self._batch, len(self._waiting))
        batch = [self._waiting.popleft() for _ in range(count)]
        self.next_ms = now_ms + self._pause_ms if self._waiting else self._next_check_ms
        return batch

    def _search(self, tree: DataTree, wall_ms: i64) -> None:
        unsearched = self._unsearched
        count: i64 = len(unsearched)
        for _ in range(count if count < self._nodes_a_turn else self._nodes_a_turn):
            path = unsearched.pop()
            if has_expired(tree.get_node(path), wall_ms, self.max_never_used_ms):
                self._waiting.append(path)

    def may_go(self, node: ChangeRecord | None, wall_ms: int) -> bool:
        """Whether a node is one that may be deleted now."""
        if node is None or node.child_count > 0:
            return False
        owner = node.ephemeral_owner
        kind = kind_of(owner, self._extended_types, self._emulates_353_ttl)
        return may_go(kind, owner, node.cversion, node.mtime, wall_ms, self.max_never_used_ms)
