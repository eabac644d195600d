"""How the connections of a shell are made safe: what the caller of `main` makes of client properties."""

import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

from attrs import frozen
from kazoo.exceptions import ConnectionDropped
from kazoo.handlers.threading import SequentialThreadingHandler

from pyzoo.sasl.mechanism import ClientLogin, SaslClient
from pyzoo.shell.failures import tls_reason


@frozen
class ServerTls:
    """TLS as clients do it, with servers whose certificate `examine` does not refuse (with ssl.SSLError)."""

    context: ssl.SSLContext
    examine: Callable[[ssl.SSLSocket], None] | None = None

    def wrap_socket(self, plain: socket.socket, *, server_hostname: str) -> ssl.SSLSocket:
        """The connection with TLS around it; raises OSError, and the connection is closed then."""
        try:
            tls = self.context.wrap_socket(plain, server_hostname=server_hostname)
        except OSError:
            plain.close()
            raise
        try:
            if self.examine is not None:
                self.examine(tls)
        except OSError:
            tls.close()
            raise
        return tls


class TlsHandler(SequentialThreadingHandler):
    """Connections over TLS as it is set up already."""

    def __init__(self, tls: ServerTls) -> None:
        super().__init__()
        self._tls = tls

    def create_connection(self, address: tuple[str, int], **kwargs: Any) -> Any:
        plain = super().create_connection(address, timeout=kwargs.get("timeout"))
        try:
            return self._tls.wrap_socket(plain, server_hostname=kwargs.get("hostname", address[0]))
        except OSError as error:
            raise ConnectionDropped(f"no TLS: {tls_reason(error)}") from None


@frozen
class Security:
    """Neither is plain connections, of a client that is nobody."""

    tls: ServerTls | None = None
    login: ClientLogin | None = None


NOT_SAFE: Final = Security()


def log_in(client: SaslClient, ask: Callable[[bytes], bytes]) -> None:
    """The exchange of a login: `ask` gives the server's answer to a token, or raises SaslFailure."""
    token: bytes | None = client.begin()
    while token is not None:
        challenge = ask(token)
        token = None if client.is_complete else client.evaluate(challenge)


SecurityFactory = Callable[[dict[str, str], str | None], Security]
"""Makes it of client properties and the file that most of them are from, if any; raises ConfigError."""
