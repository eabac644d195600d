"""EnsembleView: what the commands show of the ensemble that a server belongs to."""

from pyzoo.config.membership import QuorumServer, election_addresses, quorum_addresses
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.verifier import QuorumVerifier


def ports_text(addresses: list[tuple[str, int]]) -> str:
    """The ports of several addresses, as `conf` writes them."""
    return "|".join(str(port) for _, port in addresses)


class EnsembleView:
    """A member without a role; the roles add what they know. `peer_state` is for `mntr`."""

    def __init__(self, my_id: int, members: QuorumVerifier, peer_state: str) -> None:
        self.my_id = my_id
        self.members = members
        self._peer_state = peer_state

    def peer_state(self) -> str:
        """Role and phase: `leading - broadcast`; empty where there is nothing to say."""
        return self._peer_state

    def observer_master_id(self) -> int | None:
        """Whose port an observer is connected to; None for all others."""
        return None

    def gauges(self) -> list[tuple[str, int]]:
        """What `mntr` shows beside the gauges of every server."""
        return [("quorum_size", len(self.members.voters))]

    def proposal_sizes(self) -> str:
        """The line of `srvr` that leaders have."""
        return ""

    def proposal_buffer(self) -> tuple[int, int, int] | None:
        """Bytes of the last, the smallest and the largest proposal, -1 before the first; None unless it leads."""
        return None

    def leader_id(self) -> int:
        """The member that leads, -1 when that is not known."""
        return -1

    def zab_state(self) -> str:
        """The phase of ZAB: election, discovery, synchronization or broadcast."""
        return "election"

    def observers(self) -> list[LearnerHandler]:
        """The observers that this member passes on to."""
        return []

    def acknowledged(self) -> dict[int, int]:
        """Of a leader: the last zxid that each follower in step has certainly logged, by sid."""
        return {}

    def sids_by_owner(self) -> dict[int, int]:
        """Of a leader: which member each owner of a session is (see `Session`), itself included."""
        return {}

    def reset(self) -> None:
        """What the `srst` word does beside resetting the server's own numbers."""

    def conf_lines(self, init_limit: int, sync_limit: int, whole: bool) -> str:
        """What `conf` shows of a member; the members themselves only with `whole`."""
        me: QuorumServer | None = self.members.members.server(self.my_id)
        election = "" if me is None else ports_text(election_addresses(me))
        quorum = "" if me is None else ports_text(quorum_addresses(me))
        text = (
            f"initLimit={init_limit}\nsyncLimit={sync_limit}\nelectionAlg=3\nelectionPort={election}\n"
            f"quorumPort={quorum}\npeerType={1 if me is not None and me.observer else 0}\n"
        )
        return text + ("membership: \n" + self.members.members.text() if whole else "")
