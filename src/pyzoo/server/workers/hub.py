"""WorkerHub: the writer's side of its workers, which are observers of a server without an ensemble.

What is committed goes to them as to observers, and what they forward comes back. Beside that a session has one
connection in all processes, and operators see all of them as one server: they look at what the workers report.
"""

import logging
from collections import deque
from typing import Final, final

from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.watches import WatchManager
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import Id
from pyzoo.outbox import Packets
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.learner_packets import ACTIVE
from pyzoo.quorum.link import OBSERVER_MASTER, PeerLink
from pyzoo.quorum.observer_master import ObserverMaster, ObserverMasterOwner
from pyzoo.quorum.packets import packet
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.elsewhere import Elsewhere
from pyzoo.server.clients.request import Request
from pyzoo.server.roles.forwarding import ForwardingZooKeeperServer
from pyzoo.server.roles.proposal import ME
from pyzoo.server.workers import packets as wp
from pyzoo.server.workers.report import WorkerReport, absorb
from pyzoo.zxid import epoch_of

logger: Final = logging.getLogger(__name__)

TICK_MS: Final = 200
"""Twice in this time the writer hears which sessions were heard of at a worker."""
INIT_MS: Final = 600_000
"""So long a worker may take to get in step."""
MOST_WAITING: Final = 256 << 20
"""So many bytes may wait for a worker that takes none."""
SILENCE_MS: Final = 30_000
"""So long it may be silent afterwards."""
LOOK_MS: Final = 2_000
"""So long a look waits for the workers; what has not come by then is shown as it was before."""
NEVER: Final = 0x7FFFFFFFFFFFFFFF


@mypyc_attr(allow_interpreted_subclasses=True)
class Look:
    """Somebody who waits for the reports of all workers."""

    def __init__(self, wants_watches: bool) -> None:
        self.wants_watches = wants_watches
        self.until_ms: i64 = NEVER
        self.waiting: dict[LearnerHandler, None] = {}

    def ended(self) -> None:
        """They have come."""
        raise NotImplementedError


@final
class OfWorkers(Elsewhere):
    """What the workers have reported."""

    def __init__(self, hub: "WorkerHub") -> None:
        super().__init__()
        self._hub = hub

    def reset_stats(self) -> None:
        self._hub.reset_connections()


