"""Free ports that stay free until a server listens on them, and between its starts.

The system gives those of a range of its own to outgoing connections, any of which may take one at any time. So these
are below that range.
"""

import errno
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
FIRST_PORT: Final = 12_000
USUAL_END: Final = 32_768
OUTGOING: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")

_given: set[int] = set()
"""No port is given twice in a process: the first to ask may not listen yet."""


def free_ports(host: str, count: int) -> list[int]:
    """Ports that nobody listens on now, all different; raises OSError for a host that is not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found: list[int] = []
    with ExitStack() as stack:
        for port in _candidates():
            if len(found) == count:
                break
            if port in _given:
                continue
            probe = stack.enter_context(socket.socket(family))
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
                continue
            found.append(int(probe.getsockname()[1]))
    _given.update(found)
    return found


def free_port(host: str = LOOPBACK) -> int:
    """One of them."""
    return free_ports(host, 1)[0]


def _candidates() -> Iterator[int]:
    """Ports in an order by chance, then as many as are wanted of the system's choice, which 0 stands for."""
    ports = list(range(FIRST_PORT, max(_first_outgoing(), FIRST_PORT)))
    start = random.randrange(len(ports) or 1)
    yield from ports[start:]
    yield from ports[:start]
    while True:
        yield 0


def _first_outgoing() -> int:
    """Where the system's own range begins."""
    try:
        return int(OUTGOING.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return USUAL_END
