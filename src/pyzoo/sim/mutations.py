"""Bugs planted on purpose, each one a rule of ZAB or of the server that is broken: the checkers have to find them.

Only where the code is plain Python: compiled classes cannot be patched. The names say what the server does wrong.
"""

from collections.abc import Callable, Iterator, Set
from contextlib import ExitStack, contextmanager
from functools import partial, partialmethod
from typing import Any, Final

from attrs import evolve, frozen

from pyzoo.datatree.tree import DataTree
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import TxnHeader
from pyzoo.persistence.epochs import EpochFiles
from pyzoo.persistence.txnlog import TxnLog
from pyzoo.quorum import packets as qp
from pyzoo.quorum.broadcast import Broadcast
from pyzoo.quorum.cnxmanager import QuorumCnxManager
from pyzoo.quorum.election import FastLeaderElection
from pyzoo.quorum.hand_over import HandOver
from pyzoo.quorum.history import Proposal
from pyzoo.quorum.leader import BROADCAST, Leader
from pyzoo.quorum.learner import Learner
from pyzoo.quorum.learner_sync import WAITS_TO_SERVE, LearnerSync
from pyzoo.quorum.outstanding_proposals import OutstandingProposal
from pyzoo.quorum.verifier import QuorumMaj
from pyzoo.quorum.vote import Vote
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.database import decoded
from pyzoo.server.member.config_files import PeerConfigFiles
from pyzoo.server.member.learner_part import LearnerPart
from pyzoo.server.requests.final import FinalRequestProcessor
from pyzoo.server.roles.containers import ContainerManager
from pyzoo.server.roles.learner import LearnerZooKeeperServer
from pyzoo.server.roles.proposal import ProposalRequestProcessor
from pyzoo.server.roles.quorum import QuorumZooKeeperServer
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.sim.options import HARSH, WITH_AN_ORACLE, Options

Method = Callable[..., Any]


@frozen
class Mutation:
    """`patches` are (class, attribute, the wrong method); `options` show it, soon with seeds from `first_seed` on.

    A wrong method gets the right one behind `self`, then what that would get.
    """

    name: str
    patches: tuple[tuple[type, str, Method], ...]
    options: Options = HARSH
    first_seed: int = 1


@contextmanager
def planted(mutation: Mutation) -> Iterator[None]:
    """Have the bug while the block runs."""
    with ExitStack() as stack:
        for owner, attribute, wrong in mutation.patches:
            right = owner.__dict__[attribute]
            stack.callback(setattr, owner, attribute, right)
            replacement: object = partialmethod(wrong, right)
            if isinstance(right, property):
                replacement = property(partial(wrong, right=right))
            setattr(owner, attribute, replacement)
        yield


# --- followers


def _acknowledge_at_once(self: Learner, right: Method, proposal: Proposal) -> None:
    right(self, proposal)
    self.send(qp.packet(qp.ACK, proposal.zxid, None))


def _acknowledge_without_logging(self: Learner, _right: Method, proposal: Proposal) -> None:
    self._pending.append(decoded(proposal.zxid, proposal.payload))
    self.send(qp.packet(qp.ACK, proposal.zxid, None))


def _apply_what_is_proposed(self: Learner, right: Method, proposal: Proposal) -> None:
    right(self, proposal)
    self._take_commit(proposal.zxid, None)


def _serve_after_new_leader(self: Learner, right: Method) -> None:
    right(self)
    if self.state == WAITS_TO_SERVE:
        self._up_to_date()


def _acknowledge_new_leader_at_once(self: LearnerSync, right: Method) -> None:
    right(self)
    if self._waits_for_zxid != 0:
        self._acknowledge_new_leader()


def _keep_what_is_truncated(self: LearnerPart, _right: Method, zxid: int) -> None:
    self.host.database.tree.last_processed_zxid = zxid


def _have_nothing_unfinished(self: Learner, _right: Method) -> list[Proposal]:
    return []


# --- leaders


def _commit_by_one_acknowledgement(self: Broadcast, _right: Method, proposal: OutstandingProposal) -> bool:
    return proposal.acks != 0


def _take_office_alone(self: Leader, right: Method) -> None:
    right(self)
    if self.phase != BROADCAST:
        self._take_office()


def _count_own_ack_unsynced(
    self: ProposalRequestProcessor, right: Method, request: Request, header: TxnHeader, txn: Record
) -> None:
    right(self, request, header, txn)
    self.broadcast.acked_up_to(self.broadcast.my_id, request.zxid)


def _lead_whoever_comes(self: Leader, right: Method, sid: int, current_epoch: int, last_zxid: int) -> bool:
    return bool(right(self, sid, min(current_epoch, 0), 0))


def _candidacy_without_zxid(vote: Vote, right: Method) -> tuple[int, int, int]:
    return 0, 0, vote.leader


def _let_half_be_a_quorum(self: QuorumMaj, _right: Method, servers: Set[int]) -> bool:
    return 2 * len(self.voters & servers) >= len(self.voters)


def _wait_for_nobody(self: FastLeaderElection, _right: Method, agreeing: set[int]) -> bool:
    return True


def _count_who_was_lost_as_gone(self: QuorumCnxManager, right: Method, sid: int) -> bool:
    return bool(right(self, sid)) and sid in self._by_sid


def _go_while_others_lag(self: HandOver, right: Method) -> bool:
    return True


