"""The end of a session that its client has not asked for, in every role."""

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.errors import KeeperError
from pyzoo.jute import opcodes as op
from pyzoo.server.clients.request import internal_request
from pyzoo.server.modes import NOT_SERVING, READ_ONLY
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer


def is_session(server: ZooKeeperServer, session_id: i64) -> bool:
    """Whether this server knows the session, one of the ensemble or a local one of its own."""
    local = server.local
    return session_id in server.database.sessions or (local is not None and session_id in local.sessions)


def begin_to_close(server: ZooKeeperServer, session_id: i64) -> None:
    """Begin to close a session, unless that has begun; a learner asks its leader to.

    Raises KeeperError: SESSIONEXPIRED where there is no such session, NOTREADONLY without a quorum.
    """
    if not is_session(server, session_id):
        raise KeeperError(err.SESSIONEXPIRED)
    is_global = session_id in server.database.sessions
    if is_global and server.mode in (NOT_SERVING, READ_ONLY):
        raise KeeperError(err.NOTREADONLY)
    if is_global and server.tracks_sessions:
        if not server.sessions.is_alive(session_id):
            return
        server.sessions.set_closing(session_id)
    server.submit_write(internal_request(op.CLOSE_SESSION, session_id, server.now_ms))
