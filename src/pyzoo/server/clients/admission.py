"""From a frame to a request: what is answered before any queue, and what is not let in.

auth and sasl are answered at once, so their replies may overtake those of earlier requests, as in Apache.
"""

import logging
from typing import Final, final

from mypy_extensions import i32, i64, mypyc_attr

from pyzoo import errors as err
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import AuthPacket, GetSASLRequest
from pyzoo.server.auth.access_control import AccessControl, are_too_many, with_ids
from pyzoo.server.auth.provider import CLOSE, OK, REFUSED
from pyzoo.server.auth.registry import enforced_schemes
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.log_extras import of_client
from pyzoo.server.clients.request import Request
from pyzoo.server.clients.request_throttler import RequestThrottler
from pyzoo.server.clients.sasl_logins import FAILURE_INTERVAL_MS, SaslLogins
from pyzoo.server.effects import Effects
from pyzoo.server.stats import ServerStats

logger: Final = logging.getLogger(__name__)


@mypyc_attr(allow_interpreted_subclasses=True)
class RequestFaults:
    """Which requests are to fail although nothing is wrong with them; for tests of clients."""

    def error_of(self, opcode: int) -> int:
        """The code that the next request of this opcode is answered with, unread; 0 lets it pass."""
        raise NotImplementedError


@final
class Admission:
    """Who may ask something."""

    def __init__(
        self,
        config: ServerConfig,
        access: AccessControl,
        throttler: RequestThrottler,
        stats: ServerStats,
        effects: Effects,
    ) -> None:
        self.sasl_logins = SaslLogins(config, effects)
        self._access = access
        self._enforced_schemes: list[str] = enforced_schemes(config)
        self.faults: RequestFaults | None = None
        self._throttler = throttler
        self._examines: bool = throttler.limits_large
        self._stats = stats
        self._max_frame: i64 = config.jute_max_buffer
        self._next_failure_ms: i64 = 0

    def request_of(self, cnxn: ServerCnxn, archive: InputArchive, now_ms: i64) -> Request | None:
        """The request of a frame after the handshake, None where it is answered or refused already.

        (ZooKeeperServer.processPacket.) Raises MalformedRecord.
        """
        length: i64 = archive.end - archive.pos
        xid = archive.read_int()
        type = archive.read_int()
        if type == op.AUTH:
            self._process_auth(cnxn, xid, archive, now_ms)
        elif type == op.SASL:
            token = GetSASLRequest.decode(archive).token
            if token is None:
                raise MalformedRecord("a sasl request has no token")
            self.sasl_logins.take(cnxn, xid, token)
        elif self._enforced_schemes and not self._has_enforced_id(cnxn):
            cnxn.reply_empty(xid, 0, err.SESSIONCLOSEDREQUIRESASLAUTH)
            cnxn.close()
        elif type == op.DELETE_CONTAINER:
            # Only a server deletes containers: it asks for no permission (3.9.6).
            logger.warning("Closing %s:%d: it sent deleteContainer", cnxn.address, cnxn.port, extra=of_client(cnxn))
            cnxn.close()
        else:
            request = Request(cnxn, cnxn.session_id, xid, type, archive, cnxn.ids, now_ms)
            if not self._examines or self._passes(request, length):
                return request
            cnxn.abort()
        return None

    def fail_requests(self, faults: RequestFaults | None) -> None:
        """From now on ask whether a request is to fail."""
        self.faults = faults
        self._examines = faults is not None or self._throttler.limits_large

    def _passes(self, request: Request, length: i64) -> bool:
        """Whether a request may go on, perhaps only to be answered with an error."""
        faults = self.faults
        if faults is not None:
            request.error = faults.error_of(request.type)
            request.throttled = request.error != 0
        return not self._throttler.limits_large or self._throttler.count_large(request, length)

    def admits_next(self, cnxn: ServerCnxn) -> bool:
        """Whether the next frame fits into what large requests may take together; closes the connection when not.

        (ZooKeeperServer.checkRequestSizeWhenReceivingMessage.)
        """
        length = cnxn.frames.peek_word()
        if length > self._max_frame or self._throttler.fits(length):
            return True
        cnxn.abort()
        return False

    def _has_enforced_id(self, cnxn: ServerCnxn) -> bool:
        """Whether the connection has an id of a scheme that everybody needs (AuthenticationHelper)."""
        for id in cnxn.ids:
            if id.scheme in self._enforced_schemes:
                return True
        return False

    def secured(self, cnxn: ServerCnxn, certificate: bytes) -> None:
        """The TLS handshake is over: find out who the client is, or close (NettyServerCnxnFactory.CertificateVerifier).

        `certificate` is DER; a client that need not show one, and does not, is known by its address alone.
        """
        cnxn.client_certificate = certificate
        if not certificate:
            return
        scheme = self._access.tls_scheme
        provider = self._access.providers.get(scheme)
        outcome = REFUSED if provider is None else provider.authenticate(None, cnxn.address, certificate)
        if outcome.status == OK:
            cnxn.ids = with_ids(cnxn.ids, outcome.ids)
            return
        self._stats.auth_failed += 1
        logger.error(
            "Closing the connection of %s:%d: the scheme %s does not accept its certificate",
            cnxn.address,
            cnxn.port,
            scheme,
            extra=of_client(cnxn),
        )
        cnxn.abort()

    def _process_auth(self, cnxn: ServerCnxn, xid: i32, archive: InputArchive, now_ms: i64) -> None:
        """Add the identities that the credentials stand for, or close."""
        packet = AuthPacket.decode(archive)
        scheme = packet.scheme or ""
        provider = self._access.providers.get(scheme)
        outcome = REFUSED
        if provider is not None:
            outcome = provider.authenticate(packet.auth, cnxn.address, cnxn.client_certificate)
        if outcome.status == OK:
            ids = with_ids(cnxn.ids, outcome.ids)
            if len(ids) == len(cnxn.ids) or not are_too_many(ids):
                cnxn.ids = ids
                cnxn.reply_empty(xid, 0, 0)
                return
        self._tell_failure(cnxn, scheme, provider is not None, now_ms)
        if outcome.status == CLOSE:
            cnxn.abort()
        else:
            self._stats.auth_failed += 1
            cnxn.reply_empty(xid, 0, err.AUTHFAILED)
            cnxn.close()

    def _tell_failure(self, cnxn: ServerCnxn, scheme: str, is_known: bool, now_ms: i64) -> None:
        """Log that somebody was refused; once a second, as clients come again."""
        if now_ms < self._next_failure_ms:
            return
        self._next_failure_ms = now_ms + FAILURE_INTERVAL_MS
        logger.warning(
            "Closing the connection of %s:%d: authentication by the scheme %s failed%s",
            cnxn.address,
            cnxn.port,
            ascii(scheme),
            "" if is_known else f": there are only {', '.join(self._access.providers)}",
            extra=of_client(cnxn),
        )
