"""WorkerEndpoint: the socket between a writer and one of its workers, which nobody else has an end of."""

import socket
from collections.abc import Callable
from typing import Final, final

from pyzoo.quorum.link import PeerLink
from pyzoo.runtime.transport.endpoint import Endpoint
from pyzoo.runtime.transport.endpoints import Endpoints
from pyzoo.server.core import Core

RECEIVES_PER_PASS: Final = 16


@final
class WorkerEndpoint(Endpoint):
    """One end; the socket must not block. `ended` is called once, when the connection is over, whoever has ended it."""

    def __init__(
        self,
        endpoints: Endpoints,
        sock: socket.socket,
        link: PeerLink,
        core: Core,
        ended: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(endpoints, sock, link, None, RECEIVES_PER_PASS)
        self._ended = ended
        self.link = link
        self.core = core

    @property
    def name(self) -> str:
        return self.link.remote

    def read_now(self) -> None:
        """Take what is there, whether the poller has told of it or not."""
        if self.is_open:
            self._receive()

    def received(self, data: bytes) -> None:
        self.core.link_received(self.link, data)

    def drained(self) -> None:
        self.core.link_drained(self.link)

    def gone(self) -> None:
        if not self.link.closing:
            self.core.link_gone(self.link)
        if self._ended is not None:
            self._ended()
