"""Counters: what a server has counted at one moment. Two of them make rates."""

from typing import NamedTuple

from pyzoo.server.operators.answers import outstanding
from pyzoo.server.operators.operated_server import OperatedServer


class Counters(NamedTuple):
    """What a member's counters said at one moment, ms since 1970; None is what it did not tell.

    `received` are packets since the start or the last reset, `latency_sum` is ms of all `latency_count` requests.
    """

    at_ms: int
    received: int
    zxid: int | None = None
    connections: int | None = None
    outstanding: int | None = None
    latency_sum: int | None = None
    latency_count: int | None = None
    latency_avg: float | None = None


def counters_of(server: OperatedServer, wall_ms: int) -> Counters:
    """What this server has counted by now."""
    stats = server.stats
    return Counters(
        wall_ms,
        int(stats.packets_received),
        int(server.tree.last_processed_zxid),
        server.connections.alive,
        outstanding(server),
        int(stats.request_latency.sum),
        int(stats.request_latency.count),
    )
