"""The quota that a node counts for: its own, or that of the nearest path above."""

from typing import Final

from attrs import frozen

from pyzoo.console.nodes.reader import Reader
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.quota import limits_path, stats_path
from pyzoo.datatree.stats_track import (
    BYTES,
    BYTES_HARD_LIMIT,
    COUNT,
    COUNT_HARD_LIMIT,
    StatsTrack,
    parse_stats,
    stats_or_zero,
)

NO_LIMIT: Final = -1


@frozen
class Use:
    """How much there is below the path, and how much may be: `soft` is told, `hard` refused; -1 is no limit."""

    used: int
    soft: int
    hard: int

    @property
    def is_exceeded(self) -> bool:
        """Whether there is more than a limit."""
        return any(NO_LIMIT < limit < self.used for limit in (self.soft, self.hard))


@frozen
class QuotaView:
    """`path` has the quota; both uses are None where these ids may not read it, or nobody can."""

    path: str
    nodes: Use | None = None
    bytes: Use | None = None


def quota_of(reader: Reader, path: str) -> QuotaView | None:
    """The quota that changes at this path count for; None where there is none."""
    prefix = reader.tree.quotas.deepest(path)
    if prefix is None:
        return None
    limits, stats = (_track(reader, where(prefix)) for where in (limits_path, stats_path))
    if limits is None or stats is None:
        return QuotaView(prefix)
    return QuotaView(
        prefix,
        Use(stats.get(COUNT), limits.get(COUNT), limits.get(COUNT_HARD_LIMIT)),
        Use(stats.get(BYTES), limits.get(BYTES), limits.get(BYTES_HARD_LIMIT)),
    )


def _track(reader: Reader, path: str) -> StatsTrack | None:
    node: DataNode | None = reader.tree.get_node(path)
    if node is None or not reader.may_read(node):
        return None
    try:
        return parse_stats(node.data)
    except ValueError:
        return stats_or_zero(node.data) if path.endswith("stats") else None
