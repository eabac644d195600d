"""Commands about one server: its settings, its numbers, its connections, sessions and watches."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pyzoo.admin.response import Json, LongArray, LongObject
from pyzoo.config.java_numbers import whole_number
from pyzoo.config.redaction import redacted, redacted_text
from pyzoo.datatree.digest import DIGEST_VERSION
from pyzoo.datatree.sliced_order import session_slices, slices_of_pieces, table_slices
from pyzoo.datatree.watcher import Watcher
from pyzoo.release import FULL_VERSION
from pyzoo.server.clients.cnxn import NO_LATENCY, ServerCnxn
from pyzoo.server.modes import READ_ONLY
from pyzoo.server.operators.answers import crst, hex_text, outstanding, srst
from pyzoo.server.operators.long_answers import path_text, shown_watches
from pyzoo.server.operators.mntr import monitor_values
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

Parameters = Mapping[str, str]
Fields = dict[str, Json]

AT_ONCE: Final = 100
"""Items of a long answer that are made in one step."""

_LONG: Final = 1 << 63


def _slices(items: Sequence[Any]) -> Iterator[list[Any]]:
    return (list(items[at : at + AT_ONCE]) for at in range(0, len(items), AT_ONCE))


def configuration(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """The settings in force (ZooKeeperServerConf)."""
    config, environment = server.config, server.environment
    return {
        "client_port": environment.client_port(),
        "data_dir": environment.snap_dir(),
        "data_log_dir": environment.log_dir(),
        "tick_time": config.tick_time_ms,
        "max_client_cnxns": config.max_client_cnxns,
        "min_session_timeout": int(server.handshake.min_session_timeout_ms),
        "max_session_timeout": int(server.handshake.max_session_timeout_ms),
        "server_id": config.server_id,
        "client_port_listen_backlog": config.client_port_listen_backlog,
    }


def initial_configuration(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """The text of the configuration file; members of an ensemble have none to show, as in Apache.

    Passwords are not in it: Apache shows them to whoever asks.
    """
    text = None if server.ensemble is not None else redacted_text(server.config.initial_config)
    return {"initial_configuration": text}


def system_properties(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """All properties in force, sorted; those of a JVM are what `environment` shows of them."""
    environment = server.environment.properties()
    known = {name: value for name, value in environment if name.startswith(("java.", "os.", "user."))}
    known |= {name: redacted(name, value) for name, value in server.config.properties.items()}
    return dict(sorted(known.items()))


def environment(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """Where the server runs."""
    return {"zookeeper.version": FULL_VERSION, **dict(server.environment.properties())}


def dirs(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """The sizes of the data directories, in bytes."""
    return {"datadir_size": server.environment.data_dir_size(), "logdir_size": server.environment.log_dir_size()}


def last_snapshot(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """The zxid of the newest snapshot, and when it was saved, in seconds since 1970; -1 without one."""
    zxid, saved_s = server.environment.last_snapshot()
    return {"zxid": hex_text(zxid), "timestamp": saved_s}


def is_read_only(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """Whether this server has no quorum and serves reads only."""
    return {"read_only": server.mode == READ_ONLY}


def ruok(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """That there is an answer is the answer."""
    return {}


# --- numbers


def monitor(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """All metrics."""
    return dict(monitor_values(server))


def stat_reset(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """Count anew."""
    srst(server, None)
    return {}


def _buffer_stats(last: int, least: int, most: int) -> Fields:
    return {"last_buffer_size": last, "min_buffer_size": least, "max_buffer_size": most}


def server_stats(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """Statistics of the server, and of its proposals where it leads."""
    stats = server.stats
    responses = _buffer_stats(int(stats.last_response_size), int(stats.min_response_size), int(stats.max_response_size))
    fields: Fields = {
        "version": FULL_VERSION,
        "read_only": server.mode == READ_ONLY,
        "server_stats": _server_stats(server, responses),
        "client_response": responses,
    }
    sizes = None if server.ensemble is None else server.ensemble.proposal_buffer()
    if sizes is not None:
        fields["proposal_stats"] = _buffer_stats(*sizes)
    fields["node_count"] = server.tree.node_count
    return fields


def _server_stats(server: ZooKeeperServer, responses: Fields) -> Fields:
    """The getters of Apache's ServerStats under the names that Jackson gives them."""
    stats, environment = server.stats, server.environment
    return {
        "packets_sent": int(stats.packets_sent),
        "packets_received": int(stats.packets_received),
        "fsync_threshold_exceed_count": environment.slow_syncs(),
        "client_response_stats": responses,
        "provider_null": False,
        "server_state": server.mode,
        "outstanding_requests": outstanding(server),
        "min_latency": stats.min_latency,
        "avg_latency": stats.avg_latency,
        "max_latency": stats.max_latency,
        "data_dir_size": environment.data_dir_size(),
        "log_dir_size": environment.log_dir_size(),
        "last_processed_zxid": int(server.tree.last_processed_zxid),
        "num_alive_client_connections": server.connections.alive,
        "uptime": int(stats.uptime_ms(server.now_ms)),
        "auth_failed_count": int(stats.auth_failed),
        "non_mtlsremote_conn_count": int(stats.non_mtls_remote_conns),
        "non_mtlslocal_conn_count": int(stats.non_mtls_local_conns),
    }


