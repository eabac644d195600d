"""Four-letter words from the asking side: blocking, for commands and tests; no server imports this."""

import socket
from typing import Protocol

TIMEOUT_S = 5.0
READ_SIZE = 65536


class Tls(Protocol):
    """How TLS is done: an ssl.SSLContext, or what makes the same of a connection."""

    def wrap_socket(self, sock: socket.socket, /, *, server_hostname: str) -> socket.socket:
        """The connection with TLS around it; raises OSError."""


#: The modes of `srvr` in which a member takes part in its ensemble, or needs none.
SERVING_MODES = ("leader", "follower", "observer", "standalone")


def ask(host: str, port: int, word: str, timeout_s: float = TIMEOUT_S, tls: Tls | None = None) -> str:
    """The whole answer to a word, over TLS if need be. Raises OSError when there is none within `timeout_s` a step."""
    answer = b""
    with (
        socket.create_connection((host, port), timeout_s) as plain,
        plain if tls is None else tls.wrap_socket(plain, server_hostname=host) as sock,
    ):
        sock.sendall(word.encode())
        while piece := sock.recv(READ_SIZE):
            answer += piece
    return answer.decode(errors="replace")


def srvr_fields(answer: str) -> dict[str, str]:
    """`Name: value` lines by name; empty when the server does not serve."""
    fields = {}
    for line in answer.splitlines():
        name, colon, value = line.partition(": ")
        if colon:
            fields[name] = value.strip()
    return fields if "Mode" in fields else {}


def mntr_fields(answer: str) -> dict[str, str]:
    """`zk_name<TAB>value` lines by their whole name; empty when the word is not allowed or nothing is served."""
    fields = {}
    for line in answer.splitlines():
        name, tab, value = line.partition("\t")
        if tab:
            fields[name] = value
    return fields


def mode_of(host: str, port: int, timeout_s: float = TIMEOUT_S, tls: Tls | None = None) -> str | None:
    """Mode of the server that listens there; None when nothing answers, or it does not serve yet."""
    try:
        return srvr_fields(ask(host, port, "srvr", timeout_s, tls)).get("Mode")
    except OSError:
        return None
