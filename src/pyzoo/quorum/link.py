"""PeerLink: a connection to another server without its socket, on whichever of its ports.

The core makes it, for what it wants dialled and for what the shell has accepted. Bytes to be sent lie in it
until the shell takes them; what arrives is given to the core with the link that it came on.
"""

from typing import Final, final

from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.outbox import Outbox, Packets
from pyzoo.quorum.packets import write_packet

ELECTION: Final = 0
QUORUM: Final = 1
OBSERVER_MASTER: Final = 2
"""The kinds of ports that servers have for each other."""
UNKNOWN: Final = -1
"""In place of a server id."""


@mypyc_attr(allow_interpreted_subclasses=True)
class LinkReceiver:
    """Who hears of what happens at a link; this one does not listen."""

    def connected(self, now_ms: i64) -> None:
        """The link was dialled, and the other end has answered."""

    def bytes_received(self, data: bytes, now_ms: i64) -> None:
        """Bytes have arrived; they end anywhere, also in the middle of a packet."""

    def drained(self, now_ms: i64) -> None:
        """The network has taken everything."""

    def gone(self, now_ms: i64) -> None:
        """The connection broke, or could not be made."""


NOBODY: Final = LinkReceiver()


@final
class PeerLink(Outbox):
    """One connection; `port` is the kind of port that it leads to, `receiver` who hears of it until it is over.

    Then they let go of each other. A circle of them would stay until the collector comes: after thousands of
    connections that came to nothing it holds everybody up for tens of ms.

    For a link to be dialled `addresses` are all to be tried at once, within `timeout_ms`, and the first that
    answers is taken; of an accepted one they are empty. `remote` is for people, `sid` is the member at the other end,
    of an accepted one as soon as that has said so.
    """

    def __init__(
        self, packets: Packets, port: int, remote: str, addresses: list[tuple[str, int]], timeout_ms: int
    ) -> None:
        super().__init__(packets)
        self.receiver: LinkReceiver = NOBODY
        self.port = port
        self.sid: i64 = UNKNOWN
        self.remote = remote
        self.addresses = addresses
        self.timeout_ms = timeout_ms
        self.connected = not addresses

    def abort(self) -> None:
        self.receiver = NOBODY
        super().abort()

    def broke(self) -> LinkReceiver:
        """The connection is over, or could not be made; who is to hear of that, the last that it hears of this link."""
        self.closing = True
        self.gone = True
        receiver = self.receiver
        self.receiver = NOBODY
        return receiver

    def send(self, data: bytes) -> None:
        """Append to what is to be sent; ignored once the link closes."""
        if not self.closing:
            self.out.write(data)
            self.announce()

    def send_packet(self, type: i32, zxid: i64, data: bytes | None) -> None:
        """The same with a packet without identities."""
        if not self.closing:
            write_packet(self.out, type, zxid, data)
            self.announce()
