"""Opening ports."""

import socket

from pyzoo.config.hosts import is_any_host
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError


class ListeningSocket(socket.socket):
    """A listener for clients, which remembers what kind of socket it is.

    socket.accept() asks for that with each connection, which takes as long as all the rest of it.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._family, self._type = sock.family, sock.type
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())

    @property
    def family(self) -> socket.AddressFamily:
        """That of its connections too."""
        return self._family

    @property
    def type(self) -> socket.SocketKind:
        """The same."""
        return self._type


def bind(host: str, port: int, backlog: int | None = None, shared: bool = False) -> socket.socket:
    """Listen on an address, or on all of this machine, of both families, where `host` stands for that; raises OSError.

    `shared`: other processes of the same user may listen there too, and each gets a part of the connections.
    A name that has addresses of both families is its first IPv4 one, as in Java.
    """
    if not is_any_host(host):
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
        return socket.create_server((str(address[0]), port), family=family, backlog=backlog, reuse_port=shared)
    if socket.has_dualstack_ipv6():
        return socket.create_server(
            ("::", port), family=socket.AF_INET6, backlog=backlog, dualstack_ipv6=True, reuse_port=shared
        )
    return socket.create_server(("", port), backlog=backlog, reuse_port=shared)


class ElectionPortError(OSError):
    """The election port cannot be opened, after as many tries as electionPortBindRetry allows (ExitCode 14)."""


def cannot_listen(host: str | None, port: int, error: OSError, purpose: str = "") -> str:
    """What is said of a port that cannot be opened, such as "the election port"."""
    # create_server adds the address to the reason in brackets, getaddrinfo does not.
    reason = (error.strerror or str(error)).partition(" (while")[0]
    shown = "*" if not host else f"[{host}]" if ":" in host else host
    return f"cannot listen on {purpose}{' ' if purpose else ''}{shown}:{port}: {reason}"


def check_client_address(config: ServerConfig) -> None:
    """Raise ConfigError when the name of a client address is not known: that is no reason to start again."""
    _check_host(config, config.client_port_address, "clientPortAddress")
    _check_host(config, config.secure_client_port_address, "secureClientPortAddress")


def _check_host(config: ServerConfig, host: str | None, key: str) -> None:
    if not host or is_any_host(host):
        return
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConfigError(
            f"{key}={host} is not known on this machine: {reason}",
            config.config_path,
            None,
            key,
        ) from error


def open_listener(config: ServerConfig) -> list[socket.socket]:
    """Listen on the client port, if there is one (a member may do without).

    Raises OSError, which names it, when it is taken or not of this machine.
    """
    return _open(config, config.client_port_address, config.client_port)


def open_secure_listener(config: ServerConfig) -> list[socket.socket]:
    """The same for the port of clients that speak TLS."""
    return _open(config, config.secure_client_port_address, config.secure_client_port)


def _open(config: ServerConfig, host: str | None, port: int | None) -> list[socket.socket]:
    backlog = config.client_port_listen_backlog if config.client_port_listen_backlog > 0 else socket.SOMAXCONN
    if port is None:
        return []
    try:
        if config.workers > 1 and config.worker_number == 0 and port:
            # A server that shares its port with its own processes must not share it with others.
            bind(host or "", port).close()
        return [ListeningSocket(bind(host or "", port, backlog, config.workers > 1))]
    except OSError as error:
        raise OSError(error.errno, cannot_listen(host, port, error)) from error