@final
class WorkerHub(ObserverMasterOwner):
    """The workers of one database of the writer."""

    def __init__(self, server: ForwardingZooKeeperServer) -> None:
        self.server = server
        self.links = server.effects.packets
        self.master = ObserverMaster(
            self,
            server.database,
            epoch_of(server.database.last_zxid),
            TICK_MS,
            INIT_MS // TICK_MS,
            SILENCE_MS // TICK_MS,
            False,
            server.now_ms,
        )
        self.elsewhere = OfWorkers(self)
        self.answers = Packets()
        self._committed_zxid: i64 = server.database.last_zxid
        self._syncs: deque[tuple[int, LearnerHandler]] = deque()
        self._reports: dict[LearnerHandler, WorkerReport] = {}
        self._pieces: dict[LearnerHandler, list[bytes]] = {}
        self._looks: dict[int, Look] = {}
        self._last_look = 0
        self._asking: dict[ServerCnxn, tuple[LearnerHandler, int]] = {}

    # --- links

    def connected(self, name: str) -> PeerLink:
        """A worker was started; what it sends comes by the receiver of this link."""
        link = PeerLink(self.links, OBSERVER_MASTER, name, [], 0)
        self.master.new_handler(link, self.server.now_ms)
        return link

    def close(self) -> None:
        """Let all of them go."""
        self.master.close()
        self.forget_gone()

    @property
    def workers(self) -> list[LearnerHandler]:
        """Those that are in step."""
        return [handler for handler in self.master.handlers if handler.state == ACTIVE]

    def forget_gone(self) -> None:
        """Workers may have ended: what they had is gone, and nobody waits for them."""
        handlers = self.master.handlers
        for handler in [one for one in self._reports if one not in handlers]:
            del self._reports[handler]
            self._show(None)
        for look in list(self._looks.values()):
            for handler in [one for one in look.waiting if one not in handlers]:
                del look.waiting[handler]
        for cnxn, (handler, _) in list(self._asking.items()):
            if handler not in handlers:
                del self._asking[cnxn]
                cnxn.abort()

    # --- what is committed

    def committed_up_to(self, zxid: i64) -> None:
        """The log is safe up to here: the workers hear of it before anybody is answered.

        Those whose clients wait for that hear of it last, so that who is answered finds the same elsewhere.
        """
        answering: dict[int, None] = {}
        for waiting in self.server.prepared.uncommitted:
            if waiting.zxid > zxid:
                break
            if waiting.zxid > self._committed_zxid:
                self._committed_zxid = waiting.zxid
                self._send_syncs(waiting.zxid - 1)
                self.master.committed(Proposal(waiting.zxid, waiting.payload))
                if waiting.owner != ME:
                    answering[waiting.owner] = None
        ready = self.links.ready
        for owner in answering:
            handler = self.master.handler(owner)
            if handler is not None and handler.link in ready:
                ready.remove(handler.link)
                ready.append(handler.link)
        if zxid > self._committed_zxid:
            self._committed_zxid = zxid
        self._send_syncs(zxid)

    def _send_syncs(self, zxid: i64) -> None:
        while self._syncs and self._syncs[0][0] <= zxid:
            self._syncs.popleft()[1].send_sync()

    def sync_requested(self, handler: LearnerHandler, last_prepared: i64) -> None:
        """A sync is over when all that was prepared before it is committed."""
        if last_prepared <= self._committed_zxid:
            handler.send_sync()
        else:
            self._syncs.append((int(last_prepared), handler))

    def config_text(self) -> bytes:
        return b""

    def config_version(self) -> int:
        return 0

    # --- what workers forward

    def request_received(
        self, handler: LearnerHandler, session_id: i64, cxid: i32, type: i32, body: bytes, ids: list[Id]
    ) -> None:
        server = self.server
        request = Request(None, session_id, cxid, type, InputArchive(body), ids, server.now_ms)
        request.owner = handler.id
        server.forwarded(handler, request)

    def refused(self, request: Request, code: i32) -> None:
        """What a worker has forwarded becomes no transaction."""
        handler = self.master.handler(request.owner)
        if handler is not None:
            handler.queue_packet(wp.refused_packet(request.session_id, request.cxid, code))

    def touch_session(self, session_id: i64, timeout_ms: i64) -> None:
        self.server.sessions.touch(session_id, timeout_ms, self.server.now_ms)

    def revalidate_session(self, handler: LearnerHandler, session_id: i64, timeout_ms: i64) -> None:
        server = self.server
        lives = server.sessions.touch(session_id, timeout_ms, server.now_ms)
        if lives:
            self.moved(session_id, handler.id)
        handler.send_revalidated(session_id, lives)

    def moved(self, session_id: i64, owner: i64) -> None:
        """A session is used through `owner` now."""
        self.close_former(session_id, owner)
        self.server.sessions.set_owner(session_id, owner)

    def close_former(self, session_id: i64, owner: i64) -> None:
        """The connection that a session has elsewhere than at `owner` ends."""
        session = self.server.sessions.sessions.get(session_id)
        if session is None or session.owner == owner:
            return
        if session.owner == ME:
            self.server.connections.close_session(session_id)
        else:
            former = self.master.handler(session.owner)
            if former is not None:
                former.queue_packet(wp.moved_packet(session_id))

    def read_log(self, handler: LearnerHandler, from_zxid: i64, to_zxid: i64) -> None:
        handler.log_read(None)

    # --- what operators see

    def look(self, look: Look) -> None:
        """Ask all workers for what they have; the look ends when they have answered, at once where there are none."""
        workers = self.workers
        if not workers:
            self._show(None)
            look.ended()
            return
        self._last_look += 1
        look.waiting = dict.fromkeys(workers)
        look.until_ms = self.server.now_ms + LOOK_MS
        self._looks[self._last_look] = look
        data = wp.look_packet(self._last_look, look.wants_watches)
        for handler in workers:
            handler.queue_packet(data)

    def other_received(self, handler: LearnerHandler, type: i32, zxid: i64, data: bytes | None) -> None:
        if type == wp.REPORT:
            self._reported(handler, int(zxid), data)
        elif type == wp.MOVED:
            self.close_former(wp.session_of(data), handler.id)
        elif type == wp.WORD:
            self._word_asked(handler, int(zxid), data)
        else:
            super().other_received(handler, type, zxid, data)

    def _reported(self, handler: LearnerHandler, number: int, data: bytes | None) -> None:
        received = self._pieces.setdefault(handler, [])
        received.append(wp.piece_of(data))
        if not wp.is_last_piece(data):
            return
        del self._pieces[handler]
        server = self.server
        self._reports[handler] = absorb(server, server.connections, b"".join(received))
        look = self._looks.get(number)
        if look is not None:
            look.waiting.pop(handler, None)
            self._end_looks()

    def _end_looks(self) -> None:
        for number, look in list(self._looks.items()):
            if not look.waiting or look.until_ms <= self.server.now_ms:
                del self._looks[number]
                self._show(look)
                look.ended()

    def _show(self, look: Look | None) -> None:
        """Let operators see what was reported; with all data watches only where somebody has looked for these."""
        elsewhere = self.elsewhere
        reports = list(self._reports.values())
        # One that asks is shown as it is here.
        asking = {(one.address, int(one.port)): one for one in self._asking}
        elsewhere.cnxns = [asking.get((one.address, int(one.port)), one) for report in reports for one in report.cnxns]
        elsewhere.outstanding = sum([report.outstanding for report in reports])
        elsewhere.watches = sum([report.watches for report in reports])
        elsewhere.data_watches = None
        if look is None or not look.wants_watches:
            return
        everywhere = WatchManager()
        own = self.server.tree.data_watches
        for watcher in own.watchers():
            everywhere.list_watcher(watcher)
            for path in own.paths_of(watcher):
                everywhere.add(path, watcher)
        for report in reports:
            report.add_watches(everywhere)
        elsewhere.data_watches = everywhere

    def reset_connections(self) -> None:
        """Set the statistics of the workers' connections back."""
        for handler in self.workers:
            handler.queue_packet(packet(wp.RESET, -1, None))
        for one in self.elsewhere.cnxns:
            one.reset_stats()

    # --- words that were asked at a worker

    def _word_asked(self, handler: LearnerHandler, number: int, data: bytes | None) -> None:
        asked = wp.word_asked(data)
        server = self.server
        cnxn = ServerCnxn(
            server.connections,
            self.answers,
            asked["address"],
            asked["port"],
            int(server.connections.max_frame),
            int(server.now_ms),
            int(server.wall_ms),
            asked["secure"],
        )
        cnxn.frames.append(bytes.fromhex(asked["data"]))
        self._asking[cnxn] = (handler, number)
        if not server.begins_with_word(cnxn):
            cnxn.close()

    def send_answers(self) -> None:
        """Pass on what there is of answers to such words."""
        for outbox in self.answers.take():
            assert isinstance(outbox, ServerCnxn)
            asking = self._asking.get(outbox)
            if asking is None:
                continue
            handler, number = asking
            data = outbox.data_to_send()
            is_over = outbox.is_over
            if is_over:
                del self._asking[outbox]
            handler.queue_packet(wp.piece(wp.ANSWER, number, data, is_over))

    # --- time

    def advance(self, now_ms: i64) -> None:
        """Time has passed."""
        self.master.advance(now_ms)
        for handler in self.workers:
            if handler.link.waiting_bytes() > MOST_WAITING:
                handler.close("it does not take what it is told")
        self.forget_gone()
        self._end_looks()

    def next_deadline_ms(self) -> i64:
        """When `advance` has something to do again."""
        deadline = self.master.next_deadline_ms()
        for look in self._looks.values():
            if look.until_ms < deadline:
                deadline = look.until_ms
        return deadline
