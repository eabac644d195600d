"""QuorumCnxManager: the election channel, one connection for each pair of servers.

The server with the larger id is the one that dials and keeps the connection; a smaller one that has something
to say dials, says hello and closes, and is dialled back. Messages are state, not a stream: for each server only
the newest one waits, and the last one is said again on every new connection.
"""

import logging
from typing import Final, final

from attrs import frozen

from pyzoo.errors import ProtocolViolation
from pyzoo.jute.framing import FrameBuffer
from pyzoo.outbox import Packets
from pyzoo.quorum.hello import MAX_MESSAGE, Hello, decode_hello, encode_hello, hello_size
from pyzoo.quorum.link import ELECTION, PeerLink

logger: Final = logging.getLogger(__name__)

Address = tuple[str, int]

ANONYMOUS: Final = 0x7FFFFFFFFFFFFFFF
"""The id of an observer that is in no configuration; it gets a negative one here."""
WILDCARDS: Final = frozenset({"0.0.0.0", "::", "0:0:0:0:0:0:0:0"})
RECEIVE_LIMIT: Final = 100
_PREFIX: Final = 4


@frozen
class CnxManagerSettings:
    """Who we are, and where others reach us; times in ms."""

    my_id: int
    addresses: list[Address]
    multi_address: bool = False
    connect_timeout_ms: int = 5000
    setup_timeout_ms: int = 10_000


@final
class ElectionCnxn:
    """One connection; `sid` is None until an accepted one has said hello."""

    def __init__(self, link: PeerLink, sid: int | None, deadline_ms: int | None) -> None:
        self.link = link
        self.sid = sid
        self.deadline_ms = deadline_ms
        self.hello = b""
        self.frames = FrameBuffer(MAX_MESSAGE)


