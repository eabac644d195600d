"""WorkerCore: a process beside the writer, which keeps the same tree in memory and serves clients from it.

It is an observer of a server without an ensemble, over one connection that both were born with. Nothing of it is on
disk, and it never begins anew: when that connection ends, so does the worker, and the writer starts another one.
"""

import logging
from collections.abc import Callable
from typing import Final, final

from attrs import evolve
from mypy_extensions import i32, i64

from pyzoo.config.settings import ServerConfig
from pyzoo.errors import MalformedRecord, ProtocolViolation
from pyzoo.jute.primitives import field_limit
from pyzoo.persistence.snapshot.stream import SnapshotStreamReader
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.learner import Learner
from pyzoo.quorum.learner_owner import LearnerOwner, LearnerSettings
from pyzoo.quorum.learner_sync import SYNCS
from pyzoo.quorum.link import OBSERVER_MASTER, PeerLink
from pyzoo.quorum.sync_plan import SNAP
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.core import Core
from pyzoo.server.database import AppliedTxn, ZKDatabase, decoded, new_tree
from pyzoo.server.effects import Effects
from pyzoo.server.metrics import new_metrics
from pyzoo.server.workers.hub import INIT_MS, SILENCE_MS, TICK_MS
from pyzoo.server.workers.server import WorkerZooKeeperServer

logger: Final = logging.getLogger(__name__)


