"""Free loopback ports that stay free until a server listens on them, and between its starts."""

import itertools
import os
import socket

#: Below the ports that the system gives to outgoing connections, so that nothing takes them between two starts.
FIRST_PORT = 12000
PORTS = 18000

#: Processes that run at the same time begin far from each other.
_first_offset = os.getpid() * 7919 % PORTS
_candidates = itertools.cycle(FIRST_PORT + (_first_offset + number) % PORTS for number in range(PORTS))


def free_port() -> int:
    """A loopback port that nobody listens on, and that no other call returns soon."""
    for port in _candidates:
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port
    raise AssertionError("a cycle does not end")
