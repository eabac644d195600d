"""A closer look at a server that lets nobody in: the four-letter word `srvr`, which servers answer by default."""

import socket
from contextlib import closing
from typing import Final

from pyzoo.shell.failures import BUSY, HTTP, NO_ZOOKEEPER, WANTS_TLS, what_answers
from pyzoo.shell.security import ServerTls
from pyzoo.shell.tls_probe import speaks_tls

TIMEOUT_S: Final = 1.0
ANSWER_MAX: Final = 4096
"""Bytes; that of `srvr` has some 250."""
NOT_SERVING: Final = "it does not serve: it has no quorum, or is still starting"
READ_ONLY: Final = "it has no quorum and serves only reads: -r is content with that"


def look_closer(host: str, port: int, tls: ServerTls | None) -> str | None:
    """What such a server is, None where that does not show either."""
    try:
        answer = _ask(host, port, tls)
    except OSError:
        answer = b""
    if not answer:
        # Four bytes are too few for TLS to find fault with.
        return WANTS_TLS if tls is None and speaks_tls(host, port) else None
    if b"not currently serving" in answer:
        return NOT_SERVING
    if b"Mode: read-only" in answer:
        return READ_ONLY
    if b"Mode: " in answer or b"srvr is not executed" in answer:
        return BUSY
    found = what_answers(answer)
    return found if found in (HTTP, WANTS_TLS) else NO_ZOOKEEPER


def _ask(host: str, port: int, tls: ServerTls | None) -> bytes:
    """Raises OSError when there is no answer in time."""
    plain = socket.create_connection((host, port), TIMEOUT_S)
    with closing(plain if tls is None else tls.wrap_socket(plain, server_hostname=host)) as connection:
        connection.sendall(b"srvr")
        answer = b""
        while len(answer) < ANSWER_MAX and (piece := connection.recv(ANSWER_MAX)):
            answer += piece
        return answer
