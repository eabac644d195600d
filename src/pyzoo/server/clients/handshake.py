"""The handshake: a ConnectRequest becomes a session, or the connection closes.

The order of the checks is ZooKeeperServer.processConnectRequest's.
"""

import logging
from collections.abc import Callable
from typing import Final, final

from mypy_extensions import i64

from pyzoo.config.settings import ServerConfig
from pyzoo.jute.framing import begin_frame
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import ConnectRequest, ConnectResponse
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.log_extras import of_client
from pyzoo.server.clients.throttle import ConnectionThrottle
from pyzoo.server.metrics import ServerMetrics
from pyzoo.server.sessions import PASSWORD_LENGTH, generate_password

logger: Final = logging.getLogger(__name__)


@final
class Handshake:
    """How a connection begins, but for its session; `is_read_only` is what the server is, and tells its clients."""

    def __init__(self, config: ServerConfig, metrics: ServerMetrics, now_ms: int, draw: Callable[[int], int]) -> None:
        """`draw(n)` gives a number from 0 to n - 1."""
        self.min_session_timeout_ms: i64 = config.min_session_timeout_ms
        self.max_session_timeout_ms: i64 = config.max_session_timeout_ms
        self.is_read_only = False
        self.throttle = ConnectionThrottle(config, now_ms, draw)
        self._metrics = metrics

    def begin(self, cnxn: ServerCnxn, archive: InputArchive, last_zxid: i64, now_ms: i64) -> ConnectRequest | None:
        """Take the first frame of a connection; None when it is sent away, which it is already then.

        `last_zxid` is what clients may have seen of here. Raises MalformedRecord when the frame is too short.
        """
        request = ConnectRequest.decode(archive)
        cnxn.connect_seen = True
        cnxn.read_only_known = request.read_only is not None
        is_welcome = not self.is_read_only or request.read_only is True
        if not is_welcome or not self._throttle_admits(request.session_id, now_ms):
            cnxn.abort()
            return None
        if request.last_zxid_seen > last_zxid:
            logger.info(
                "Refusing the client %s:%d: it has seen zxid 0x%x, our last zxid is 0x%x",
                cnxn.address,
                cnxn.port,
                request.last_zxid_seen,
                last_zxid,
                extra=of_client(cnxn),
            )
            cnxn.abort()
            return None
        wanted_ms = i64(request.time_out)
        cnxn.timeout_ms = negotiate(wanted_ms, self.min_session_timeout_ms, self.max_session_timeout_ms)
        return request

    def _throttle_admits(self, session_id: i64, now_ms: i64) -> bool:
        if self.throttle.admit(session_id != 0, int(now_ms)):
            self._metrics.connection_request_count += 1
            self._metrics.connection_token_deficit.add(self.throttle.deficit)
            return True
        self._metrics.connection_rejected += 1
        return False

    def finish(self, cnxn: ServerCnxn, valid: bool) -> None:
        """Answer the ConnectRequest; an invalid session gets zeros and the connection closes."""
        write_connect_response(cnxn, valid, self.is_read_only)
        if valid:
            cnxn.established = True
        else:
            cnxn.close()


def negotiate(wanted_ms: i64, min_ms: i64, max_ms: i64) -> i64:
    """The timeout within the server's bounds."""
    if wanted_ms < min_ms:
        wanted_ms = min_ms
    return max_ms if wanted_ms > max_ms else wanted_ms


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
