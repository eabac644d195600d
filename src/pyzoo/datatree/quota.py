"""Quotas: which prefixes have one, how much they use, and whether a change would be too much.

The quota of /q is in /zookeeper/quota/q: `zookeeper_limits`, written by clients, and `zookeeper_stats`, whose
data the server keeps up to date even where limits are not enforced. A change counts for the deepest prefix.
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.node_table import NodeTable
from pyzoo.datatree.path_lengths import PathLengths
from pyzoo.datatree.paths import QUOTA
from pyzoo.datatree.stats_track import (
    BYTES,
    BYTES_HARD_LIMIT,
    COUNT,
    COUNT_HARD_LIMIT,
    StatsTrack,
    parse_stats,
    stats_or_zero,
)
from pyzoo.errors import MARSHALLINGERROR, QUOTAEXCEEDED, KeeperError

LIMITS_NAME: Final = "zookeeper_limits"
STATS_NAME: Final = "zookeeper_stats"


def limits_path(prefix: str) -> str:
    """The node with the limits of a prefix."""
    return f"{QUOTA}{prefix}/{LIMITS_NAME}"


def stats_path(prefix: str) -> str:
    """The node with the usage of a prefix."""
    return f"{QUOTA}{prefix}/{STATS_NAME}"


def normalised(path: str) -> str:
    """The path without blank components, which PathTrie does not see; the root is the empty string."""
    return "".join(["/" + component for component in path.split("/") if component.strip(" ")])


@final
class QuotaBook:
    """The prefixes that have a quota, and the bookkeeping of what is below them."""

    def __init__(self, nodes: NodeTable) -> None:
        self._nodes = nodes
        self._prefixes: set[str] = set()
        self._lengths = PathLengths()

    def clear(self) -> None:
        """Forget which prefixes have a quota, before a snapshot is loaded."""
        self._prefixes.clear()
        self._lengths.clear()

    def deepest(self, path: str) -> str | None:
        """The longest prefix with a quota that covers the path (getMaxPrefixWithQuota)."""
        prefixes = self._prefixes
        if not prefixes:
            return None
        at = normalised(path) if "/ " in path or "//" in path else path
        if at in prefixes:
            return at
        end: i64 = len(at)
        while True:
            end = self._lengths.next_above(at, end)
            if end == 0:
                return None
            above = at[:end]
            if above in prefixes:
                return above

    def _begin(self, prefix: str) -> None:
        if prefix not in self._prefixes:
            self._prefixes.add(prefix)
            self._lengths.add(prefix)

    def _end(self, prefix: str) -> None:
        if prefix in self._prefixes:
            self._prefixes.discard(prefix)
            self._lengths.discard(prefix)

    def changed(self, path: str, bytes_difference: i64, count_difference: i64) -> None:
        """Book a change at `path`; only the data of the stats node changes."""
        if not self._prefixes:
            return
        prefix = self.deepest(path)
        if prefix is not None:
            self.book(prefix, bytes_difference, count_difference)

    @property
    def is_needed(self) -> bool:
        """Whether there is any quota."""
        return len(self._prefixes) > 0

    def book(self, prefix: str, bytes_difference: i64, count_difference: i64) -> None:
        """Book what has changed below a prefix with a quota."""
        node = self._nodes.get(stats_path(prefix))
        if node is None:
            return
        stats = stats_or_zero(node.data)
        stats.add(COUNT, count_difference)
        stats.add(BYTES, bytes_difference)
        node.data = stats.encode()

    def quota_node_created(self, parent: str, name: str) -> None:
        """A node was made whose parent's path starts with /zookeeper/quota."""
        prefix = normalised(parent[len(QUOTA) :])
        if not prefix:
            return
        if name == LIMITS_NAME:
            self._begin(prefix)
        elif name == STATS_NAME:
            self._recount(prefix)

    def quota_node_deleted(self, parent: str, name: str) -> None:
        """A node is gone whose parent's path starts with /zookeeper/quota."""
        if name == LIMITS_NAME:
            self._end(normalised(parent[len(QUOTA) :]))

    def load(self) -> None:
        """Find all limits nodes and count what is below their prefixes, after a snapshot (setupQuota)."""
        waiting = [QUOTA]
        while waiting:
            path = waiting.pop()
            node = self._nodes.get(path)
            if node is None:
                continue
            children = node.children
            if children is not None and children.count > 0:
                waiting.extend(children.paths)
            elif path.endswith("/" + LIMITS_NAME):
                prefix = normalised(path[len(QUOTA) : -len(LIMITS_NAME)])
                if prefix:
                    self._begin(prefix)
                    self._recount(prefix)

    def _recount(self, prefix: str) -> None:
        """Set the stats node to what the whole subtree holds, nested quotas included."""
        stats_node = self._nodes.get(stats_path(prefix))
        if stats_node is None:
            return
        count: i64 = 0
        size: i64 = 0
        top = self._nodes.get(prefix)
        waiting = [] if top is None else [top]
        while waiting:
            node = waiting.pop()
            count += 1
            size += node.data_length
            waiting.extend(node.nodes_below())
        stats = StatsTrack()
        stats.values[COUNT] = count
        stats.values[BYTES] = size
        stats_node.data = stats.encode()

    def check(self, path: str, count_difference: i64, bytes_difference: i64) -> bool:
        """Judge a change against the limits and the committed usage (ZooKeeperServer.checkQuota).

        Raises QUOTAEXCEEDED above a hard limit, MARSHALLINGERROR when the limits cannot be read; True when only a
        soft limit is exceeded, which is for the log.
        """
        prefix = self.deepest(path)
        if prefix is None:
            return False
        limits_node = self._nodes.get(limits_path(prefix))
        if limits_node is None:
            return False
        try:
            limits = parse_stats(limits_node.data)
        except ValueError as error:
            raise KeeperError(MARSHALLINGERROR, prefix) from error
        stats_node = self._nodes.get(stats_path(prefix))
        if stats_node is None:
            return False
        usage = stats_or_zero(stats_node.data)
        soft = False
        if count_difference != 0:
            soft = _exceeds(limits, COUNT, COUNT_HARD_LIMIT, usage.get(COUNT) + count_difference, prefix)
        if bytes_difference != 0:
            soft = _exceeds(limits, BYTES, BYTES_HARD_LIMIT, usage.get(BYTES) + bytes_difference, prefix) or soft
        return soft


def _exceeds(limits: StatsTrack, soft_key: str, hard_key: str, value: int, prefix: str) -> bool:
    hard = limits.get(hard_key)
    if hard > -1:
        if value > hard:
            raise KeeperError(QUOTAEXCEEDED, prefix)
        return False
    soft = limits.get(soft_key)
    return soft > -1 and value > soft
