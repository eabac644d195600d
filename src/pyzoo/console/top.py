"""Who keeps this server busy: rates of sessions and namespaces, out of counters that are there, between two looks."""

from heapq import nlargest
from typing import Any, Final

from attrs import define, frozen

from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.zxid import zxid_text

LEAST_APART_MS: Final = 900
MOST_SESSIONS: Final = 20_000
"""More are not looked at: who is busy is likely to be among those that came first."""
MOST_ROWS: Final = 200


@frozen
class _Look:
    """Counters at one moment: requests by session; reads and writes with their bytes by namespace."""

    at_ms: int
    requests: dict[int, int]
    reads: dict[str, tuple[int, int]]
    writes: dict[str, tuple[int, int]]


@define
class TopLooks:
    """The last two looks at a server: rates are between now and the last one that is a second old."""

    _older: _Look | None = None
    _newer: _Look | None = None

    def busiest(self, server: ZooKeeperServer, rows: int) -> dict[str, Any]:
        """The busiest sessions and namespaces; the rates are None in the first answer."""
        now = _look(server)
        if self._newer is None or now.at_ms - self._newer.at_ms >= LEAST_APART_MS:
            self._older, self._newer = self._newer, now
        before = self._older
        return {
            "interval_ms": None if before is None else now.at_ms - before.at_ms,
            "sessions": _sessions(server, before, now, rows),
            "namespaces": _namespaces(before, now, rows),
        }


def _look(server: ZooKeeperServer) -> _Look:
    registry = server.metrics
    requests = {}
    for session_id, cnxn in server.connections.by_session.items():
        requests[session_id] = int(cnxn.packets_received)
        if len(requests) == MOST_SESSIONS:
            break
    reads, writes = (
        {name: (int(summary.count), int(summary.sum)) for name, summary in found.summaries.items()}
        for found in (registry.read_per_namespace, registry.write_per_namespace)
    )
    return _Look(int(server.now_ms), requests, reads, writes)


def _rate(before: int | None, now: int, span_ms: int) -> float:
    """A second; what was not there before, or was reset, began at 0."""
    gained = now if before is None or now < before else now - before
    return round(gained * 1000 / max(span_ms, 1), 2)


def _sessions(server: ZooKeeperServer, before: _Look | None, now: _Look, rows: int) -> list[dict[str, Any]]:
    def gained(session_id: int) -> int:
        if before is None:
            return now.requests[session_id]
        earlier = before.requests.get(session_id, 0)
        total = now.requests[session_id]
        return total if total < earlier else total - earlier

    found = []
    for session_id in nlargest(rows, now.requests, key=gained):
        cnxn = server.connections.by_session.get(session_id)
        if cnxn is not None:
            rate = None
            if before is not None:
                rate = _rate(before.requests.get(session_id), now.requests[session_id], now.at_ms - before.at_ms)
            found.append(_session(session_id, cnxn, rate))
    return found


def _session(session_id: int, cnxn: ServerCnxn, rate: float | None) -> dict[str, Any]:
    count = int(cnxn.latency_count)
    return {
        "id": zxid_text(session_id),
        "address": cnxn.address,
        "port": cnxn.port,
        "requests_per_s": rate,
        "requests": int(cnxn.packets_received),
        "outstanding": len(cnxn.pending),
        "last_operation": operation_of(cnxn.last_op).short_name,
        "avg_latency_ms": round(int(cnxn.total_latency) / count, 2) if count else 0,
    }


def _namespaces(before: _Look | None, now: _Look, rows: int) -> list[dict[str, Any]]:
    found = []
    for name in {**now.reads, **now.writes}:
        values: dict[str, Any] = {"namespace": f"/{name}"}
        for kind, counts, earlier in (
            ("read", now.reads, {} if before is None else before.reads),
            ("write", now.writes, {} if before is None else before.writes),
        ):
            count, size = counts.get(name, (0, 0))
            count_before, size_before = earlier.get(name, (None, None))
            span_ms = 0 if before is None else now.at_ms - before.at_ms
            values[f"{kind}s_per_s"] = None if before is None else _rate(count_before, count, span_ms)
            values[f"{kind}_bytes_per_s"] = None if before is None else _rate(size_before, size, span_ms)
            values[f"{kind}s"] = count
        found.append(values)
    busy = "reads_per_s" if before is not None else "reads"
    written = "writes_per_s" if before is not None else "writes"
    return nlargest(rows, found, key=lambda each: each[busy] + each[written])
