"""What the words answer that have a line for each connection, session, ephemeral or watch.

There may be millions of them, so the texts come in pieces, and the server goes on in between: what is listed is what
was there when its list began, or for watches while it was got ready. An empty piece only says that something was got
ready. The texts are an interface.
"""

from collections.abc import Iterator
from typing import Final

from pyzoo.datatree.sliced_order import session_slices, slices_of_pieces, sorted_slices, table_slices
from pyzoo.datatree.watcher import Watcher
from pyzoo.datatree.watches import WatchManager
from pyzoo.server.clients.cnxn import NO_LATENCY, ServerCnxn
from pyzoo.server.operators.answers import hex_text, stats_text, version_text
from pyzoo.server.operators.operated_server import OperatedServer
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.operations.wanted_watches import NULL_PATH
from pyzoo.server.sessions import SessionTracker

_AT_ONCE: Final = 100
"""Lines that are joined to one piece where each is short."""


# --- connections


def address_text(cnxn: ServerCnxn) -> str:
    """The client's address as Java writes an InetSocketAddress."""
    address = f"[{cnxn.address}]" if ":" in cnxn.address else cnxn.address
    return f"/{address}:{cnxn.port}"


def stat(server: OperatedServer, cnxn: ServerCnxn) -> Iterator[str]:
    """Statistics of the server with a line for each connection of the port that was asked."""
    yield f"{version_text(server)}Clients:\n"
    for one in server.connections.of_port(cnxn.secure):
        yield _brief_text(one, cnxn) + ")\n"
    yield "\n" + stats_text(server)


def _brief_text(one: ServerCnxn, asking: ServerCnxn) -> str:
    """The beginning of a connection's line; the one that asks is no longer read from."""
    interest = 0 if one is asking else 1
    return (
        f" {address_text(one)}[{interest}](queued={len(one.pending)},recved={one.packets_received},"
        f"sent={one.packets_sent}"
    )


def _session_text(one: ServerCnxn) -> str:
    """What `cons` adds for a connection with a session (ServerCnxn.dumpConnectionInfo)."""
    last_cxid = f",lcxid=0x{hex_text(one.last_cxid)}" if one.last_cxid >= 0 else ""
    least = 0 if one.min_latency == NO_LATENCY else one.min_latency
    average = 0 if one.latency_count == 0 else one.total_latency // one.latency_count
    return (
        f",sid=0x{hex_text(one.session_id)},lop={operation_of(one.last_op).short_name}"
        f",est={one.established_wall_ms},to={one.timeout_ms}{last_cxid},lzxid=0x{hex_text(one.last_zxid)}"
        f",lresp={one.last_response_ms},llat={one.last_latency},minlat={least},avglat={average}"
        f",maxlat={one.max_latency}"
    )


def cons(server: OperatedServer, cnxn: ServerCnxn) -> Iterator[str]:
    """A line for each connection of the port that was asked, with its session."""
    for one in server.connections.of_port(cnxn.secure):
        session = _session_text(one) if one.session_id != 0 else ""
        yield _brief_text(one, cnxn) + session + ")\n"
    yield "\n"


# --- sessions


def dump(server: OperatedServer, cnxn: ServerCnxn) -> Iterator[str]:
    """Sessions and connections by the time at which they expire, and the ephemerals of each session."""
    yield "SessionTracker dump:\n"
    local = server.local
    if local is not None:
        yield from _session_sets(server, local, "Local Session Sets")
    if server.tracks_sessions:
        yield from _session_sets(server, server.sessions, "Session Sets" if local is None else "Global Session Sets")
    else:
        yield from _global_sessions(server)
    yield from _ephemerals(server)
    yield from _connections(server, cnxn.secure)


def _session_sets(server: OperatedServer, tracker: SessionTracker, name: str) -> Iterator[str]:
    times = tracker.bucket_times()
    yield f"{name} ({len(times)})/({len(tracker.sessions)}):\n"
    for at in times:
        session_ids = tracker.bucket(at)
        yield f"{len(session_ids)} expire at {server.environment.date_text(at)}:\n"
        for session_id in session_ids:
            yield f"\t0x{hex_text(session_id)}\n"


