"""ServerCnxnFactory: the connections of one server, by client address and by session."""

import logging
from typing import Final, final

from mypy_extensions import i64

from pyzoo.config.settings import ServerConfig
from pyzoo.jute.records import ACL, Id
from pyzoo.outbox import Packets
from pyzoo.server.auth.access_control import AccessControl
from pyzoo.server.clients.cnxn import CnxnOwner, ServerCnxn
from pyzoo.server.clients.elsewhere import Elsewhere
from pyzoo.server.clients.session_addresses import SessionAddresses
from pyzoo.server.metrics import ServerMetrics
from pyzoo.server.slices import SlicedWork, SliceQueue
from pyzoo.server.stats import ServerStats

logger: Final = logging.getLogger(__name__)


@final
class ServerCnxnFactory(CnxnOwner):
    """All connections that are open; `by_session` has those that speak for a session, `addresses` outlive them.

    `elsewhere` are those that other processes of the same server have."""

    def __init__(
        self,
        config: ServerConfig,
        replies: Packets,
        metrics: ServerMetrics,
        stats: ServerStats,
        access: AccessControl,
        slices: SliceQueue,
        now_ms: i64,
    ) -> None:
        self.max_frame: i64 = config.jute_max_buffer
        self.sessionless_timeout_ms: i64 = config.sessionless_cnxn_timeout_ms
        self.cnxns: dict[ServerCnxn, None] = {}
        self.by_session: dict[int, ServerCnxn] = {}
        self.addresses = SessionAddresses()
        self.elsewhere = Elsewhere()
        self.by_address: dict[str, int] = {}
        self.by_address_secure: dict[str, int] = {}
        self.next_sweep_ms: i64 = now_ms + self.sessionless_timeout_ms
        self._replies = replies
        self._max_cnxns: i64 = config.max_cnxns
        self._max_of_one_client: i64 = config.max_client_cnxns
        self._counts_plain = config.is_netty
        self._metrics = metrics
        self._stats = stats
        self._access = access
        self._slices = slices

    # --- who is there

    @property
    def alive(self) -> int:
        """How many connections there are, without those whose TLS handshake is not over."""
        return len(self.cnxns) - int(self._metrics.outstanding_tls_handshake) + len(self.elsewhere.cnxns)

    def of_port(self, secure: bool) -> list[ServerCnxn]:
        """The connections that came through one of the two ports and are in, for operators."""
        own = [one for one in self.cnxns if one.secure == secure and not one.in_handshake]
        return own + [one for one in self.elsewhere.cnxns if one.secure == secure]

    def accept(self, address: str, port: int, secure: bool, now_ms: i64, wall_ms: i64) -> ServerCnxn | None:
        """A connection came in; None when a limit says to close it at once."""
        by_address = self.by_address_secure if secure else self.by_address
        same = by_address.get(address, 0)
        over_total = self._max_cnxns > 0 and len(self.cnxns) >= self._max_cnxns
        if over_total or (self._max_of_one_client > 0 and same >= self._max_of_one_client):
            self._metrics.connection_rejected += 1
            logger.warning("Too many connections from %s: %d", address, same, extra={"client": f"{address}:{port}"})
            return None
        by_address[address] = same + 1
        cnxn = ServerCnxn(self, self._replies, address, port, int(self.max_frame), int(now_ms), int(wall_ms), secure)
        self.cnxns[cnxn] = None
        if self._counts_plain and not secure:
            self._count_plain(address)
        return cnxn

    def _count_plain(self, address: str) -> None:
        """A connection to the port without TLS (NettyServerCnxnFactory)."""
        if address.startswith("127.") or address == "0:0:0:0:0:0:0:1":
            self._stats.non_mtls_local_conns += 1
        else:
            self._stats.non_mtls_remote_conns += 1

    def remove(self, cnxn: ServerCnxn) -> None:
        """The connection is no longer one of this server's."""
        del self.cnxns[cnxn]
        by_address = self.by_address_secure if cnxn.secure else self.by_address
        left = by_address.get(cnxn.address, 1) - 1
        if left > 0:
            by_address[cnxn.address] = left
        else:
            by_address.pop(cnxn.address, None)
        if self.by_session.get(cnxn.session_id) is cnxn:
            del self.by_session[cnxn.session_id]

    def sweep(self, now_ms: i64) -> None:
        """Close connections that never got a session, one to two intervals after they were opened.

        From a whole ConnectRequest or a four-letter word on it counts from the last byte. Apache's counts from that
        always, so whoever sends a byte now and then keeps a connection for ever.
        """
        interval = self.sessionless_timeout_ms
        for cnxn in list(self.cnxns):
            if cnxn.established or cnxn.in_handshake:
                continue
            since = cnxn.last_io_ms if cnxn.connect_seen or cnxn.closing else cnxn.opened_ms
            if (since // interval + 2) * interval <= now_ms:
                self._metrics.sessionless_connections_expired += 1
                cnxn.abort()
        self.next_sweep_ms = (now_ms // interval + 1) * interval

    # --- sessions

    def bind_session(self, cnxn: ServerCnxn, session_id: i64) -> None:
        """This connection now speaks for the session."""
        cnxn.session_id = session_id
        cnxn.session = None
        self.by_session[session_id] = cnxn
        self.addresses.remember(session_id, cnxn.address)

    def close_session(self, session_id: i64) -> None:
        """Close the connection that holds the session, if there is one, without another byte."""
        cnxn = self.by_session.get(session_id)
        if cnxn is not None:
            cnxn.abort()
            del self.by_session[session_id]

    def session_closed(self, session_id: i64, cnxn: ServerCnxn | None) -> None:
        """A session is over; `cnxn` is the connection that asked for that and has got its answer."""
        if cnxn is None:
            self.close_session(session_id)
        elif not cnxn.closing:
            self.by_session.pop(cnxn.session_id, None)
            cnxn.close()

    # --- what connections tell

    def may_read(self, ids: list[Id], acl: list[ACL]) -> bool:
        return self._access.may_read(acl, ids)

    def packet_sent(self, size: i64) -> None:
        self._stats.packet_sent(size)

    def event_sent(self) -> None:
        self._metrics.watch_bytes += self._stats.last_response_size

    def output_taken(self, work: SlicedWork) -> None:
        self._slices.go_on(work)
