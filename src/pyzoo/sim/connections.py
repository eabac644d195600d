"""The sockets of a member: its links to other members, and its clients."""

from typing import TYPE_CHECKING, Final

from pyzoo.quorum.link import PeerLink
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.member.peer import QuorumPeer
from pyzoo.sim.network import Socket

if TYPE_CHECKING:
    from pyzoo.sim.member import Member

SLOW_NOTICE_MS: Final = 20_000


class Connections:
    """Feeds what arrives into the turns of a member, and sends what comes out of them."""

    def __init__(self, member: "Member") -> None:
        self.member = member
        self.network = member.network
        self._links: dict[Socket, PeerLink] = {}
        self._link_sockets: dict[PeerLink, Socket] = {}
        self._cnxns: dict[Socket, ServerCnxn] = {}
        self._cnxn_sockets: dict[ServerCnxn, Socket] = {}
        self._held_back: dict[ServerCnxn, None] = {}
        self._left: list[Socket] = []

    def vanish(self, power: bool) -> None:
        """The process is gone: the other sides learn of it, without its power rather late."""
        world = self.member.world
        for socket in self.network.sockets_of(self.member.host):
            late = world.chance(0.7 if power else 0.1)
            socket.vanish(world.draw(SLOW_NOTICE_MS if late else 5))
        for table in (self._links, self._link_sockets, self._cnxns, self._cnxn_sockets, self._held_back):
            table.clear()

    # --- what arrives

    def client_came(self, socket: Socket) -> None:
        """A client has connected."""
        self.member.arrived(lambda: self._begin_client(socket))

    def _begin_client(self, socket: Socket) -> None:
        cnxn = self._peer().accept(socket.remote_host, socket.remote_port)
        if cnxn is None:
            socket.close()
            return
        self._cnxns[socket] = cnxn
        self._cnxn_sockets[cnxn] = socket

    def member_came(self, socket: Socket, port: int) -> None:
        """Another member has connected."""
        self.member.arrived(lambda: self._begin_link(socket, port))

    def _begin_link(self, socket: Socket, port: int) -> None:
        link = self._peer().peer_accepted(port, socket.remote_host, socket.remote_port)
        self._links[socket] = link
        self._link_sockets[link] = socket

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
        link = self._links.get(socket)
        if link is not None:
            self._peer().peer_bytes(link, data)
            return
        cnxn = self._cnxns.get(socket)
        if cnxn is not None:
            self._peer().data_received(cnxn, data)
            if not self._peer().wants_input(cnxn):
                self._held_back[cnxn] = None

    def _ended(self, socket: Socket) -> None:
        link = self._links.pop(socket, None)
        if link is not None:
            del self._link_sockets[link]
            if not link.closing:
                self._peer().peer_gone(link)
            return
        cnxn = self._cnxns.pop(socket, None)
        if cnxn is not None:
            del self._cnxn_sockets[cnxn]
            self._held_back.pop(cnxn, None)
            self._peer().client_gone(cnxn)

    def _connected(self, socket: Socket, link: PeerLink) -> None:
        if link.closing:
            socket.close()
            return
        self._links[socket] = link
        self._link_sockets[link] = socket
        self._peer().peer_connected(link)
        self._flush_link(link)

    def _dial_failed(self, link: PeerLink) -> None:
        if not link.closing:
            self._peer().peer_gone(link)

    # --- what goes out

    def carry_out(self, peer: QuorumPeer) -> None:
        """Dial, send and close what the member wants."""
        for link in peer.take_dials():
            self._dial(link)
        for link in peer.take_links():
            self._flush_link(link)
        for cnxn in peer.take_output():
            self._flush_cnxn(peer, cnxn)
        for cnxn in list(self._held_back):
            if peer.wants_input(cnxn):
                del self._held_back[cnxn]
                self.member.arrived(lambda cnxn=cnxn: self._go_on(cnxn))  # type: ignore[misc]

    def _go_on(self, cnxn: ServerCnxn) -> None:
        if cnxn in self._cnxn_sockets:
            self._peer().frames_waiting(cnxn)
            if not self._peer().wants_input(cnxn):
                self._held_back[cnxn] = None

    def _dial(self, link: PeerLink) -> None:
        if not link.addresses:
            self.member.arrived(lambda: self._dial_failed(link))
            return
        address = link.addresses[self.member.world.draw(len(link.addresses))]
        self.network.dial(self.member.host, address, link.timeout_ms, self, (link, self.member.life))

    def _flush_link(self, link: PeerLink) -> None:
        socket = self._link_sockets.get(link)
        if socket is None:
            link.announced = False
            return
        data = link.data_to_send()
        if data and not link.gone:
            socket.send(data)
        link.unsent = socket.unsent
        if link.closing:
            del self._link_sockets[link]
            del self._links[socket]
            socket.close()
        elif link.wants_drain:
            self._watch_drain(link, self.member.life)

    def _watch_drain(self, link: PeerLink, life: int) -> None:
        def look() -> None:
            socket = self._link_sockets.get(link)
            if socket is None or life != self.member.life or not link.wants_drain:
                return
            link.unsent = socket.unsent
            if link.unsent == 0:
                self.member.arrived(lambda: self._peer().peer_drained(link))
            else:
                self.member.world.after(2, look)

        self.member.world.after(1, look)

    def _flush_cnxn(self, peer: QuorumPeer, cnxn: ServerCnxn) -> None:
        socket = self._cnxn_sockets.get(cnxn)
        if socket is None:
            return
        data = cnxn.data_to_send()
        if data and not cnxn.gone:
            socket.send(data)
        if cnxn.is_over:
            del self._cnxn_sockets[cnxn]
            del self._cnxns[socket]
            self._held_back.pop(cnxn, None)
            socket.close()
            peer.client_gone(cnxn)
