"""The ports of a server that is down for a while, kept free for it."""

import os
import socket
from contextlib import suppress

from attrs import define, evolve, field

from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.run import RunningServer


@define
class ReservedPorts:
    """Where a server has listened: -1 and None for what it has not. Connections to them are refused meanwhile."""

    host: str
    port: int
    secure_port: int
    admin_port: int | None
    _sockets: list[socket.socket] = field(factory=list, init=False)

    @classmethod
    def of(cls, host: str, running: RunningServer) -> "ReservedPorts":
        """Those of a server that has ended."""
        ports = cls(host, running.port, running.secure_port, running.admin_port)
        for port in (ports.port, ports.secure_port):
            if port >= 0:
                # Where the system does not let us, somebody else may get it.
                with suppress(OSError):
                    ports._reserve(port)
        return ports

    def _reserve(self, port: int) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(self.host, port, type=socket.SOCK_STREAM)[0]
        sock = socket.socket(family, kind, protocol)
        self._sockets.append(sock)
        if os.name == "posix":
            # Connections of before are no hindrance; elsewhere this would mean something else.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Bound, but no listener: nobody gets it for a connection of his own.
        sock.bind(address)

    def settings(self, config: ServerConfig) -> ServerConfig:
        """The same settings, but on these ports."""
        config = evolve(config, client_port=self.port)
        if self.secure_port >= 0:
            config = evolve(config, secure_client_port=self.secure_port)
        if self.admin_port is not None:
            config = evolve(config, admin=evolve(config.admin, port=self.admin_port))
        return config

    def release(self) -> None:
        """Whoever comes first has them now."""
        while self._sockets:
            self._sockets.pop().close()
