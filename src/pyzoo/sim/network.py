"""Connections as TCP gives them: bytes in order, late and in pieces, until something is cut.

Every host has a name. What goes from one host to another can be blocked, each way for itself: then bytes wait and
nobody is told, as with a broken cable. A cut loses an unknown rest of each direction, and each side learns of it in
its own time. The rule: what a side has received is always a prefix of what the other has sent.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from attrs import define

from pyzoo.sim.world import World

SEND_BUFFER_BYTES: Final = 64 << 10
"""What a sender is rid of although it has not arrived."""

Address = tuple[str, int]


class SocketUser(Protocol):
    """Who holds one end of a connection."""

    def socket_received(self, socket: "Socket", data: bytes) -> None:
        """Bytes have arrived."""

    def socket_ended(self, socket: "Socket") -> None:
        """The other side has closed, or the connection is known to be broken."""


class Dialler(SocketUser, Protocol):
    """Who has begun a connection."""

    def dial_succeeded(self, socket: "Socket", key: object) -> None:
        """It is made."""

    def dial_failed(self, key: object) -> None:
        """Nobody answered, or there is nobody."""


Acceptor = Callable[["Socket"], SocketUser | None]
"""Takes the server's end of a new connection; None refuses it."""


@define
class Weather:
    """How good the network is; delays in ms, `bytes_per_ms` 0 is no limit."""

    least_delay_ms: int = 0
    most_delay_ms: int = 3
    straggler_chance: float = 0.01
    straggler_ms: int = 60
    cut_into_pieces_chance: float = 0.2
    dial_failure_chance: float = 0.0
    bytes_per_ms: int = 0


