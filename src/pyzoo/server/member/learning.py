"""Learning: this server's time behind a leader, between the quorum's Learner and the clients' server."""

from typing import final

from mypy_extensions import i64

from pyzoo.quorum.history import Proposal
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.link import OBSERVER_MASTER, PeerLink
from pyzoo.server.member.learner_part import LearnerPart
from pyzoo.server.member.role import Role, RoleOwner


@final
class Learning(Role):
    """See the module; `leader_sid` is who leads, `learner.failure` ends it."""

    def __init__(self, host: RoleOwner, leader_sid: i64, is_observer: bool) -> None:
        super().__init__(host)
        self.part = LearnerPart(host, leader_sid, is_observer)
        self.learner = self.part.learner

    def begin(self) -> None:
        self.learner.advance(self.host.now_ms)

    @property
    def failure(self) -> str | None:
        return self.learner.failure

    def fail(self, reason: str) -> None:
        self.learner.fail(reason)

    @property
    def needs_reload(self) -> bool:
        return self.learner.needs_reload

    @property
    def keeps_log(self) -> bool:
        return self.part.keeps_log

    @property
    def observers(self) -> list[LearnerHandler]:
        """The observers of this server's observer master."""
        return [] if self.part.hosting is None else list(self.part.hosting.master.observing)

    # --- the link

    def accepted(self, link: PeerLink) -> None:
        hosting = self.part.hosting
        if hosting is None or link.port != OBSERVER_MASTER:
            link.abort()
        else:
            hosting.accepted(link)

    def listen_addresses(self) -> dict[int, list[tuple[str, int]]]:
        return {} if self.part.hosting is None else {OBSERVER_MASTER: self.host.configuration.own_master_addresses()}

    def close(self) -> None:
        if self.part.hosting is not None:
            self.part.hosting.master.close()
        link = self.learner.link
        if link is not None:
            link.abort()

    def snapshot_saved(self) -> None:
        zxid = self.part.snapshot_zxid
        if zxid != 0 and self.host.logged_zxid > zxid:
            # A start would replay what the leader does not have.
            self.host.storage.cut(int(zxid))
        self.learner.snapshot_saved()

    def persisted(self, zxid: i64) -> None:
        self.learner.persisted(zxid)

    def unfinished(self) -> list[Proposal]:
        return self.learner.unfinished()

    # --- time

    def advance(self) -> None:
        self.part.give_word()
        self.learner.advance(self.host.now_ms)
        if self.part.hosting is not None:
            self.part.hosting.master.advance(self.host.now_ms)

    def next_deadline_ms(self) -> i64:
        if self.part.owes_word:
            return self.host.now_ms
        deadline = self.learner.next_deadline_ms()
        hosting = self.part.hosting
        if hosting is None:
            return deadline
        other = hosting.master.next_deadline_ms()
        return other if other < deadline else deadline
