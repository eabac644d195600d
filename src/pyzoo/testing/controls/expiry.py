"""How a session ends before its time: as it does when its client is silent for too long."""

from pyzoo.jute import opcodes as op
from pyzoo.server.clients.request import internal_request
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.testing.controls.references import session_text
from pyzoo.testing.errors import EmbeddedServerError, NoSuchSession


def expire_now(server: ZooKeeperServer, session_id: int) -> None:
    """Let a session expire. Raises NoSuchSession, and EmbeddedServerError where another member does that."""
    local = server.local
    if local is not None and session_id in local.sessions:
        end_local(server, session_id)
        return
    if session_id not in server.database.sessions:
        raise NoSuchSession(f"there is no session {session_text(session_id)}; sessions() has those that there are")
    if not server.tracks_sessions:
        raise EmbeddedServerError("sessions expire at the leader: call expire() there")
    begin_to_expire(server, session_id)


def begin_to_expire(server: ZooKeeperServer, session_id: int) -> None:
    """Begin to close a session, unless that has begun already."""
    if server.sessions.is_alive(session_id):
        server.sessions.set_closing(session_id)
        server.metrics.stale_sessions_expired += 1
        server.submit_write(internal_request(op.CLOSE_SESSION, session_id, server.now_ms))


def end_local(server: ZooKeeperServer, session_id: int) -> None:
    """End a session that only this server knows."""
    if server.local is not None:
        server.local.remove(session_id)
    server.connections.close_session(session_id)
