"""Why servers could not be reached, in words: ConnectionLoss alone does not tell a wrong name from a refusal."""

import errno
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Final, final

NO_ZOOKEEPER: Final = "what answers there is no ZooKeeper server"
HTTP: Final = "an HTTP server answers there, the admin server perhaps: give the port for clients"
WANTS_TLS: Final = "it speaks TLS there: set zookeeper.client.secure=true in a -client-configuration"
CLOSED: Final = "it closed the connection: it does not serve yet, wants TLS, or is no ZooKeeper server"
NO_ANSWER: Final = "it accepts connections but does not answer: is it a ZooKeeper server?"
LOST: Final = "it closed the connection meanwhile, as it does for a request that is longer than its jute.maxbuffer"
BUSY: Final = (
    "it serves, but closed the connection: it may have all it takes (maxClientCnxns), or know less than this session"
)
NO_CONNECT: Final = "timed out: no answer to the connect"
REFUSED: Final = "no server listens there"
NO_TLS: Final = "it does not speak TLS there: is that its port without TLS?"
LONGEST_CONNECT_RESPONSE: Final = 1024
"""Bytes; a real one has 40."""
_ALERT_OR_HANDSHAKE: Final = (b"\x15\x03", b"\x16\x03")
_NOT_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"})
_ALERTS: Final = {
    "CERTIFICATE_REQUIRED": "it wants a certificate of ours: set zookeeper.ssl.keyStore.location",
    "UNKNOWN_CA": "it does not trust who has issued our certificate",
    "BAD_CERTIFICATE": "it refuses our certificate, or wants one: see zookeeper.ssl.keyStore.location",
    "CERTIFICATE_UNKNOWN": "it refuses our certificate",
    "CERTIFICATE_EXPIRED": "our certificate has expired",
    "CERTIFICATE_REVOKED": "our certificate is revoked",
    "HANDSHAKE_FAILURE": "there is no cipher suite that both want, or it wants a certificate of ours",
    "PROTOCOL_VERSION": "there is no version of TLS that both want",
}
"""What alerts of the server mean, by the ends of OpenSSL's names of them."""


@final
class Failures:
    """What went wrong last with each server, and why a login failed; nothing once one of them has let us in."""

    def __init__(self) -> None:
        self._reasons: dict[tuple[str, int], dict[str, str]] = {}
        self._ended: str | None = None

    def note(self, host: str, port: int, reason: str, address: str = "") -> None:
        """Remember why a server could not be reached, at one of the addresses that its name has."""
        self._reasons.setdefault((host, port), {})[address] = reason

    def note_login(self, reason: str) -> None:
        """A server was reached, but not logged in to."""
        self.note_end(f"the login failed: {reason or 'the server refuses it'}")

    def note_end(self, reason: str) -> None:
        """The session has ended."""
        self.clear()
        self._ended = reason

    def clear(self) -> None:
        """A server was reached."""
        self._reasons.clear()
        self._ended = None

    def lines(self, ask: Callable[[str, int], str | None] | None = None) -> list[str]:
        """A line for each server, or the one for the end of the session.

        `ask` looks closer at a server that accepts connections and does no more; it gives None if that tells nothing.
        """
        if self._ended is not None:
            return [self._ended]
        return [
            f"cannot reach {server_text(*server)}: {self._reason(server, found, ask)}"
            for server, found in list(self._reasons.items())
        ]

    def _reason(
        self, server: tuple[str, int], by_address: dict[str, str], ask: Callable[[str, int], str | None] | None
    ) -> str:
        """Of the addresses of a name, such as ::1 and 127.0.0.1, one where somebody listens tells more."""
        reasons = list(by_address.values())
        reason = next((each for each in reasons if not each.endswith(REFUSED)), reasons[-1])
        closer = ask(*server) if ask is not None and reason in (CLOSED, NO_ANSWER, LOST) else None
        return reason if closer is None or (closer == BUSY and reason == LOST) else closer


def server_text(host: str, port: int) -> str:
    """host:port, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def name_is_unknown(error: OSError) -> str:
    """For a host that cannot be looked up."""
    return f"the name is not known ({error.strerror or error})"


def what_answers(head: bytes) -> str:
    """Who begins an answer so, where ZooKeeper's would begin with a length."""
    if head.startswith(b"HTTP"):
        return HTTP
    if head.startswith(_ALERT_OR_HANDSHAKE):
        return WANTS_TLS
    return NO_ZOOKEEPER


def reason_of(error: BaseException) -> str:
    """What an exception of a connect means; one that kazoo has wrapped keeps its cause as context."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, OSError):
        found = None if found.__suppress_context__ else found.__context__
    if isinstance(found, ssl.SSLError):
        return f"no TLS: {tls_reason(found)}"
    if isinstance(found, TimeoutError) or (found is None and "connect to socket" in str(error)):
        return NO_CONNECT
    if isinstance(found, socket.gaierror):
        return name_is_unknown(found)
    if isinstance(found, ConnectionResetError | BrokenPipeError):
        return CLOSED  # with bytes of ours that it has not read
    if found is not None:
        text = found.strerror or str(found)
        return f"{text}: {REFUSED}" if found.errno == errno.ECONNREFUSED else text
    if isinstance(error, struct.error | ValueError | IndexError):
        return NO_ZOOKEEPER
    return str(error) or type(error).__name__


def tls_reason(error: OSError) -> str:
    """Why TLS did not come about, or who has ended it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        # One that was not raised by OpenSSL has no message of it.
        return f"its certificate is refused: {getattr(error, 'verify_message', str(error)).rstrip('.')}"
    if isinstance(error, TimeoutError):
        return "it does not answer to TLS: is that its port without TLS?"
    if isinstance(error, ConnectionResetError | BrokenPipeError | ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return NO_TLS
    name = str(getattr(error, "reason", None) or "")
    if name in _NOT_TLS:
        return NO_TLS
    alert = name.partition("_ALERT_")[2]
    if alert:
        return _ALERTS.get(alert, f"it refuses us: {alert.replace('_', ' ').lower()}")
    return name.replace("_", " ").lower() or error.strerror or str(error)