@final
class WorkerPart(LearnerOwner):
    """The learner and what it fills; `server` is there once it is in step."""

    def __init__(self, core: "WorkerCore", number: int) -> None:
        settings = LearnerSettings(number, True, TICK_MS, INIT_MS // TICK_MS, SILENCE_MS // TICK_MS)
        self.core = core
        self.link = PeerLink(core.effects.packets, OBSERVER_MASTER, "the writer", [], 0)
        self.learner = Learner(settings, self, core.now_ms)
        self.server: WorkerZooKeeperServer | None = None
        self.unlogged_zxid: i64 = 0
        self.is_snapshot_skipped = False
        self._epoch = 0
        self._snapshot_zxid: i64 = 0
        self._reader: SnapshotStreamReader | None = None
        self._has_committed = False

    def dial(self, timeout_ms: int) -> PeerLink:
        return self.link

    def epochs(self) -> tuple[int, int]:
        return self._epoch, self._epoch

    def save_accepted_epoch(self, epoch: int) -> None:
        """There is no disk, and no vote."""
        self._epoch = epoch

    def save_current_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def config_version(self) -> int:
        return 0

    def last_zxid(self) -> int:
        return int(self.core.database.last_zxid)

    # --- synchronisation

    def begin_snapshot(self, zxid: int) -> None:
        self._snapshot_zxid = zxid
        self._reader = SnapshotStreamReader(self.core.database.tree, field_limit())

    def snapshot_received(self, data: bytes) -> bytes | None:
        reader = self._reader
        assert reader is not None
        if not reader.feed(data):
            return None
        database = self.core.database
        database.sessions.update(reader.sessions)
        database.tree.last_processed_zxid = self._snapshot_zxid
        self._reader = None
        return reader.rest()

    def truncate(self, zxid: int) -> None:
        raise ProtocolViolation("a worker has nothing that could be cut off")

    def save_snapshot(self) -> None:
        self.is_snapshot_skipped = True

    def synchronised(self) -> None:
        """What is in the tree is the writer's."""

    def apply(self, proposal: Proposal) -> None:
        is_fuzzy = self.learner.sync_kind == SNAP and self.learner.state == SYNCS
        self.core.database.apply(proposal.zxid, proposal.payload, not is_fuzzy)

    def config_received(self, text: str) -> None:
        """There is no ensemble."""

    def activate_received(self) -> bool:
        return False

    # --- the live stream

    def log(self, proposal: Proposal) -> Proposal:
        self.unlogged_zxid = proposal.zxid
        return decoded(proposal.zxid, proposal.payload)

    def activate(self, proposal: Proposal, designated: int) -> bool:
        raise MalformedRecord("a reconfiguration without an ensemble")

    def start_serving(self) -> None:
        self.server = self.core.serve(self.learner)

    def commit(self, proposal: Proposal) -> None:
        server = self.server
        assert server is not None
        assert isinstance(proposal, AppliedTxn), "what is committed was logged"
        server.txns.committed(proposal)
        self._has_committed = True

    def apply_committed(self) -> None:
        server = self.server
        if self._has_committed and server is not None:
            self._has_committed = False
            server.commits.go_on()

    def sync_received(self) -> None:
        server = self.server
        assert server is not None
        server.sync_received()

    def revalidated(self, session_id: i64, valid: bool) -> None:
        server = self.server
        assert server is not None
        server.revalidated(session_id, valid)

    def take_touches(self) -> bytes:
        server = self.server
        return b"" if server is None else server.take_touches()

    def other_received(self, type: i32, zxid: i64, data: bytes | None) -> None:
        server = self.server
        if server is None or not server.told(type, zxid, data):
            super().other_received(type, zxid, data)

    def give_word(self) -> None:
        """What is kept nowhere is done as soon as it is asked for."""
        if self.is_snapshot_skipped:
            self.is_snapshot_skipped = False
            self.learner.snapshot_saved()
        if self.unlogged_zxid != 0:
            zxid = self.unlogged_zxid
            self.unlogged_zxid = 0
            self.learner.persisted(zxid)

    @property
    def owes_word(self) -> bool:
        """Whether `give_word` has something to do."""
        return self.is_snapshot_skipped or self.unlogged_zxid != 0


@final
class WorkerCore(Core):
    """See the module, and Core for how it is driven; `link` is the connection to the writer.

    `read_link`, where it is set, hands over what the writer has said by now. It is called before a turn looks at what
    clients ask: who has heard of a write from another process, or from another client, is not told less here.
    """

    def __init__(
        self, config: ServerConfig, number: int, now_ms: int, wall_ms: int, draw: Callable[[int], int]
    ) -> None:
        """`number` tells workers apart, from 1 on; `draw(n)` gives a number from 0 to n - 1."""
        super().__init__(now_ms, wall_ms, new_metrics(config, now_ms), Effects())
        # Session ids begin with it, so that no two processes make the same.
        config = evolve(config, server_id=(config.server_id or 1) + number)
        self.config = config
        self.draw = draw
        self.database = ZKDatabase(new_tree(config), {})
        self.server: WorkerZooKeeperServer | None = None
        self.read_link: Callable[[], None] | None = None
        self.part = WorkerPart(self, number)
        self.link = self.part.link

    def begin(self) -> None:
        """The connection to the writer is there."""
        learner = self.part.learner
        learner.advance(self.now_ms)
        learner.connected(self.now_ms)

    def serve(self, learner: Learner) -> WorkerZooKeeperServer:
        """In step: clients may come."""
        server = WorkerZooKeeperServer(
            self.config, self.database, int(self.now_ms), int(self.wall_ms), self.draw, None, self.metrics, self.effects
        )
        server.work(learner)
        self.server = server
        self.effects.errands.opens_client_ports = True
        return server

    @property
    def front(self) -> WorkerZooKeeperServer:
        """The server, once there is one."""
        server = self.server
        assert server is not None
        return server

    # --- the writer

    def link_received(self, link: PeerLink, data: bytes) -> None:
        """Bytes of the writer."""
        if not link.closing:
            self.part.learner.bytes_received(data, self.now_ms)
            self.part.give_word()

    def link_drained(self, link: PeerLink) -> None:
        """Nobody waits for that."""

    def link_gone(self, link: PeerLink) -> None:
        """The writer has ended, or does not want this worker any more."""
        link.broke()
        self.part.learner.gone(self.now_ms)

    # --- clients

    def accept(self, address: str, port: int, secure: bool = False) -> ServerCnxn | None:
        return self.front.accept(address, port, secure)

    def secured(self, cnxn: ServerCnxn, certificate: bytes) -> None:
        self.front.secured(cnxn, certificate)

    def client_gone(self, cnxn: ServerCnxn) -> None:
        self.front.client_gone(cnxn)

    def data_received(self, cnxn: ServerCnxn, data: bytes) -> None:
        self.front.data_received(cnxn, data)

    def frames_waiting(self, cnxn: ServerCnxn) -> None:
        self.front.frames_waiting(cnxn)

    def wants_input(self, cnxn: ServerCnxn) -> bool:
        return self.front.wants_input(cnxn)

    @property
    def is_busy(self) -> bool:
        return self.server is not None and self.server.is_busy

    # --- effects and time

    def take_effects(self) -> Effects:
        effects = self.effects
        effects.log = None
        server = self.server
        if server is not None:
            if server.throttler.limit > 0:
                server.release_throttled()
            server.report()
        if self.part.learner.failure is not None:
            effects.errands.ends = True
        return effects

    def persisted(self, zxid: i64) -> None:
        """There is no log here."""

    def advance(self, now_ms: int, wall_ms: int) -> None:
        """After a long pause of this process what the writer has said meanwhile is heard before it is judged."""
        was_paused = now_ms - self.now_ms > SILENCE_MS // 2
        self.now_ms = now_ms
        self.wall_ms = wall_ms
        server = self.server
        if server is not None:
            server.advance(now_ms, wall_ms)
        read_link = self.read_link
        if read_link is not None:
            read_link()
        if not was_paused:
            self.part.learner.advance(self.now_ms)
        self.part.give_word()

    def next_deadline_ms(self) -> int:
        if self.part.owes_word:
            return int(self.now_ms)
        deadline = int(self.part.learner.next_deadline_ms())
        return deadline if self.server is None else min(deadline, self.server.next_deadline_ms())
