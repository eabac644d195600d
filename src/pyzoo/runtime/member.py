"""What a member of an ensemble needs beside the client port: dialling, and disk work that must not hold up a turn."""

import logging
import socket
from typing import Final

import trio
from attrs import evolve

from pyzoo.errors import SaslFailure, StorageError
from pyzoo.quorum.auth_packet import AuthLearner
from pyzoo.quorum.link import PeerLink
from pyzoo.runtime.dialling import Dial
from pyzoo.runtime.host_names import HostNames, name_of
from pyzoo.runtime.late_links import LateLinks
from pyzoo.runtime.listening import open_listener
from pyzoo.runtime.logins.member_logins import quorum_sasl
from pyzoo.runtime.server_tasks import SASL_SECONDS, SASL_THREADS, ServerTasks
from pyzoo.runtime.snapshotting import save_snapshot_beside
from pyzoo.runtime.storage import Storage
from pyzoo.runtime.tls.contexts import quorum_tls
from pyzoo.runtime.tls.reload_stores import reload_stores
from pyzoo.runtime.transport.link_faults import LinkFaults
from pyzoo.runtime.transport.peer_listeners import PeerListeners
from pyzoo.runtime.transport.peer_port import PeerEndpoint, PeerPort
from pyzoo.runtime.transport.sasl import SaslSession
from pyzoo.runtime.transport.tls import PLAIN
from pyzoo.runtime.turn import TurnLoop
from pyzoo.runtime.workers import in_thread
from pyzoo.server.effects import Errands, LogRead
from pyzoo.server.member.peer import QuorumPeer
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

logger: Final = logging.getLogger(__name__)

LOOK_UP_SECONDS: Final = 5.0
BIND_PAUSE_SECONDS: Final = 1.0
EXAMINATIONS_AT_ONCE: Final = 4
HAND_OVER_SECONDS: Final = 0.5
"""So long a leader that stops waits for its followers to get level; usually it takes a few milliseconds."""
HAND_OVER_PAUSE_SECONDS: Final = 0.001


