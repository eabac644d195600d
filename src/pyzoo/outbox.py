"""Outbox: what one connection has to send and whether it is to close, without its socket; of clients and of members.

The core writes and closes. Whoever has the socket takes the bytes, and finds out from Packets that there are some.
"""

from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i64, mypyc_attr

_KEEP_WRITER: Final = 64 << 10


@mypyc_attr(allow_interpreted_subclasses=True)
class OutboxReader:
    """Who takes what is written to an outbox: whoever has its socket, or a client within this process."""

    def written(self) -> None:
        """Something may have been written, or the connection is over; called in the middle of a turn."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Outbox:
    """One connection's output.

    `reader` is whom the shell has for it, from the beginning of the connection to its end.
    `unsent` is kept by the shell: the bytes that it has taken and the network has not. With `wants_drain` the core is
    told when that has become 0. A connection that is `gone` has no use for what is still in here.
    """

    def __init__(self, packets: "Packets") -> None:
        """It is listed in `packets` when there is something to do for it."""
        self.packets = packets
        self.reader: OutboxReader | None = None
        self.out = BytesWriter()
        self.unsent: i64 = 0
        self.closing = False
        self.gone = False
        self.wants_drain = False
        self.announced = False

    def announce(self) -> None:
        """Let the shell look at it, once a turn."""
        if not self.announced:
            self.announced = True
            self.packets.ready.append(self)

    def close(self) -> None:
        """Close once everything written so far is sent."""
        self.closing = True
        self.announce()

    def abort(self) -> None:
        """Close without sending what is left; the core hears no more of this connection."""
        self.gone = True
        self.close()

    @property
    def is_over(self) -> bool:
        """Whether it is to be closed, once what `data_to_send` has given is sent."""
        return self.closing

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


NOTHING_READY: Final[list[Outbox]] = []


@final
class Packets:
    """The outboxes that have to be looked at, in order."""

    def __init__(self) -> None:
        self.ready: list[Outbox] = []

    def take(self) -> list[Outbox]:
        """Those since the last call."""
        ready = self.ready
        if not ready:
            return NOTHING_READY
        self.ready = []
        return ready
