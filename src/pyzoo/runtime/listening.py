"""Opening ports."""

import socket

from pyzoo.config.settings import ServerConfig


def bind(host: str, port: int, backlog: int | None = None) -> socket.socket:
    """Listen on an address, or on all of this machine where `host` is empty; raises OSError."""
    if host:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=backlog)
    if socket.has_dualstack_ipv6():
        return socket.create_server(("::", port), family=socket.AF_INET6, backlog=backlog, dualstack_ipv6=True)
    return socket.create_server(("", port), backlog=backlog)


class ElectionPortError(OSError):
    """The election port cannot be opened, after as many tries as electionPortBindRetry allows (ExitCode 14)."""


def cannot_listen(host: str | None, port: int, error: OSError) -> str:
    """What is said of a port that cannot be opened."""
    # create_server adds the address to the reason in brackets, getaddrinfo does not.
    reason = (error.strerror or str(error)).partition(" (while")[0]
    return f"cannot listen on {host or '*'}:{port}: {reason}"


def open_listener(config: ServerConfig) -> list[socket.socket]:
    """Listen on the client port; raises OSError, which names it, when it is taken or not of this machine."""
    backlog = config.client_port_listen_backlog if config.client_port_listen_backlog > 0 else socket.SOMAXCONN
    host, port = config.client_port_address, config.client_port
    assert port is not None, "a server without a client port is refused before"
    try:
        return [bind(host or "", port, backlog)]
    except OSError as error:
        raise OSError(error.errno, cannot_listen(host, port, error)) from error
