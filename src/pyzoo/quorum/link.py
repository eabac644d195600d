"""PeerLink: a connection to another server without its socket, on whichever of its ports.

The core makes it, for what it wants dialled and for what the shell has accepted. Bytes to be sent lie in it
until the shell takes them; what arrives is given to the core with the link that it came on.
"""

from typing import Final, final

from pyzoo.outbox import Outbox, Packets

ELECTION: Final = 0
QUORUM: Final = 1
OBSERVER_MASTER: Final = 2
"""The kinds of ports that servers have for each other."""


@final
class PeerLink(Outbox):
    """One connection; `port` is the kind of port that it leads to.

    For a link to be dialled `addresses` are all to be tried at once, within `timeout_ms`, and the first that
    answers is taken; of an accepted one they are empty. `remote` is for people.
    """

    def __init__(
        self, packets: Packets, port: int, remote: str, addresses: list[tuple[str, int]], timeout_ms: int
    ) -> None:
        super().__init__(packets)
        self.port = port
        self.remote = remote
        self.addresses = addresses
        self.timeout_ms = timeout_ms
        self.connected = not addresses

    def send(self, data: bytes) -> None:
        """Append to what is to be sent; ignored once the link closes."""
        if not self.closing:
            self.out.write(data)
            self.announce()