def stats(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """The same, with the connections in brief."""
    return {**server_stats(server, parameters), **_connections(server, True)}


def get_trace_mask(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """The trace mask."""
    return {"tracemask": int(server.stats.trace_mask)}


def set_trace_mask(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """Set the trace mask to the number in `traceMask`."""
    text = parameters.get("traceMask")
    if text is None:
        return {"error": "setTraceMask requires long traceMask argument"}
    digits = text[1:] if text[:1] in ("+", "-") else text
    value = whole_number(digits) if digits.isdecimal() else _LONG
    value = -value if text[:1] == "-" else value
    if not -_LONG <= value < _LONG:
        return {"error": f"setTraceMask requires long traceMask argument, got {text}"}
    server.stats.trace_mask = value
    return {"tracemask": value}


def digests(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """The digests of the tree at past zxids."""
    return {
        "digests": [
            {"zxid": int(zxid), "digest": int(digest), "digest_version": DIGEST_VERSION}
            for zxid, digest in server.tree.digests.entries
        ]
    }


# --- connections and sessions


def connections(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """All client connections."""
    return _connections(server, False)


def _connections(server: ZooKeeperServer, brief: bool) -> Fields:
    """Those of both ports."""
    return {
        "connections": _of_port(server, False, brief),
        "secure_connections": _of_port(server, True, brief) if server.environment.secure_client_port() >= 0 else [],
    }


def _of_port(server: ZooKeeperServer, secure: bool, brief: bool) -> LongArray:
    cnxns = server.connections.of_port(secure)
    return LongArray(
        [_brief(cnxn) if brief else {**_brief(cnxn), **_session(cnxn)} for cnxn in cnxns[at : at + AT_ONCE]]
        for at in range(0, len(cnxns), AT_ONCE)
    )


def _brief(cnxn: ServerCnxn) -> Fields:
    host = f"[{cnxn.address}]" if ":" in cnxn.address else cnxn.address
    return {
        "remote_socket_address": f"{host}:{cnxn.port}",
        "interest_ops": 1,
        "outstanding_requests": len(cnxn.pending),
        "packets_received": int(cnxn.packets_received),
        "packets_sent": int(cnxn.packets_sent),
    }


def _session(cnxn: ServerCnxn) -> Fields:
    """What is shown of the session, and of its last answer (ServerCnxn.getConnectionInfo)."""
    return {
        "session_id": int(cnxn.session_id),
        "last_operation": operation_of(cnxn.last_op).short_name,
        "established": int(cnxn.established_wall_ms),
        "session_timeout": int(cnxn.timeout_ms),
        "last_cxid": int(cnxn.last_cxid),
        "last_zxid": int(cnxn.last_zxid),
        "last_response_time": int(cnxn.last_response_ms),
        "last_latency": int(cnxn.last_latency),
        "min_latency": 0 if cnxn.min_latency == NO_LATENCY else int(cnxn.min_latency),
        "avg_latency": int(cnxn.total_latency // cnxn.latency_count) if cnxn.latency_count else 0,
        "max_latency": int(cnxn.max_latency),
    }


def connection_stat_reset(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """Set the numbers of all connections back."""
    crst(server, None)
    return {}


def _end_close(server: ZooKeeperServer) -> None:
    """Nobody sees a close half applied; who can wait for its end (`waits` in words.py) has done so."""
    if server.commits.is_closing:
        server.commits.finish()


def dump(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """Sessions by the monotonic time at which they expire, and the ephemeral nodes of each."""
    _end_close(server)
    trackers = [server.sessions] if server.tracks_sessions else []
    local = server.local
    if local is not None:
        trackers.append(local)
    times = sorted({at for tracker in trackers for at in tracker.bucket_times()})
    ownership = server.tree.ownership

    def sessions_at(at: int) -> Iterator[list[Json]]:
        for tracker in trackers:
            yield from _slices(tracker.bucket(at))

    def paths_of(owner: int) -> Iterator[list[Json]]:
        for paths in table_slices(*ownership.table_of(owner)):
            yield list(paths)

    return {
        "expiry_time_to_session_ids": LongObject([(str(at), LongArray(sessions_at(at)))] for at in times),
        "session_id_to_ephemeral_paths": LongObject(
            [(str(owner), LongArray(paths_of(owner))) for owner in owners]
            for owners in session_slices(list(ownership.sessions))
        ),
    }


# --- watches


def _session_id(watcher: Watcher) -> int:
    return int(watcher.session_id) if isinstance(watcher, ServerCnxn) else 0


def watch_summary(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """How many watches there are."""
    _end_close(server)
    watches = shown_watches(server)
    return {
        "num_connections": watches.watcher_count,
        "num_paths": watches.path_count,
        "num_total_watches": int(watches.size),
    }


def watches(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """The watched paths of each session."""
    _end_close(server)
    found = shown_watches(server)

    def paths_of(watcher: Watcher) -> Iterator[list[Json]]:
        for paths in slices_of_pieces(found.pieces_of(watcher)):
            yield [path_text(path) for path in paths]

    return {
        "session_id_to_watched_paths": LongObject(
            [(str(_session_id(watcher)), LongArray(paths_of(watcher)))] for watcher in found.watchers()
        )
    }


def watches_by_path(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """The watching sessions of each path."""
    _end_close(server)
    found = shown_watches(server)

    def sessions_of(path: str) -> Iterator[list[Json]]:
        for watchers in _slices(found.watchers_of(path)):
            yield [_session_id(watcher) for watcher in watchers]

    return {
        "path_to_session_ids": LongObject(
            [(path_text(path), LongArray(sessions_of(path))) for path in paths]
            for paths in slices_of_pieces(found.pieces())
        )
    }
