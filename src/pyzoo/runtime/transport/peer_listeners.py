"""PeerListeners: the ports that a member wants open for others, opened again and again until they are."""

import errno
import logging
import socket
from collections.abc import Callable
from typing import Final, final

from pyzoo.quorum.link import ELECTION
from pyzoo.runtime.host_names import is_numeric
from pyzoo.runtime.listening import ElectionPortError, bind
from pyzoo.runtime.transport.endpoints import Endpoints
from pyzoo.runtime.transport.listeners import Listener, Port

logger: Final = logging.getLogger(__name__)

PORT_NAMES: Final = ("election", "quorum", "observer master")

Addresses = list[tuple[str, int]]


@final
class PeerListeners:
    """The listeners of a port for members."""

    def __init__(
        self,
        port: Port,
        endpoints: Endpoints,
        find_own: Callable[[int, Addresses], None],
        listen_again: Callable[[], None],
        bind_tries: int,
        all_ips: bool,
    ) -> None:
        """`find_own` begins to look up where a kind of port has to be opened, and calls `own_found` or `own_unknown`.

        `listen_again` calls `try_again` after a moment. The election port is tried `bind_tries` times, 0 is for ever;
        with `all_ips` ports are open on all addresses.
        """
        self._port = port
        self._endpoints = endpoints
        self._find_own = find_own
        self._listen_again = listen_again
        self._bind_tries = bind_tries
        self._all_ips = all_ips
        self._wanted: dict[int, Addresses] = {}
        self._failed_binds: dict[int, int] = {}
        self.refused: dict[int, str] = {}
        """The kinds of ports that are not open because somebody else has them, and what was said of each."""
        self._looking_up: set[int] = set()
        self._is_trying = False

    def listen(self, wanted: dict[int, Addresses]) -> None:
        """Open and close ports so that these, and no others, are open; raises ElectionPortError."""
        for kind in list(self._wanted):
            if wanted.get(kind) != self._wanted[kind]:
                self._close(kind)
                self._failed_binds.pop(kind, None)
                self.refused.pop(kind, None)
        old, self._wanted = self._wanted, wanted
        for kind, addresses in wanted.items():
            if old.get(kind) != addresses or kind in self._failed_binds:
                self._begin_to_open(kind, addresses)

    def try_again(self) -> None:
        """Some could not be opened; raises ElectionPortError."""
        self._is_trying = False
        self.listen(self._wanted)

    def _begin_to_open(self, kind: int, addresses: Addresses) -> None:
        if self._all_ips or all(is_numeric(host) for host, _ in addresses):
            self._open(kind, addresses)
        elif kind not in self._looking_up:
            self._looking_up.add(kind)
            self._find_own(kind, addresses)

    def own_found(self, kind: int, addresses: Addresses, found: Addresses) -> None:
        """The names among some addresses of this member have been looked up."""
        self._looking_up.discard(kind)
        wanted = self._wanted.get(kind)
        if wanted == addresses:
            self._open(kind, found)
        elif wanted is not None:
            self._begin_to_open(kind, wanted)

    def own_unknown(self, kind: int, where: str, error: OSError) -> None:
        """A name of this member is not known: it is asked for again."""
        self._looking_up.discard(kind)
        if kind in self._wanted:
            self._bind_failed(kind, where, error)

    def _open(self, kind: int, addresses: Addresses) -> None:
        for host, port in addresses:
            try:
                listener = Listener(bind("" if self._all_ips else host, port), self._port, kind)
            except OSError as error:
                self._close(kind)
                self._bind_failed(kind, f"{host}:{port}", error)
                return
            self._endpoints.listen(listener)
        self._failed_binds.pop(kind, None)
        self.refused.pop(kind, None)

    def _bind_failed(self, kind: int, where: str, error: OSError) -> None:
        # A name that nobody knows yet is often only late; a port that is taken rarely becomes free.
        tries = self._failed_binds.get(kind, 0) + (0 if isinstance(error, socket.gaierror) else 1)
        self._failed_binds[kind] = tries
        reason = (error.strerror or str(error)).partition(" (while")[0]
        if error.errno == errno.EADDRINUSE:
            self.refused[kind] = f"the {PORT_NAMES[kind]} port {where}: {reason}"
        logger.error("Cannot listen on the %s port %s: %s; it is tried again", PORT_NAMES[kind], where, reason)
        if kind == ELECTION and 0 < self._bind_tries <= tries:
            raise ElectionPortError(error.errno, f"cannot listen on the election port {where}: {reason}") from error
        if not self._is_trying:
            self._is_trying = True
            self._listen_again()

    def _close(self, kind: int) -> None:
        for listener in list(self._endpoints.listeners.by_fd.values()):
            if listener.port is self._port and listener.kind == kind:
                self._endpoints.stop_listening(listener)
