"""The handshake: a ConnectRequest becomes a session, or the connection closes.

The order of the checks is ZooKeeperServer.processConnectRequest's.
"""

from typing import TYPE_CHECKING

from mypy_extensions import i64

from pyzoo.jute import opcodes as op
from pyzoo.jute.framing import begin_frame
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import ConnectRequest, ConnectResponse, CreateSessionTxn
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.modes import READ_ONLY
from pyzoo.server.requests.request import internal_request
from pyzoo.server.sessions import PASSWORD_LENGTH, generate_password

if TYPE_CHECKING:
    from pyzoo.server.roles.zookeeper_server import ZooKeeperServer


def process_connect_request(server: "ZooKeeperServer", cnxn: ServerCnxn, archive: InputArchive) -> None:
    """Take the first frame of a connection; raises MalformedRecord when it is too short."""
    request = ConnectRequest.decode(archive)
    cnxn.connect_seen = True
    cnxn.read_only_known = request.read_only is not None
    if not server.admits(request.read_only is True) or not server.admit_connect(request.session_id):
        cnxn.abort()
        return
    if request.last_zxid_seen > server.tree.answer_zxid:
        server.log_refused(cnxn, request.last_zxid_seen)
        cnxn.abort()
        return
    cnxn.timeout_ms = negotiate(i64(request.time_out), server.min_session_timeout_ms, server.max_session_timeout_ms)
    if request.session_id == 0:
        server.open_session(cnxn)
    else:
        server.reopen_session(cnxn, request.session_id, request.passwd)
        server.metrics.connection_revalidate_count += 1


def negotiate(wanted_ms: i64, min_ms: i64, max_ms: i64) -> i64:
    """The timeout within the server's bounds."""
    if wanted_ms < min_ms:
        wanted_ms = min_ms
    return max_ms if wanted_ms > max_ms else wanted_ms


def create_session(server: "ZooKeeperServer", cnxn: ServerCnxn, session_id: i64) -> None:
    """A new session: answered when its transaction is applied."""
    server.track_new_session(cnxn, session_id)
    server.bind_session(cnxn, session_id)
    request = internal_request(op.CREATE_SESSION, session_id, server.now_ms, CreateSessionTxn(int(cnxn.timeout_ms)))
    request.cnxn = cnxn
    server.submit_write(request)


def finish_session_init(server: "ZooKeeperServer", cnxn: ServerCnxn, valid: bool) -> None:
    """Answer the ConnectRequest; an invalid session gets zeros and the connection closes."""
    write_connect_response(cnxn, valid, server.mode == READ_ONLY)
    if not valid:
        cnxn.close()
        return
    cnxn.established = True
    server.frames_waiting(cnxn)


def write_connect_response(cnxn: ServerCnxn, valid: bool, is_read_only: bool) -> None:
    """The bare ConnectResponse frame; clients up to 3.3 do not know read-only servers."""
    read_only: bool | None = is_read_only if cnxn.read_only_known else None
    if valid:
        session_id: i64 = cnxn.session_id
        response = ConnectResponse(0, int(cnxn.timeout_ms), session_id, generate_password(session_id), read_only)
    else:
        response = ConnectResponse(0, 0, 0, b"\0" * PASSWORD_LENGTH, read_only)
    start = begin_frame(cnxn.out)
    response.encode(cnxn.out)
    cnxn.frame_written(start)
