"""The sockets of a member: its links to other members, and its clients."""

from typing import Final

from pyzoo.outbox import Outbox
from pyzoo.quorum.link import PeerLink
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.effects import Effects
from pyzoo.server.member.peer import QuorumPeer
from pyzoo.sim.network import Socket
from pyzoo.sim.process import Process

SLOW_NOTICE_MS: Final = 20_000


class Connections:
    """Feeds what arrives into the turns of a member, and sends what comes out of them."""

    def __init__(self, member: Process) -> None:
        self.member = member
        self.network = member.network
        self._outboxes: dict[Socket, Outbox] = {}
        self._sockets: dict[Outbox, Socket] = {}
        self._held_back: dict[ServerCnxn, None] = {}

    def vanish(self, power: bool) -> None:
        """The process is gone: the other sides learn of it, without its power rather late."""
        world = self.member.world
        for socket in self.network.sockets_of(self.member.host):
            late = world.chance(0.7 if power else 0.1)
            socket.vanish(world.draw(SLOW_NOTICE_MS if late else 5))
        self._outboxes.clear()
        self._sockets.clear()
        self._held_back.clear()

    def close_all(self) -> None:
        """The process ends by its own will: what it has sent arrives, then the other sides learn of it."""
        for socket in self.network.sockets_of(self.member.host):
            socket.close()
        self._outboxes.clear()
        self._sockets.clear()
        self._held_back.clear()

    def _add(self, socket: Socket, outbox: Outbox) -> None:
        self._outboxes[socket] = outbox
        self._sockets[outbox] = socket

    def _remove(self, socket: Socket) -> Outbox | None:
        outbox = self._outboxes.pop(socket, None)
        if outbox is not None:
            del self._sockets[outbox]
            if isinstance(outbox, ServerCnxn):
                self._held_back.pop(outbox, None)
        return outbox

    # --- what arrives

    def client_came(self, socket: Socket) -> None:
        """A client has connected."""
        self.member.arrived(lambda: self._begin_client(socket))

    def _begin_client(self, socket: Socket) -> None:
        cnxn = self._peer().accept(socket.remote_host, socket.remote_port)
        if cnxn is None:
            socket.close()
        else:
            self._add(socket, cnxn)

    def member_came(self, socket: Socket, port: int) -> None:
        """Another member has connected."""
        self.member.arrived(lambda: self._begin_link(socket, port))

    def _begin_link(self, socket: Socket, port: int) -> None:
        self._add(socket, self._peer().peer_accepted(port, socket.remote_host, socket.remote_port))

    def socket_received(self, socket: Socket, data: bytes) -> None:
        """For the network."""
        self.member.arrived(lambda: self._received(socket, data))

    def socket_ended(self, socket: Socket) -> None:
        """For the network."""
        self.member.arrived(lambda: self._ended(socket))

    def dial_succeeded(self, socket: Socket, key: object) -> None:
        """For the network."""
        link, life = self._dialled(key)
        if life != self.member.life:
            socket.vanish(0)
        else:
            socket.attach(self)
            self.member.arrived(lambda: self._connected(socket, link))

    def dial_failed(self, key: object) -> None:
        """For the network."""
        link, life = self._dialled(key)
        if life == self.member.life:
            self.member.arrived(lambda: self._dial_failed(link))

    def _dialled(self, key: object) -> tuple[PeerLink, int]:
        assert isinstance(key, tuple)
        link, life = key
        assert isinstance(link, PeerLink)
        assert isinstance(life, int)
        return link, life

    # --- in a turn

    def _peer(self) -> QuorumPeer:
        peer = self.member.peer
        assert peer is not None
        return peer

    def _received(self, socket: Socket, data: bytes) -> None:
        outbox = self._outboxes.get(socket)
        if isinstance(outbox, PeerLink):
            self._peer().peer_bytes(outbox, data)
        elif isinstance(outbox, ServerCnxn):
            self._peer().data_received(outbox, data)
            self._hold_back(outbox)

    def _hold_back(self, cnxn: ServerCnxn) -> None:
        if not self._peer().wants_input(cnxn):
            self._held_back[cnxn] = None

    def _ended(self, socket: Socket) -> None:
        outbox = self._remove(socket)
        if isinstance(outbox, PeerLink) and not outbox.closing:
            self._peer().peer_gone(outbox)
        elif isinstance(outbox, ServerCnxn):
            self._peer().client_gone(outbox)

    def _connected(self, socket: Socket, link: PeerLink) -> None:
        if link.closing:
            socket.close()
            return
        self._add(socket, link)
        self._peer().peer_connected(link)
        self._flush(link)

    def _dial_failed(self, link: PeerLink) -> None:
        if not link.closing:
            self._peer().peer_gone(link)

    # --- what goes out

    def send(self, peer: QuorumPeer, effects: Effects) -> None:
        """Send and close what the member wants."""
        for outbox in effects.packets.take() + effects.replies.take():
            self._flush(outbox)
        for cnxn in list(self._held_back):
            if peer.wants_input(cnxn):
                del self._held_back[cnxn]
                self.member.arrived(lambda cnxn=cnxn: self._go_on(cnxn))  # type: ignore[misc]

    def _go_on(self, cnxn: ServerCnxn) -> None:
        if cnxn in self._sockets:
            self._peer().frames_waiting(cnxn)
            self._hold_back(cnxn)

    def dial(self, link: PeerLink) -> None:
        """Begin to connect a link to one of its addresses."""
        if not link.addresses:
            self.member.arrived(lambda: self._dial_failed(link))
            return
        address = link.addresses[self.member.world.draw(len(link.addresses))]
        self.network.dial(self.member.host, address, link.timeout_ms, self, (link, self.member.life))

    def _flush(self, outbox: Outbox) -> None:
        socket = self._sockets.get(outbox)
        if socket is None:
            outbox.announced = False
            return
        data = outbox.data_to_send()
        if data and not outbox.gone:
            socket.send(data)
        if isinstance(outbox, PeerLink):
            outbox.unsent = socket.unsent
        if outbox.is_over:
            self._remove(socket)
            socket.close()
            if isinstance(outbox, ServerCnxn):
                self._peer().client_gone(outbox)
        elif outbox.wants_drain:
            self._watch_drain(outbox, self.member.life)

    def _watch_drain(self, outbox: Outbox, life: int) -> None:
        def look() -> None:
            socket = self._sockets.get(outbox)
            if socket is None or life != self.member.life or not outbox.wants_drain:
                return
            outbox.unsent = socket.unsent
            if outbox.unsent == 0 and isinstance(outbox, PeerLink):
                link = outbox
                self.member.arrived(lambda: self._peer().peer_drained(link))
            else:
                self.member.world.after(2, look)

        self.member.world.after(1, look)
