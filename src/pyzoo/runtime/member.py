"""What a member of an ensemble needs beside the client port: dialling, and disk work that must not hold up a turn."""

import logging
import socket
from contextlib import suppress
from typing import Final

import trio
from attrs import evolve

from pyzoo.errors import StorageError
from pyzoo.quorum.link import PeerLink
from pyzoo.runtime.dialling import Dial
from pyzoo.runtime.host_names import HostNames
from pyzoo.runtime.listening import open_listener
from pyzoo.runtime.peer_sasl import quorum_sasl
from pyzoo.runtime.peer_tls import PLAIN
from pyzoo.runtime.peers import PeerPorts
from pyzoo.runtime.reload_stores import reload_stores
from pyzoo.runtime.snapshotting import SNAPSHOT_CHUNK_BYTES, save_snapshot_beside
from pyzoo.runtime.storage import Storage
from pyzoo.runtime.tls_contexts import quorum_tls
from pyzoo.runtime.turn import ClientPort
from pyzoo.server.member.host import LogRead
from pyzoo.server.member.peer import QuorumPeer

logger: Final = logging.getLogger(__name__)

LOOK_UP_SECONDS: Final = 5.0


class Member:
    """The tasks of one member; `ports` are its sockets to others."""

    def __init__(self, peer: QuorumPeer, client_port: ClientPort, storage: Storage, nursery: trio.Nursery) -> None:
        config = peer.config
        self.peer = peer
        self.client_port = client_port
        self.storage = storage
        self.nursery = nursery
        self.client_address = peer.client_address()
        self._seen_config = peer.current
        self._restore_settled = trio.Event()
        self._names = HostNames()
        self.ports = PeerPorts(
            peer,
            client_port.epoll,
            self.dial,
            self.find_own,
            self.run_errands,
            quorum_tls(config),
            quorum_sasl(config),
            config.tuning.tcp_keep_alive,
            config.tuning.election_port_bind_tries,
            config.quorum.listen_on_all_ips,
        )

    def begin(self) -> None:
        """The first turn: ports are opened, the election begins."""
        self.ports.look_up = self.look_up
        if self.peer.config.quorum.reload_cert_files and self.ports.tls is not PLAIN:
            self.nursery.start_soon(reload_stores, self.peer.config, self.ports.tls)
        self.turn()

    def turn(self) -> None:
        """A pass after something that no socket has told of."""
        self.client_port.turn()
        self.client_port.set_timer()

    # --- dialling

    def dial(self, link: PeerLink) -> None:
        """Begin to connect a link."""
        self.nursery.start_soon(self._dial, link)

    async def _dial(self, link: PeerLink) -> None:
        connected = await Dial(link, self._names).connect()
        if connected is None:
            self.ports.dial_failed(link)
        else:
            sock, host = connected
            self.ports.connected(sock, link, host)
        self.turn()

    # --- names

    def find_own(self, kind: int, addresses: list[tuple[str, int]]) -> None:
        """Begin to look up where ports of this member have to be opened."""
        self.nursery.start_soon(self._find_own, kind, addresses)

    async def _find_own(self, kind: int, addresses: list[tuple[str, int]]) -> None:
        found: list[tuple[str, int]] = []
        for host, port in addresses:
            try:
                found.append(((await self._names.look_up(host))[0], port))
            except OSError as error:
                self.ports.own_unknown(kind, f"{host}:{port}", error)
                break
        else:
            self.ports.own_found(kind, addresses, found)
        self.turn()

    def look_up(self, kind: int, sock: socket.socket, host: str, port: int) -> None:
        """Begin to find the name of an address, for the check of its certificate."""
        self.nursery.start_soon(self._look_up, kind, sock, host, port)

    async def _look_up(self, kind: int, sock: socket.socket, host: str, port: int) -> None:
        name = ""
        try:
            with trio.move_on_after(LOOK_UP_SECONDS), suppress(OSError):
                found = await trio.to_thread.run_sync(socket.gethostbyaddr, host, abandon_on_cancel=True)
                name = found[0]
            self.ports.admit(kind, sock, host, port, name)
        except BaseException:
            sock.close()
            raise
        self.turn()

    # --- the disk

    def run_errands(self) -> None:
        """Begin what a turn has asked for beside bytes."""
        peer = self.peer
        if peer.current is not self._seen_config:
            self._seen_config = peer.current
            self._begin_to_move_client_port()
        if not peer.is_restoring:
            self._restore_settled.set()
        for read in peer.take_log_reads():
            self.nursery.start_soon(self._read_log, read)
        if peer.take_snapshot_request():
            self.nursery.start_soon(self._save_snapshot)

    def _begin_to_move_client_port(self) -> None:
        """A reconfiguration may give the clients another address."""
        address = self.peer.client_address()
        if address is not None and address != self.client_address:
            self.client_address = address
            self.nursery.start_soon(self._move_client_port, address)

    async def _move_client_port(self, address: tuple[str, int]) -> None:
        host, port = address
        try:
            numeric = (await self._names.look_up(host))[0]
            if self.client_address != address:
                return
            listeners = open_listener(evolve(self.peer.config, client_port_address=numeric, client_port=port))
        except OSError as error:
            logger.error("The client port stays where it is: %s", error)
            return
        logger.info("Clients are served on %s:%d now", host, port)
        self.client_port.listen_on(listeners)

    async def restore_settled(self) -> None:
        """Return when the snapshot that is being restored has its quorum, or will never have it."""
        self._restore_settled = trio.Event()
        await self._restore_settled.wait()

    async def _read_log(self, read: LogRead) -> None:
        proposals = await trio.to_thread.run_sync(self.storage.proposals, read.from_zxid, read.to_zxid)
        self.peer.log_read(read, proposals)
        self.turn()

    async def _save_snapshot(self) -> None:
        """Nobody is served until it is done, so the slices are large; but who asks for its state wants an answer."""
        try:
            path = await save_snapshot_beside(self.storage, self.peer.database, self.peer, SNAPSHOT_CHUNK_BYTES)
        except StorageError as error:
            self.peer.snapshot_failed(error)
        else:
            if path is not None:
                self.peer.snapshot_saved()
        self.turn()
