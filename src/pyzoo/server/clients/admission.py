"""From a frame to a request: what is answered before any queue, and what is not let in.

auth and sasl are answered at once, so their replies may overtake those of earlier requests, as in Apache.
"""

import logging
from typing import TYPE_CHECKING, Final

from librt.strings import write_i32_be
from mypy_extensions import i32, i64

from pyzoo import errors as err
from pyzoo.errors import MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import AuthPacket, GetSASLRequest
from pyzoo.server.clients import auth
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.log_extras import of_client
from pyzoo.server.requests.request import Request

if TYPE_CHECKING:
    from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

logger: Final = logging.getLogger(__name__)


def process_packet(server: "ZooKeeperServer", cnxn: ServerCnxn, archive: InputArchive) -> None:
    """Take a frame after the handshake (ZooKeeperServer.processPacket); raises MalformedRecord."""
    length: i64 = archive.end - archive.pos
    xid = archive.read_int()
    type = archive.read_int()
    if type == op.AUTH:
        process_auth(server, cnxn, xid, archive)
    elif type == op.SASL:
        process_sasl(server, cnxn, xid, archive)
    elif server.enforced_schemes and not has_enforced_id(server, cnxn):
        cnxn.reply_empty(xid, 0, err.SESSIONCLOSEDREQUIRESASLAUTH)
        cnxn.close()
    elif type == op.DELETE_CONTAINER:
        # Only a server deletes containers: it asks for no permission (3.9.6).
        logger.warning("Closing %s:%d: it sent deleteContainer", cnxn.address, cnxn.port, extra=of_client(cnxn))
        cnxn.close()
    else:
        request = Request(cnxn, cnxn.session_id, xid, type, archive, cnxn.ids, server.now_ms)
        if server.large_request_threshold >= 0 and not count_large(server, request, length):
            cnxn.abort()
        else:
            server.submit(request)


def has_enforced_id(server: "ZooKeeperServer", cnxn: ServerCnxn) -> bool:
    """Whether the connection has an id of a scheme that everybody needs (AuthenticationHelper)."""
    for id in cnxn.ids:
        if id.scheme in server.enforced_schemes:
            return True
    return False


def process_auth(server: "ZooKeeperServer", cnxn: ServerCnxn, xid: i32, archive: InputArchive) -> None:
    """Add the identities that the credentials stand for, or close."""
    packet = AuthPacket.decode(archive)
    provider = server.access.providers.get(packet.scheme or "")
    outcome = auth.REFUSED if provider is None else provider.authenticate(packet.auth, cnxn.address)
    if outcome.status == auth.CLOSE:
        cnxn.abort()
    elif outcome.status == auth.FAILED:
        server.stats.auth_failed += 1
        cnxn.reply_empty(xid, 0, err.AUTHFAILED)
        cnxn.close()
    else:
        cnxn.ids = auth.with_ids(cnxn.ids, outcome.ids)
        cnxn.reply_empty(xid, 0, 0)


def process_sasl(server: "ZooKeeperServer", cnxn: ServerCnxn, xid: i32, archive: InputArchive) -> None:
    """No SASL login is configured here: success with a null token, as Apache answers then.

    Java's clients take that for the end. One that goes on (kazoo would for ever, and Apache would answer) gets
    what a failed login gets.
    """
    request = GetSASLRequest.decode(archive)
    if request.token is None:
        raise MalformedRecord("a sasl request has no token")
    code: i32 = 0
    if cnxn.sasl_refused:
        code = err.SESSIONCLOSEDREQUIRESASLAUTH if "sasl" in server.enforced_schemes else err.AUTHFAILED
    start = cnxn.reply_begin(xid, 0, code)
    write_i32_be(cnxn.out, -1)
    cnxn.frame_written(start)
    if cnxn.sasl_refused:
        logger.warning(
            "Closing the connection of %s:%d: it wants a SASL login, and there is none here",
            cnxn.address,
            cnxn.port,
            extra=of_client(cnxn),
        )
        cnxn.close()
    cnxn.sasl_refused = True


def admit_large(server: "ZooKeeperServer", cnxn: ServerCnxn) -> bool:
    """Whether the next frame fits into what large requests may take together.

    (ZooKeeperServer.checkRequestSizeWhenReceivingMessage.) Closes the connection when not.
    """
    length = cnxn.frames.peek_word()
    if length > server.max_frame or fits(server, length):
        return True
    cnxn.abort()
    return False


def count_large(server: "ZooKeeperServer", request: Request, length: i64) -> bool:
    """Count a request that is there as a whole, until it is done; False when it does not fit any more."""
    if not fits(server, length):
        return False
    if length > server.large_request_threshold:
        request.large_bytes = length
        server.large_bytes += length
    return True


def fits(server: "ZooKeeperServer", length: i64) -> bool:
    """Whether a request of this many bytes is small, or fits beside the large ones under way."""
    if length <= server.large_request_threshold or server.large_bytes + length <= server.large_request_max_bytes:
        return True
    server.metrics.large_requests_rejected += 1
    return False
