"""PeerLink: a connection to another server without its socket, on whichever of its ports.

The core makes it, for what it wants dialled and for what the shell has accepted. Bytes to be sent lie in it
until the shell takes them; what arrives is given to the core with the link that it came on.
"""

from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i64, mypyc_attr

ELECTION: Final = 0
QUORUM: Final = 1
OBSERVER_MASTER: Final = 2
"""The kinds of ports that servers have for each other."""

_KEEP_WRITER: Final = 256 << 10


@mypyc_attr(allow_interpreted_subclasses=True)
class LinkOwner:
    """What a link tells the core that it belongs to."""

    def link_ready(self, link: "PeerLink") -> None:
        """There is something to send, or the link has to be closed, and was not before."""
        raise NotImplementedError


@final
class PeerLink:
    """One connection; `port` is the kind of port that it leads to.

    For a link to be dialled `addresses` are all to be tried at once, within `timeout_ms`, and the first that
    answers is taken; of an accepted one they are empty. `remote` is for people. `unsent` is kept by the shell:
    what it has taken and the network has not. With `wants_drain` the core is told when that has become 0.
    """

    def __init__(
        self, owner: LinkOwner, port: int, remote: str, addresses: list[tuple[str, int]], timeout_ms: int
    ) -> None:
        self.owner = owner
        self.port = port
        self.remote = remote
        self.addresses = addresses
        self.timeout_ms = timeout_ms
        self.out = BytesWriter()
        self.unsent: i64 = 0
        self.connected = not addresses
        self.closing = False
        self.gone = False
        self.wants_drain = False
        self.announced = False

    def send(self, data: bytes) -> None:
        """Append to what is to be sent; ignored once the link closes."""
        if not self.closing:
            self.out.write(data)
            self.announce()

    def close(self) -> None:
        """Close once everything written so far is sent."""
        self.closing = True
        self.announce()

    def abort(self) -> None:
        """Close without sending what is left; the core hears no more of this link."""
        self.gone = True
        self.close()

    def announce(self) -> None:
        """Tell the core once a turn that this link has to be looked at."""
        if not self.announced:
            self.announced = True
            self.owner.link_ready(self)

    def waiting_bytes(self) -> i64:
        """Bytes written and not yet taken by the network."""
        return self.unsent + len(self.out)

    def data_to_send(self) -> bytes:
        """Take what has been written since the last call."""
        self.announced = False
        data = self.out.getvalue()
        if len(data) > _KEEP_WRITER:
            self.out = BytesWriter()
        else:
            self.out.truncate(0)
        return data