@final
class QuorumCnxManager:
    """All election connections of one server; see the module."""

    def __init__(self, settings: CnxManagerSettings, packets: Packets) -> None:
        self.settings = settings
        self._packets = packets
        self._current: dict[int, list[Address]] = {}
        self._last_seen: dict[int, list[Address]] = {}
        self._cnxns: dict[PeerLink, ElectionCnxn] = {}
        self._by_sid: dict[int, ElectionCnxn] = {}
        self._dialling: dict[int, PeerLink] = {}
        self._queued: dict[int, bytes] = {}
        self._last_sent: dict[int, bytes] = {}
        self._received: list[tuple[int, bytes]] = []
        self._lost: list[int] = []
        self._unreachable: set[int] = set()
        self._is_dial_in_vain = False
        self._dials: list[PeerLink] = []
        self._next_anonymous = -1

    # --- whom there is to talk to

    def set_addresses(self, current: dict[int, list[Address]], last_seen: dict[int, list[Address]]) -> None:
        """The election addresses of all members, of the current and of the last seen configuration.

        What is known of this server there goes into its hellos.
        """
        self._current = current
        self._last_seen = last_seen

    def _addresses_of(self, sid: int) -> list[Address]:
        addresses = list(self._current.get(sid, []))
        addresses += [address for address in self._last_seen.get(sid, []) if address not in addresses]
        return addresses

    # --- sending

    def send(self, sid: int, payload: bytes, now_ms: int) -> None:
        """Say something to a server: now, or once there is a connection that takes it; only the newest waits."""
        cnxn = self._by_sid.get(sid)
        if cnxn is not None and cnxn.link.unsent == 0:
            self._say(cnxn, payload)
            return
        if cnxn is None:
            self._dial(sid, self._addresses_of(sid))
            if sid not in self._dialling:
                return  # in no configuration: nothing would ever fetch it
        else:
            cnxn.link.wants_drain = True
            cnxn.link.announce()
        self._queued[sid] = payload

    def drained(self, link: PeerLink, now_ms: int) -> None:
        """The network has taken what there was: send what had to wait."""
        cnxn = self._cnxns.get(link)
        if cnxn is not None and cnxn.sid is not None and link.unsent == 0:
            link.wants_drain = False
            payload = self._queued.pop(cnxn.sid, None)
            if payload is not None:
                self._say(cnxn, payload)

    def connect_all(self, now_ms: int) -> None:
        """Dial all members that are not connected."""
        for sid in sorted({*self._current, *self._last_seen}):
            if sid not in self._by_sid:
                self._dial(sid, self._addresses_of(sid))

    def has_delivered(self) -> bool:
        """Whether somebody has got everything that he was to hear (QuorumCnxManager.haveDelivered)."""
        return any(sid not in self._queued for sid in (*self._last_sent, *self._by_sid))

    def _say(self, cnxn: ElectionCnxn, payload: bytes) -> None:
        assert cnxn.sid is not None
        self._last_sent[cnxn.sid] = payload
        cnxn.link.send(len(payload).to_bytes(_PREFIX, "big") + payload)

    def _dial(self, sid: int, addresses: list[Address]) -> None:
        if sid in self._dialling or sid == self.settings.my_id or not addresses:
            return
        link = PeerLink(self._packets, ELECTION, f"server {sid}", addresses, self.settings.connect_timeout_ms)
        link.sid = sid
        self._dialling[sid] = link
        self._unreachable.discard(sid)
        self._dials.append(link)

    @property
    def has_dials(self) -> bool:
        """Whether there are links to be dialled."""
        return len(self._dials) > 0

    def take_dials(self) -> list[PeerLink]:
        """The links that the shell has to dial, each given away once."""
        dials = [link for link in self._dials if not link.gone]
        self._dials = []
        return dials

    # --- who is there

    def can_answer(self, sid: int) -> bool:
        """Whether a member may be heard of: not when the last dial was in vain, until it comes by itself."""
        return sid not in self._unreachable

    def take_lost(self) -> list[int]:
        """Members whose connection broke since the last call."""
        lost = [sid for sid in self._lost if sid not in self._by_sid]
        self._lost = []
        return lost

    def take_dial_in_vain(self) -> bool:
        """Whether some dial has failed since the last call."""
        failed = self._is_dial_in_vain
        self._is_dial_in_vain = False
        return failed

    # --- connections

    def connected(self, link: PeerLink, now_ms: int) -> None:
        """A dial has succeeded: say who we are, and keep the connection if it is ours to keep."""
        sid = self._sid_of_dial(link)
        if sid is None:
            link.abort()
            return
        del self._dialling[sid]
        settings = self.settings
        mine = self._current.get(settings.my_id) or settings.addresses
        link.send(encode_hello(Hello(settings.my_id, mine), settings.multi_address))
        if sid > settings.my_id:
            link.close()
            return
        self._keep(ElectionCnxn(link, sid, None), sid)

    def _sid_of_dial(self, link: PeerLink) -> int | None:
        return next((sid for sid, dialled in self._dialling.items() if dialled is link), None)

    def accepted(self, host: str, port: int, now_ms: int) -> PeerLink:
        """Somebody has connected, and has to say hello in time."""
        link = PeerLink(self._packets, ELECTION, f"{host}:{port}", [], 0)
        self._cnxns[link] = ElectionCnxn(link, None, now_ms + self.settings.setup_timeout_ms)
        return link

    def _keep(self, cnxn: ElectionCnxn, sid: int) -> None:
        """This is the connection with that server now; a dial that is still going on would only break it."""
        old = self._by_sid.get(sid)
        if old is not None:
            self._drop(old)
        dial = self._dialling.pop(sid, None)
        if dial is not None:
            dial.abort()
        cnxn.sid = cnxn.link.sid = sid
        cnxn.deadline_ms = None
        self._cnxns[cnxn.link] = cnxn
        self._by_sid[sid] = cnxn
        self._unreachable.discard(sid)
        payload = self._queued.pop(sid, None) or self._last_sent.get(sid)
        if payload is not None:
            self._say(cnxn, payload)

    def _drop(self, cnxn: ElectionCnxn) -> None:
        self._cnxns.pop(cnxn.link, None)
        if cnxn.sid is not None and self._by_sid.get(cnxn.sid) is cnxn:
            del self._by_sid[cnxn.sid]
        cnxn.link.abort()

    def gone(self, link: PeerLink, now_ms: int) -> None:
        """A connection broke, or a dial failed; the next message dials again."""
        sid = self._sid_of_dial(link)
        if sid is not None:
            del self._dialling[sid]
            self._unreachable.add(sid)
            self._is_dial_in_vain = True
            self._forget_stranger(sid)
        cnxn = self._cnxns.get(link)
        if cnxn is not None:
            self._end(cnxn)

    def _end(self, cnxn: ElectionCnxn) -> None:
        self._drop(cnxn)
        if cnxn.sid is not None:
            self._lost.append(cnxn.sid)
            self._forget_stranger(cnxn.sid)

    def _forget_stranger(self, sid: int) -> None:
        """One that is in no configuration cannot be dialled, so nothing is kept for it; nobody can pile that up."""
        if sid not in self._current and sid not in self._last_seen and sid not in self._by_sid:
            self._queued.pop(sid, None)
            self._last_sent.pop(sid, None)
            self._unreachable.discard(sid)

    # --- receiving

    def bytes_received(self, link: PeerLink, data: bytes, now_ms: int) -> None:
        """Take what arrived on a connection."""
        cnxn = self._cnxns.get(link)
        if cnxn is None:
            return
        try:
            if cnxn.sid is None:
                data = self._greeting(cnxn, data)
            if data:
                self._messages(cnxn, data)
        except ProtocolViolation as violation:
            logger.warning("Closing the election connection of %s: %s", link.remote, violation)
            self._end(cnxn)

    def _greeting(self, cnxn: ElectionCnxn, data: bytes) -> bytes:
        """Take the hello; what follows it on a connection that stays (QuorumCnxManager.handleConnection)."""
        cnxn.hello += data
        size = hello_size(cnxn.hello)
        if size is None or len(cnxn.hello) < size:
            return b""
        hello = decode_hello(cnxn.hello[:size])
        rest = cnxn.hello[size:]
        cnxn.hello = b""
        sid = self._sid_of_hello(hello)
        if sid > self.settings.my_id:
            logger.info("Election connection with server %d", sid)
            self._keep(cnxn, sid)
            return rest
        old = self._by_sid.get(sid)
        if old is not None:
            self._drop(old)
        self._drop(cnxn)
        usable = [address for address in hello.addresses if address[0] not in WILDCARDS]
        self._dial(sid, usable or self._addresses_of(sid))
        return b""

    def _sid_of_hello(self, hello: Hello) -> int:
        sid = hello.sid
        if sid == self.settings.my_id:
            raise ProtocolViolation("it says that it is this server; each needs an id of its own")
        if sid < 0:
            raise ProtocolViolation(f"its server id {sid} is negative")
        if sid == ANONYMOUS:
            sid = self._next_anonymous
            self._next_anonymous -= 1
        return sid

    def _messages(self, cnxn: ElectionCnxn, data: bytes) -> None:
        frames = cnxn.frames
        frames.append(data)
        while frames.take():
            if frames.start == frames.end:
                raise ProtocolViolation("a message of 0 bytes is none")
            self._take(cnxn, frames.data[frames.start : frames.end])

    def _take(self, cnxn: ElectionCnxn, payload: bytes) -> None:
        assert cnxn.sid is not None
        if len(self._received) >= RECEIVE_LIMIT:
            del self._received[0]
        self._received.append((cnxn.sid, payload))

    def take_received(self) -> list[tuple[int, bytes]]:
        """Server ids with what they have said, oldest first."""
        received = self._received
        self._received = []
        return received

    # --- time

    def advance(self, now_ms: int) -> None:
        """Close what has not said hello in time, and send what had to wait."""
        for cnxn in list(self._cnxns.values()):
            if cnxn.deadline_ms is not None and now_ms >= cnxn.deadline_ms:
                logger.warning("Closing the election connection of %s: it has not said hello", cnxn.link.remote)
                self._drop(cnxn)
        for sid in list(self._queued):
            waiting = self._by_sid.get(sid)
            if waiting is not None:
                self.drained(waiting.link, now_ms)

    def next_deadline_ms(self) -> int | None:
        """When `advance` has something to do."""
        return min((cnxn.deadline_ms for cnxn in self._cnxns.values() if cnxn.deadline_ms is not None), default=None)
