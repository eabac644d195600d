"""What the commands of a leader or learner show of its ensemble."""

from typing import Final, final

from pyzoo.quorum.broadcast import BufferStats
from pyzoo.quorum.leader import PHASE_NAMES
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.learner_packets import WAITS_FOR_SERVER
from pyzoo.quorum.vote import LEADING, OBSERVING
from pyzoo.server.member.leading import Leading
from pyzoo.server.member.learning import Learning
from pyzoo.server.member.role import RoleOwner
from pyzoo.server.operators.ensemble_view import EnsembleView
from pyzoo.zxid import first_zxid

LOOKING_VIEW: Final = "looking - election"


@final
class LeaderView(EnsembleView):
    """Learners and proposals."""

    def __init__(self, host: RoleOwner, role: Leading) -> None:
        super().__init__(host.config.server_id, host.configuration.current, "")
        self._host = host
        self._leader = role.leader
        self._since_ms = host.now_ms

    def peer_state(self) -> str:
        return f"leading - {PHASE_NAMES[int(self._leader.phase)]}"

    def gauges(self) -> list[tuple[str, int]]:
        broadcast = self._leader.broadcast
        last, least, most = self.proposal_buffer()
        return [
            *super().gauges(),
            ("learners", len(self._leader.handlers)),
            ("synced_followers", len(broadcast.forwarding)),
            ("synced_non_voting_followers", len(broadcast.forwarding) - len(broadcast.voters_in_step())),
            ("synced_observers", len(broadcast.observing)),
            ("pending_syncs", broadcast.pending_syncs),
            ("leader_uptime", int(self._host.now_ms - self._since_ms)),
            ("last_proposal_size", last),
            ("max_proposal_size", most),
            ("min_proposal_size", least),
        ]

    def proposal_sizes(self) -> str:
        last, least, most = self.proposal_buffer()
        return f"Proposal sizes last/min/max: {last}/{least}/{most}\n"

    def proposal_buffer(self) -> tuple[int, int, int]:
        sizes = self._leader.broadcast.sizes
        return int(sizes.last), int(sizes.min), int(sizes.max)

    def leader_id(self) -> int:
        return self.my_id

    def zab_state(self) -> str:
        return PHASE_NAMES[int(self._leader.phase)]

    def observers(self) -> list[LearnerHandler]:
        return list(self._leader.broadcast.observing)

    def acknowledged(self) -> dict[int, int]:
        broadcast = self._leader.broadcast
        # Who has acknowledged NEWLEADER holds what was there when the epoch began.
        begin = first_zxid(self._leader.epoch)
        return {
            int(handler.sid): int(max(begin, broadcast.acked_by(handler)))
            for handler in broadcast.forwarding
            if handler.state >= WAITS_FOR_SERVER
        }

    def sids_by_owner(self) -> dict[int, int]:
        return {0: self.my_id} | {int(handler.id): int(handler.sid) for handler in self._leader.handlers}

    def reset(self) -> None:
        self._leader.broadcast.sizes = BufferStats()


@final
class LearnerView(EnsembleView):
    """The sync, and whose leader it is."""

    def __init__(self, host: RoleOwner, role: Learning, state: int) -> None:
        super().__init__(host.config.server_id, host.configuration.current, "")
        self._role = role
        self._observes = state == OBSERVING

    def peer_state(self) -> str:
        role = "observing" if self._observes else "following"
        return f"{role} - broadcast"

    def leader_id(self) -> int:
        return int(self._role.part.master_sid)

    def zab_state(self) -> str:
        return "broadcast"

    def observers(self) -> list[LearnerHandler]:
        return self._role.observers

    def gauges(self) -> list[tuple[str, int]]:
        if self._role.part.hosting is None:
            return super().gauges()
        return [*super().gauges(), ("synced_observers", len(self._role.observers))]

    def observer_master_id(self) -> int | None:
        return int(self._role.part.master_sid) if self._observes else None


def view_of(host: RoleOwner, role: object, state: int) -> EnsembleView:
    """The view that fits the role."""
    if isinstance(role, Leading) and state == LEADING:
        return LeaderView(host, role)
    if isinstance(role, Learning):
        return LearnerView(host, role, state)
    return EnsembleView(host.config.server_id, host.configuration.current, LOOKING_VIEW)
