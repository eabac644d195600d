"""WorkerZooKeeperServer: the clients of a worker. To them it is the server that the writer is."""

from typing import final

from mypy_extensions import i64

from pyzoo.quorum.learner import Learner
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.modes import STANDALONE
from pyzoo.server.operators.answers import crst
from pyzoo.server.operators.words import word_of
from pyzoo.server.roles.learner import LearnerZooKeeperServer
from pyzoo.server.workers import packets as wp
from pyzoo.server.workers.report import report_of


@final
class WorkerZooKeeperServer(LearnerZooKeeperServer):
    """Reads are answered here; the writer has the log, the sessions, and the words of operators."""

    def work(self, learner: Learner) -> None:
        """To be called once, when the learner is in step."""
        self.mode = STANDALONE
        self.tracks_sessions = False
        self.learner = learner
        self.local = None
        self._local_expirer = None
        self.checks_acl_early = False
        self.revalidating = {}
        self.leave_containers()
        self._asking: dict[int, ServerCnxn] = {}
        self._last_asked = 0
        self._looks: list[tuple[int, bool]] = []

    def reopen_session(self, cnxn: ServerCnxn, session_id: i64, passwd: bytes | None) -> None:
        """What connection it had elsewhere is closed before the password is looked at, as on one server."""
        self.learner.send(wp.moved_packet(session_id))
        super().reopen_session(cnxn, session_id, passwd)

    def submit_global(self, request: Request) -> None:
        """What is wrong with it is the writer's to say: most of that takes a zxid."""
        self.pass_on(request)

    @property
    def checks_multis(self) -> bool:
        return False

    def begins_with_word(self, cnxn: ServerCnxn) -> bool:
        """The writer knows the answer."""
        if cnxn.is_busy:
            return True
        if word_of(cnxn) is None:
            return False
        self._last_asked += 1
        self._asking[self._last_asked] = cnxn
        cnxn.is_busy = True
        data = cnxn.frames.rest()
        self.learner.send(wp.word_packet(self._last_asked, cnxn.address, int(cnxn.port), cnxn.secure, data))
        return True

    def told(self, type: int, zxid: i64, data: bytes | None) -> bool:
        """The writer has said what no leader says; False where that is nothing known."""
        if type == wp.ANSWER:
            self._answered(int(zxid), data)
        elif type == wp.MOVED:
            self.connections.close_session(wp.session_of(data))
        elif type == wp.LOOK:
            self._looks.append((int(zxid), data == b"\x01"))
        elif type == wp.REFUSED:
            self._refused(data)
        elif type == wp.RESET:
            crst(self, None)
        else:
            return False
        return True

    def report(self) -> None:
        """Tell who has looked what there is, once all that has happened in this turn is known."""
        looks = self._looks
        self._looks = []
        for number, wants_watches in looks:
            for part in wp.pieces(wp.REPORT, number, report_of(self, wants_watches)):
                self.learner.send(part)

    def _refused(self, data: bytes | None) -> None:
        """A request has become no transaction: its client hears so in its turn."""
        session_id, cxid, code = wp.refused_of(data)
        cnxn = self.connections.by_session.get(session_id)
        if cnxn is None:
            return
        for request in cnxn.pending.all():
            if request.is_write and isinstance(request, Request) and request.cxid == cxid:
                self.final.refuse_pending(request, code)
                return

    def _answered(self, number: int, data: bytes | None) -> None:
        cnxn = self._asking.get(number)
        if cnxn is None:
            return
        is_last = wp.is_last_piece(data)
        if is_last:
            del self._asking[number]
        if not cnxn.gone:
            cnxn.last_io_ms = self.now_ms
            cnxn.out.write(wp.piece_of(data))
            cnxn.announce()
            if is_last:
                cnxn.is_busy = False
                cnxn.close()