# --- files


def _save_epoch_in_memory(self: EpochFiles, _right: Method, epoch: int) -> None:
    self.accepted = epoch


def _do_not_sync(self: TxnLog, _right: Method, log: object, is_new: bool) -> int:
    return 0


# --- clients


def _answer_sync_alone(self: LearnerZooKeeperServer, right: Method, request: Request, cnxn: ServerCnxn) -> None:
    if request.type == op.SYNC:
        QuorumZooKeeperServer.submit_now(self, request, cnxn)
    else:
        right(self, request, cnxn)


def _let_reads_overtake(self: FinalRequestProcessor, _right: Method, request: Request, cnxn: ServerCnxn) -> None:
    self.serve(request, cnxn)


def _swallow_events(self: ServerCnxn, _right: Method, event_type: int, path: str, zxid: int, acl: object) -> None:
    return


def _shorten_sessions(self: ZooKeeperServer, _right: Method) -> None:
    for session_id, timeout_ms in self.database.sessions.items():
        self.sessions.track(session_id, timeout_ms // 4, self.now_ms)


def _find_all_that_may_go_once(self: ContainerManager, _right: Method, tree: DataTree, wall_ms: int) -> None:
    while self._unsearched:
        self._waiting.append(self._unsearched.pop())


def _delete_what_was_found(self: ContainerManager, _right: Method, node: object, wall_ms: int) -> bool:
    return True


def _go_on_alone(self: PeerConfigFiles, _right: Method) -> bool:
    return True


MUTATIONS: Final = (
    Mutation("a follower acknowledges before its sync", ((Learner, "_take_proposal", _acknowledge_at_once),)),
    Mutation("a follower acknowledges without logging", ((Learner, "_take_proposal", _acknowledge_without_logging),)),
    Mutation("a follower applies what is only proposed", ((Learner, "_take_proposal", _apply_what_is_proposed),)),
    Mutation("a follower serves before UPTODATE", ((LearnerSync, "_acknowledge_new_leader", _serve_after_new_leader),)),
    Mutation("NEWLEADER is acknowledged unsynced", ((LearnerSync, "_log_committed", _acknowledge_new_leader_at_once),)),
    Mutation("a follower keeps what is truncated", ((LearnerPart, "truncate", _keep_what_is_truncated),), first_seed=2),
    Mutation(
        "a follower forgets what it has not applied", ((Learner, "unfinished", _have_nothing_unfinished),), first_seed=2
    ),
    Mutation("a leader commits by one acknowledgement", ((Broadcast, "_has_quorums", _commit_by_one_acknowledgement),)),
    Mutation("a leader takes office alone", ((Leader, "_begin_synchronization", _take_office_alone),)),
    Mutation(
        "a leader counts itself before its sync", ((ProposalRequestProcessor, "log_txn", _count_own_ack_unsynced),)
    ),
    Mutation(
        "half of the voters are a quorum",
        ((QuorumMaj, "contains_quorum", _let_half_be_a_quorum),),
        # With so few faults nothing else goes wrong: only who knows what a quorum is can tell.
        evolve(HARSH, voters=4, faults_per_minute=2.0),
    ),
    Mutation(
        "a leader that is behind is elected",
        ((Vote, "candidacy", _candidacy_without_zxid), (Leader, "epoch_acked", _lead_whoever_comes)),
        first_seed=7,
    ),
    Mutation("elects before all have voted", ((FastLeaderElection, "_nobody_is_left", _wait_for_nobody),)),
    Mutation(
        "elects without a voter that may come back",
        ((QuorumCnxManager, "can_answer", _count_who_was_lost_as_gone),),
    ),
    Mutation(
        "hands over while a follower lags",
        ((HandOver, "is_level", _go_while_others_lag),),
        evolve(HARSH, faults_per_minute=6.0, stops_per_minute=20.0),
    ),
    Mutation("acceptedEpoch is not kept", ((EpochFiles, "save_accepted", _save_epoch_in_memory),)),
    Mutation("the log is not synced", ((TxnLog, "_sync", _do_not_sync),), first_seed=2),
    Mutation(
        "a follower answers a sync alone",
        ((LearnerZooKeeperServer, "submit_now", _answer_sync_alone),),
        # Seen when nobody fails, but some members hear of a write long after others.
        evolve(
            HARSH,
            clients=8,
            pipeline=1,
            faults_per_minute=3.0,
            weather=evolve(HARSH.weather, straggler_chance=0.1, straggler_ms=300),
        ),
    ),
    Mutation("reads overtake writes of their session", ((FinalRequestProcessor, "wait_behind", _let_reads_overtake),)),
    Mutation("watches do not fire", ((ServerCnxn, "process", _swallow_events),)),
    Mutation("a new leader shortens sessions", ((ZooKeeperServer, "adopt_sessions", _shorten_sessions),)),
    Mutation(
        "nodes with a time to live go before it is over",
        (
            (ContainerManager, "_search", _find_all_that_may_go_once),
            (ContainerManager, "may_go", _delete_what_was_found),
        ),
        evolve(HARSH, all_nodes=True),
    ),
    Mutation(
        "both of two go on alone",
        ((PeerConfigFiles, "_ask_oracle", _go_on_alone),),
        evolve(HARSH, **WITH_AN_ORACLE),
    ),
)