class Pipe:
    """One direction of a connection."""

    def __init__(self, network: "Network", source: str, target: str) -> None:
        self.network = network
        self.source = source
        self.target = target
        self.receiver: Socket | None = None
        self.segments: deque[tuple[int, bytes | None]] = deque()
        self.waiting_bytes = 0
        self.is_open = True
        self._last_due_ms = 0
        self._is_planned = False

    def push(self, data: bytes | None, extra_delay_ms: int = 0) -> None:
        """Send bytes, or the end (None)."""
        if not self.is_open:
            return
        pieces: list[bytes | None] = [data]
        if data is None:
            self.is_open = False
        elif len(data) > 1 and self.network.world.chance(self.network.weather.cut_into_pieces_chance):
            at = self.network.world.between(1, len(data) - 1)
            pieces = [data[:at], data[at:]]
        for piece in pieces:
            size = 0 if piece is None else len(piece)
            self.waiting_bytes += size
            self.segments.append((self._due(size) + extra_delay_ms, piece))
        self._plan()

    def _due(self, size: int) -> int:
        network = self.network
        due_ms = max(network.world.now_ms + network.delay_ms(self.source, self.target), self._last_due_ms)
        rate = network.weather.bytes_per_ms
        self._last_due_ms = due_ms + (size // rate if rate else 0)
        return self._last_due_ms

    def cut(self, notice_ms: int) -> None:
        """Lose an unknown rest of what is on its way; the receiver learns of it so much later."""
        if not self.is_open:
            return
        kept = self.network.world.draw(self.waiting_bytes + 1)
        survivors: deque[tuple[int, bytes | None]] = deque()
        for due_ms, piece in self.segments:
            if piece is None or kept == 0:
                break
            survivors.append((due_ms, piece[:kept]))
            kept -= len(piece[:kept])
        self.segments = survivors
        self.waiting_bytes = sum(len(piece) for _, piece in survivors if piece is not None)
        self.push(None, notice_ms)

    def deliver(self) -> None:
        """Hand over what is due; nothing while the way is blocked."""
        self._is_planned = False
        network = self.network
        while self.segments and self.receiver is not None:
            if network.is_blocked(self.source, self.target) or self.receiver.user is None:
                return
            due_ms, piece = self.segments[0]
            if due_ms > network.world.now_ms:
                break
            self.segments.popleft()
            if piece is None:
                self.receiver.end_arrived()
                return
            self.waiting_bytes -= len(piece)
            self.receiver.bytes_arrived(piece)
        self._plan()

    def _plan(self) -> None:
        if self.segments and not self._is_planned:
            self._is_planned = True
            self.network.world.after(self.segments[0][0] - self.network.world.now_ms, self.deliver)

    def resume(self) -> None:
        """What held this back may be over."""
        self._plan()


class Socket:
    """One end; `user` is told what arrives until it closes or the connection ends."""

    def __init__(self, network: "Network", incoming: Pipe, outgoing: Pipe, remote_port: int) -> None:
        self.network = network
        self.incoming = incoming
        self.outgoing = outgoing
        self.remote_host = outgoing.target
        self.remote_port = remote_port
        self.user: SocketUser | None = None
        incoming.receiver = self

    def attach(self, user: SocketUser) -> None:
        """From now on bytes are handed over."""
        self.user = user
        self.incoming.resume()

    def send(self, data: bytes) -> None:
        """Send bytes; lost when the connection is broken."""
        self.outgoing.push(data)

    @property
    def unsent(self) -> int:
        """Bytes that the network has not taken yet."""
        return max(0, self.outgoing.waiting_bytes - SEND_BUFFER_BYTES)

    def close(self) -> None:
        """Close after what was sent; what still comes is thrown away."""
        self._stop_receiving()
        self.outgoing.push(None)

    def cut(self, notice_ms: int, peer_notice_ms: int) -> None:
        """Break the connection; each side learns of it so much later."""
        self.incoming.cut(notice_ms)
        self.outgoing.cut(peer_notice_ms)

    def vanish(self, peer_notice_ms: int) -> None:
        """The host has died with what it had not sent."""
        self._stop_receiving()
        self.outgoing.cut(peer_notice_ms)

    def _stop_receiving(self) -> None:
        """What the other side sends from now on goes nowhere."""
        self.user = None
        self.incoming.receiver = None
        self.incoming.segments.clear()
        self.incoming.waiting_bytes = 0
        self.incoming.is_open = False
        self.network.forget(self)

    def bytes_arrived(self, data: bytes) -> None:
        """For the network."""
        if self.user is not None:
            self.user.socket_received(self, data)

    def end_arrived(self) -> None:
        """For the network."""
        user = self.user
        self.user = None
        self.incoming.receiver = None
        self.outgoing.push(None)
        self.network.forget(self)
        if user is not None:
            user.socket_ended(self)


class Network:
    """All hosts and what is between them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.weather = Weather()
        self.listeners: dict[Address, Acceptor] = {}
        self.sockets: dict[Socket, None] = {}
        self.slow_hosts: dict[str, int] = {}
        self.dials_in_vain: dict[tuple[str, Address], int] = {}
        """Who has dialled where in vain, and when that was known; forgotten with the next dial that is answered."""
        self._blocked: set[tuple[str, str]] = set()
        self._next_port = 40_000

    # --- what is wrong

    def is_blocked(self, source: str, target: str) -> bool:
        """Whether nothing gets from one host to the other."""
        return (source, target) in self._blocked

    def block(self, source: str, target: str) -> None:
        """Let nothing through in this direction."""
        self._blocked.add((source, target))

    def unblock_all(self) -> None:
        """Let everything through; what has waited arrives."""
        self._blocked.clear()
        for socket in list(self.sockets):
            socket.incoming.resume()

    def delay_ms(self, source: str, target: str) -> int:
        """How long the next bytes take."""
        weather = self.weather
        delay = self.world.between(weather.least_delay_ms, weather.most_delay_ms)
        if self.world.chance(weather.straggler_chance):
            delay += self.world.draw(weather.straggler_ms + 1)
        return delay + self.slow_hosts.get(source, 0) + self.slow_hosts.get(target, 0)

    def sockets_of(self, host: str) -> list[Socket]:
        """The ends that this host has, oldest first."""
        return [socket for socket in self.sockets if socket.outgoing.source == host]

    # --- connections

    def listen(self, address: Address, acceptor: Acceptor) -> None:
        """Open a port."""
        self.listeners[address] = acceptor

    def stop_listening(self, address: Address) -> None:
        """Close a port; connections that came through it stay."""
        self.listeners.pop(address, None)

    def dial(self, source: str, address: Address, timeout_ms: int, dialler: Dialler, key: object) -> None:
        """Begin to connect; the dialler hears of it once, within the timeout."""
        begun_ms = self.world.now_ms

        def failed() -> None:
            self.dials_in_vain[source, address] = self.world.now_ms
            dialler.dial_failed(key)

        def arrived() -> None:
            left_ms = timeout_ms - (self.world.now_ms - begun_ms)
            if self.is_blocked(source, address[0]) or self.is_blocked(address[0], source):
                self.world.after(left_ms, failed)
                return
            acceptor = self.listeners.get(address)
            if acceptor is None or self.world.chance(self.weather.dial_failure_chance):
                self.world.after(min(self.delay_ms(address[0], source), left_ms), failed)
                return
            self.dials_in_vain.pop((source, address), None)
            ours, theirs = self._connect(source, address[0])
            user = acceptor(theirs)
            if user is None:
                theirs.close()
            else:
                theirs.attach(user)
            self.world.after(self.delay_ms(address[0], source), lambda: dialler.dial_succeeded(ours, key))

        self.world.after(min(self.delay_ms(source, address[0]), timeout_ms), arrived)

    def _connect(self, source: str, target: str) -> tuple[Socket, Socket]:
        self._next_port += 1
        forth, back = Pipe(self, source, target), Pipe(self, target, source)
        ours, theirs = Socket(self, back, forth, 0), Socket(self, forth, back, self._next_port)
        self.sockets[ours] = None
        self.sockets[theirs] = None
        return ours, theirs

    def forget(self, socket: Socket) -> None:
        """For sockets: this end is done with."""
        self.sockets.pop(socket, None)
