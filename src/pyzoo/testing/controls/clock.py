"""Time that passes at once: for sessions, nodes with a time to live, and containers."""

from collections.abc import Collection

from attrs import define

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import DeleteTxn
from pyzoo.server.clients.request import internal_request
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.server.sessions import SessionTracker
from pyzoo.testing.controls.expiry import begin_to_expire, end_local


@define
class Step:
    """What a step of the clock has set off: the sessions that expire, and the last transaction of it."""

    sessions: list[int]
    zxid: int


def connected_sessions(server: ZooKeeperServer) -> set[int]:
    """The sessions whose clients are connected to this server."""
    return {session_id for session_id, cnxn in server.connections.by_session.items() if cnxn.established}


def step_sessions(server: ZooKeeperServer, step_ms: int, alive: Collection[int]) -> Step:
    """Let so much of the timeouts pass of all sessions but the `alive` ones, and begin to close those that expire."""
    if server.local is not None:
        for session_id in _step_tracker(server.local, int(server.now_ms), step_ms, alive):
            end_local(server, session_id)
    if not server.tracks_sessions:
        return Step([], 0)
    expired = _step_tracker(server.sessions, int(server.now_ms), step_ms, alive)
    for session_id in expired:
        begin_to_expire(server, session_id)
    return Step(expired, 0)


def _step_tracker(tracker: SessionTracker, now_ms: int, step_ms: int, alive: Collection[int]) -> list[int]:
    """Those whose time is over now."""
    expired = []
    for session in list(tracker.sessions.values()):
        if session.session_id in alive or session.closing:
            continue
        left_ms = session.expiry_ms - now_ms - step_ms
        if left_ms <= 0:
            expired.append(int(session.session_id))
        else:
            # The tracker rounds up to its tick, as it has done before.
            tracker.touch(session.session_id, max(left_ms - tracker.tick_time_ms, 0), now_ms)
    return expired


def sweep(server: ZooKeeperServer, step: Step) -> None:
    """Begin to delete all containers and TTL nodes that may go; where others do that, nothing happens."""
    if not server.tracks_sessions:
        return
    for path in server.tree.ownership.expiring():
        if server.containers.may_go(server.outstanding.get(path), int(server.wall_ms)):
            server.submit_write(internal_request(op.DELETE_CONTAINER, 0, server.now_ms, DeleteTxn(path)))
            step.zxid = int(server.sync_processor.next_zxid) - 1


def has_ended(server: ZooKeeperServer, step: Step) -> bool:
    """Whether all that is applied."""
    sessions = server.database.sessions
    return server.tree.last_processed_zxid >= step.zxid and not any(each in sessions for each in step.sessions)


def may_sweep(server: ZooKeeperServer) -> bool:
    """Whether there is more that may go, such as a container whose last child has gone."""
    return server.tracks_sessions and any(
        server.containers.may_go(server.outstanding.get(path), int(server.wall_ms))
        for path in server.tree.ownership.expiring()
    )
