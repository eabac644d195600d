"""Dialling another member: all of its addresses are tried at once, and the first one that answers is taken."""

import logging
import socket
from typing import Final

import trio

from pyzoo.quorum.link import PeerLink
from pyzoo.runtime.host_names import HostNames

logger: Final = logging.getLogger(__name__)


class Dial:
    """One attempt to connect a link."""

    def __init__(self, link: PeerLink, names: HostNames) -> None:
        self._link = link
        self._names = names
        self._connected: tuple[socket.socket, str] | None = None

    async def connect(self) -> tuple[socket.socket, str] | None:
        """A socket with the host that it leads to, as the link names it; None where nobody has answered in time."""
        with trio.move_on_after(self._link.timeout_ms / 1000):
            async with trio.open_nursery() as tries:
                for host, port in self._link.addresses:
                    tries.start_soon(self._try_host, host, port, tries)
        return self._connected

    async def _try_host(self, host: str, port: int, tries: trio.Nursery) -> None:
        """Names are looked up anew each time: a member may have moved."""
        try:
            found = await self._names.look_up(host)
        except OSError as error:
            self._note(host, port, error)
            return
        for address in found:
            tries.start_soon(self._try_address, host, address, port, tries.cancel_scope)

    async def _try_address(self, host: str, address: str, port: int, all_tries: trio.CancelScope) -> None:
        try:
            stream = await trio.open_tcp_stream(address, port)
        except OSError as error:
            self._note(host, port, error)
            return
        sock = socket.socket(fileno=stream.socket.detach())
        if self._connected is None:
            self._connected = sock, host
            all_tries.cancel()
        else:
            sock.close()

    def _note(self, host: str, port: int, error: OSError) -> None:
        reason = error.strerror or error
        logger.info("Cannot connect to %s at %s:%d: %s", self._link.remote, host, port, reason)