def _global_sessions(server: OperatedServer) -> Iterator[str]:
    """What a learner knows of sessions."""
    sessions = server.database.sessions
    yield f"Global Sessions({len(sessions)}):\n"
    for session_ids in sorted_slices(list(sessions)):
        if not session_ids:
            yield ""
        for session_id in session_ids:
            timeout_ms = sessions.get(session_id)
            if timeout_ms is not None:
                yield f"0x{hex_text(session_id)}\t{timeout_ms}ms\n"


def _ephemerals(server: OperatedServer) -> Iterator[str]:
    sessions = server.tree.ownership.sessions
    yield f"ephemeral nodes dump:\nSessions with Ephemerals ({len(sessions)}):\n"
    for session_ids in session_slices(list(sessions)):
        if not session_ids:
            yield ""
        for session_id in session_ids:
            yield f"0x{hex_text(session_id)}:\n"
            yield from _paths_of(server, session_id)


def _paths_of(server: OperatedServer, session_id: int) -> Iterator[str]:
    found, buckets = server.tree.ownership.table_of(session_id)
    for paths in table_slices(found, buckets):
        if not paths:
            yield ""
        for path in paths:
            yield f"\t{path}\n"


def _connections(server: OperatedServer, secure: bool) -> Iterator[str]:
    """Connections by the time at which they are closed if they stay silent (NIOServerCnxnFactory)."""
    interval: int = server.connections.sessionless_timeout_ms
    buckets: dict[int, list[ServerCnxn]] = {}
    cnxns = server.connections.of_port(secure)
    for number in range(len(cnxns)):
        cnxn = cnxns[number]
        timeout = cnxn.timeout_ms if cnxn.timeout_ms > 0 else interval
        at = ((cnxn.last_io_ms + timeout) // interval + 1) * interval
        buckets.setdefault(at, []).append(cnxn)
        if number % _AT_ONCE == _AT_ONCE - 1:
            yield ""
    yield f"Connections dump:\nConnections Sets ({len(buckets)})/({len(cnxns)}):\n"
    for at in sorted(buckets):
        yield f"{len(buckets[at])} expire at {server.environment.date_text(at)}:\n"
        for one in buckets[at]:
            yield f"\tip: {address_text(one)} sessionId: 0x{hex_text(one.session_id)}\n"


# --- watches


def _session_of(watcher: Watcher) -> str:
    return hex_text(watcher.session_id) if isinstance(watcher, ServerCnxn) else "0"


def shown_watches(server: OperatedServer) -> WatchManager:
    """The data watches of all connections."""
    everywhere = server.connections.elsewhere.data_watches
    return server.tree.data_watches if everywhere is None else everywhere


def path_text(path: str) -> str:
    """A watched path as Java prints it."""
    return "null" if path == NULL_PATH else path


def wchs(server: OperatedServer, cnxn: ServerCnxn) -> Iterator[str]:
    """How many watches there are; as all that is made in pieces it waits for the end of a close."""
    watches = shown_watches(server)
    yield f"{watches.watcher_count} connections watching {watches.path_count} paths\nTotal watches:{watches.size}\n"


def wchc(server: OperatedServer, cnxn: ServerCnxn) -> Iterator[str]:
    """The watched paths of each connection."""
    watches = shown_watches(server)
    for watcher in watches.watchers():
        yield f"0x{_session_of(watcher)}\n"
        for paths in slices_of_pieces(watches.pieces_of(watcher)):
            if not paths:
                yield ""
            for path in paths:
                yield f"\t{path_text(path)}\n"
    yield "\n"


def wchp(server: OperatedServer, cnxn: ServerCnxn) -> Iterator[str]:
    """The watching sessions of each path."""
    watches = shown_watches(server)
    for paths in slices_of_pieces(watches.pieces()):
        if not paths:
            yield ""
        for path in paths:
            watchers = watches.watchers_of(path)
            if watchers:
                yield f"{path_text(path)}\n"
            for watcher in watchers:
                yield f"\t0x{_session_of(watcher)}\n"
    yield "\n"
