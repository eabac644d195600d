"""TLS for clients that speak none: a port on loopback whose connections go on to a server over TLS."""

import socket
import ssl
import threading
from collections.abc import Callable
from functools import partial

from attrs import define, field

PIECE_BYTES = 65536


@define(eq=False)
class Tunnel:
    """The near end; use `address`. A connection whose handshake fails is closed."""

    target: tuple[str, int]
    context: ssl.SSLContext
    _listener: socket.socket = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        _run(self._accept)

    @property
    def host_port(self) -> str:
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def close(self) -> None:
        # A listener that a thread waits at goes on with it until it is shut down.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            _run(partial(self._join, near))

    def _join(self, near: socket.socket) -> None:
        with near, socket.create_connection(self.target) as far:
            try:
                with self.context.wrap_socket(far, server_hostname=self.target[0]) as tls:
                    _run(partial(_pump, near, tls))
                    _pump(tls, near)
            except OSError:
                return


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(PIECE_BYTES):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _run(what: Callable[[], None]) -> None:
    threading.Thread(target=what, daemon=True).start()
