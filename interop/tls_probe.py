"""One TLS connection of OpenSSL's, and how it ends: what a server says to whom it does not let in."""

import socket
import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path

from attrs import evolve, frozen

ANSWER_SECONDS = 20.0
SERVED = "served"
CLOSED = "closed"
RESET = "reset"
SILENT = "silent"
Address = tuple[str, int]
TLS_12, TLS_13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@frozen
class Probe:
    """How this end does TLS. It believes whatever the server shows: what the server makes of it is what counts."""

    #: A PEM file with a key and its certificates.
    identity: Path | None = None
    newest: ssl.TLSVersion = TLS_13
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1
    #: Of TLS 1.2 and before, as OpenSSL names them.
    ciphers: str = "ALL:@SECLEVEL=0"
    #: The address that it comes from; empty for whichever.
    source: str = ""
    #: The host that it asks for (SNI); none where it is empty.
    name: str = ""
    #: How long it waits for an answer or an end.
    patience: float = ANSWER_SECONDS

    def speaking(self, version: ssl.TLSVersion) -> "Probe":
        """The same in one version alone."""
        return evolve(self, newest=version, oldest=version)

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers(self.ciphers)
        with warnings.catch_warnings():
            # That the versions before TLS 1.2 are out of use is what makes them worth a try.
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = self.oldest, self.newest
        if self.identity is not None:
            context.load_cert_chain(self.identity)
        return context

    def outcome(self, address: Address, admitted: bool) -> str:
        """SERVED, or how the server ended the connection: the name of its alert, CLOSED, RESET.

        Who is not expected to be `admitted` says nothing after its handshake: with TLS 1.3 it is over for this end
        before the server has looked at the certificate, and what comes after an alert can hide it.
        """
        source = (self.source, 0) if self.source else None
        with socket.create_connection(address, self.patience, source) as connection:
            try:
                with self.context().wrap_socket(connection, server_hostname=self.name or address[0]) as tls:
                    if admitted:
                        tls.sendall(b"srvr")
                    return SERVED if tls.recv(1) else CLOSED
            except TimeoutError:
                return SILENT
            except ssl.SSLEOFError:
                return CLOSED
            except ssl.SSLError as error:
                return _alert(error)
            except ConnectionResetError:
                return RESET


def _alert(error: ssl.SSLError) -> str:
    """Its name in the standard."""
    reason = error.reason or str(error)
    _, _, name = reason.partition("_ALERT_")
    return name.lower() or reason


def exchange(address: Address, data: bytes) -> tuple[bytes, str]:
    """What plain bytes are answered with, and how the server ends the connection."""
    with socket.create_connection(address, ANSWER_SECONDS) as connection:
        return ended_by_server(connection, data)


def ended_by_server(connection: socket.socket, data: bytes) -> tuple[bytes, str]:
    received = b""
    try:
        connection.sendall(data)
        while piece := connection.recv(65536):
            received += piece
    except TimeoutError:
        return received, SILENT
    except OSError:
        return received, RESET
    return received, CLOSED


@frozen
class Flights:
    """What a client sends in a handshake, each flight after the server's answer to the one before."""

    context: ssl.SSLContext

    def cut(self, address: Address, whole_flights: int, share: float) -> str:
        """Send some flights and a share of the next one, and no more; how the server ends the connection then."""
        with socket.create_connection(address, ANSWER_SECONDS) as connection:
            for number, flight in enumerate(self._flights(connection, address[0])):
                if number == whole_flights:
                    connection.sendall(flight[: int(len(flight) * share)])
                    break
                connection.sendall(flight)
            connection.shutdown(socket.SHUT_WR)
            return ended_by_server(connection, b"")[1]

    def _flights(self, connection: socket.socket, host: str) -> Iterator[bytes]:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(incoming, outgoing, server_hostname=host)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
            else:
                yield outgoing.read()
                return
            flight = outgoing.read()
            if flight:
                yield flight
            incoming.write(connection.recv(65536))