class MemberTasks(ServerTasks):
    """The tasks of one member; its links have `faults` only in tests."""

    def __init__(
        self,
        peer: QuorumPeer,
        loop: TurnLoop,
        storage: Storage,
        nursery: trio.Nursery,
        faults: LinkFaults | None = None,
    ) -> None:
        super().__init__(peer, loop, storage, nursery)
        config = peer.config
        self.peer = peer
        self.files = storage
        self.client_address = peer.configuration.client_address()
        self._restore_settled = trio.Event()
        self._is_stopping = False
        self._names = HostNames()
        self._examinations = trio.CapacityLimiter(EXAMINATIONS_AT_ONCE)
        self.port = PeerPort(
            peer, loop.endpoints, quorum_tls(config), quorum_sasl(config), config.tuning.tcp_keep_alive, faults
        )
        self.port.sasl.beside = self._begin_sasl_step
        self._peer_sasl_threads = trio.CapacityLimiter(SASL_THREADS)
        self.listeners = PeerListeners(
            self.port,
            loop.endpoints,
            self.find_own,
            self.listen_again,
            config.tuning.election_port_bind_tries,
            config.quorum.listen_on_all_ips,
        )

    def front(self) -> ZooKeeperServer:
        return self.peer.front

    def begin(self) -> None:
        """The first turn: ports are opened, the election begins."""
        self.port.look_up = self.look_up
        self.port.examine = self.examine
        if self.peer.config.quorum.reload_cert_files and self.port.tls is not PLAIN:
            self.nursery.start_soon(reload_stores, self.peer.config, self.port.tls)
        if self.port.faults is not None:
            self.nursery.start_soon(LateLinks(self.port.faults, self.port, self.turn).run)
        self.turn()

    def stop(self, cancel_scope: trio.CancelScope) -> None:
        if self._is_stopping:
            return
        self._is_stopping = True
        if self.peer.begin_hand_over():
            self.nursery.start_soon(self._hand_over, cancel_scope)
        else:
            self._leave(cancel_scope)

    async def _hand_over(self, cancel_scope: trio.CancelScope) -> None:
        self.turn()
        with trio.move_on_after(HAND_OVER_SECONDS) as patience:
            while not self.peer.is_handed_over:
                await trio.sleep(HAND_OVER_PAUSE_SECONDS)
        if patience.cancelled_caught:
            logger.warning("The followers did not get level in time: they elect as after a crash")
        self._leave(cancel_scope)

    def _leave(self, cancel_scope: trio.CancelScope) -> None:
        """The others shall know at once; what is under way here may take a while to end."""
        self.port.leave()
        cancel_scope.cancel()

    def run(self, errands: Errands) -> None:
        super().run(errands)
        if errands.listen is not None:
            self.listeners.listen(errands.listen)
        for link in errands.dials:
            self.nursery.start_soon(self._dial, link)
        for read in errands.reads:
            self.nursery.start_soon(self._read_log, read)
        if errands.saves_snapshot:
            self.nursery.start_soon(self._save_snapshot)
        if errands.client_address is not None and errands.client_address != self.client_address:
            self.client_address = errands.client_address
            self.nursery.start_soon(self._move_client_port, errands.client_address)
        if errands.is_restored:
            self._restore_settled.set()

    # --- dialling

    async def _dial(self, link: PeerLink) -> None:
        connected = await Dial(link, self._names).connect() if self.port.may_dial(link) else None
        if connected is None:
            self.port.dial_failed(link)
        else:
            sock, host = connected
            try:
                learner = await self._learner_for(host)
            except SaslFailure as failure:
                logger.warning("Not authenticated to %s at %s: %s", link.remote, host, failure)
                sock.close()
                self.port.dial_failed(link)
            else:
                self.port.connected(sock, link, host, learner)
        self.turn()

    # --- SASL

    async def _learner_for(self, host: str) -> AuthLearner | None:
        """Who proves there who this member is, with its first token; raises SaslFailure."""
        login = self.port.sasl.client
        if login is None:
            return None
        if not login.waits:
            return AuthLearner(login.new_client(host))
        try:
            with trio.fail_after(SASL_SECONDS):
                return await in_thread(lambda: AuthLearner(login.new_client(host)), abandons=True)
        except trio.TooSlowError:
            raise SaslFailure(f"there was no ticket in {SASL_SECONDS} s") from None

    def _begin_sasl_step(self, session: SaslSession) -> None:
        self.nursery.start_soon(self._sasl_step, session)

    async def _sasl_step(self, session: SaslSession) -> None:
        """Look at a token of another member in a thread; a connection whose token takes too long ends."""
        try:
            with trio.move_on_after(SASL_SECONDS):
                await trio.to_thread.run_sync(session.step, limiter=self._peer_sasl_threads, abandon_on_cancel=True)
        except Exception:
            logger.exception("A token of SASL led to an internal error")
        endpoint = session.link.reader
        if isinstance(endpoint, PeerEndpoint):
            endpoint.go_on()
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
                self.listeners.own_unknown(kind, f"{host}:{port}", error)
                break
        else:
            self.listeners.own_found(kind, addresses, found)
        self.turn()

    def listen_again(self) -> None:
        """Some port could not be opened: try that later."""
        self.nursery.start_soon(self._listen_again)

    async def _listen_again(self) -> None:
        await trio.sleep(BIND_PAUSE_SECONDS)
        self.listeners.try_again()
        self.turn()

    def look_up(self, kind: int, sock: socket.socket, host: str, port: int) -> None:
        """Begin to find the name of an address, for the check of its certificate."""
        self.nursery.start_soon(self._look_up, kind, sock, host, port)

    async def _look_up(self, kind: int, sock: socket.socket, host: str, port: int) -> None:
        name = ""
        try:
            with trio.move_on_after(LOOK_UP_SECONDS):
                name = await trio.to_thread.run_sync(name_of, host, abandon_on_cancel=True)
            self.port.admit(kind, sock, host, port, name)
        except BaseException:
            sock.close()
            raise
        self.turn()

    # --- certificates

    def examine(self, endpoint: PeerEndpoint) -> None:
        """Begin to find out whether what the other end has shown is revoked."""
        self.nursery.start_soon(self._examine, endpoint)

    async def _examine(self, endpoint: PeerEndpoint) -> None:
        tls, examine = endpoint.tls, self.port.tls.examine
        if tls is None or tls.to_examine is None or examine is None:
            endpoint.refuse("nobody can say whether its certificate is revoked")
            return
        try:
            await trio.to_thread.run_sync(examine, tls.to_examine, abandon_on_cancel=True, limiter=self._examinations)
        except (OSError, ValueError) as error:
            endpoint.refuse(str(error))
        else:
            endpoint.admit()
        self.turn()

    # --- the disk

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
        self.loop.clients.listen_on(listeners)

    async def restore_settled(self) -> None:
        """Return when the snapshot that is being restored has its quorum, or will never have it."""
        self._restore_settled = trio.Event()
        await self._restore_settled.wait()

    async def _read_log(self, read: LogRead) -> None:
        proposals = await trio.to_thread.run_sync(self.files.proposals, read.from_zxid, read.to_zxid)
        read.handler.log_read(proposals)
        self.turn()

    async def _save_snapshot(self) -> None:
        """Nobody is served until it is done; but who asks for its state wants an answer."""
        try:
            path = await save_snapshot_beside(self.files, self.peer.database, self.peer, self.loop)
        except StorageError as error:
            self.peer.snapshot_failed(error)
        else:
            if path is not None:
                self.peer.snapshot_saved()
        self.turn()
