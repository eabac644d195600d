"""Reconfigurations as the leader decides them: two quorums, and who leads afterwards."""

import pytest
from attrs import evolve

from pyzoo.config.membership import Membership
from pyzoo.quorum import packets as qp
from pyzoo.quorum.leader import BROADCAST, SYNCHRONIZATION
from pyzoo.quorum.packets import packet
from pyzoo.quorum.verifier import make_verifier
from tests.support.electors import members
from tests.support.histories import payload_of, run_of, z
from tests.support.terms import Term, packets_of, serving

NEW = z(1, 0)
FIVE = members(5)
WITHOUT_1 = evolve(members(3), servers=members(3).servers[1:])


def reconfigure(term: Term, zxid: int, members: Membership) -> None:
    term.leader.broadcast.propose(zxid, payload_of(zxid), make_verifier(evolve(members, version=zxid)))
    term.leader.broadcast.release()


def test_a_reconfig_is_not_held_back_nor_what_is_before_it() -> None:
    term, _ = serving(2, 3)
    term.propose(z(1, 1))
    term.leader.broadcast.propose(z(1, 2), payload_of(z(1, 2)))
    assert 1_000_000 == term.leader.broadcast.held_until_ns(0, 1_000_000)
    new = make_verifier(evolve(members(3), version=z(1, 3)))
    term.leader.broadcast.propose(z(1, 3), payload_of(z(1, 3)), new)
    assert 0 == term.leader.broadcast.held_until_ns(0, 1_000_000)


def test_a_leader_that_is_not_kept_commits_nothing_more() -> None:
    term, _ = serving(2)
    reconfigure(term, z(1, 1), WITHOUT_1)
    term.propose(z(1, 2), 1, 2, 3)
    for sid in (1, 2, 3):
        term.acked(sid, z(1, 1))
    term.acked(3, z(1, 2))
    assert [z(1, 1)] == term.owner.commits()
    assert not term.leader.broadcast.allowed_to_commit


def test_a_configuration_left_behind_needs_its_own_quorum_before_the_leader_serves() -> None:
    seen = evolve(FIVE, version=z(1, 3))
    term = Term(zxids=run_of(1, 1, 3), accepted=1, current_epoch=1, last_seen=seen)
    term.promised(2, current=1).ack_new_leader()
    assert SYNCHRONIZATION == term.leader.phase
    term.promised(4, current=1).ack_new_leader()
    assert BROADCAST == term.leader.phase
    assert [("activate", [1, 2, 3, 4, 5], 1, z(2, 0)), ("serve", z(2, 0))] == term.owner.named("activate", "serve")


@pytest.mark.parametrize("version", [0, z(1, 1)])
def test_only_a_configuration_that_was_never_established_gets_a_version(version: int) -> None:
    term = Term(membership=evolve(members(3), version=version), zxids=run_of(1, 1, 3), accepted=1, current_epoch=1)
    term.known(2)
    assert ([("first config", z(2, 0))] if version == 0 else []) == term.owner.named("first config")


def test_newleader_carries_the_last_seen_configuration() -> None:
    seen = evolve(FIVE, version=z(1, 3))
    term = Term(zxids=run_of(1, 1, 3), accepted=1, current_epoch=1, last_seen=seen)
    (_, _, new_leader) = packets_of(term.promised(2, current=1).bytes_heard())
    assert seen.text().encode() == new_leader.data


def test_a_learner_with_the_current_configuration_is_welcome() -> None:
    term = Term(membership=evolve(members(3), version=z(1, 1)))
    two = term.connect(2)
    two.info(config_version=z(1, 1))
    assert packet(qp.LEADERINFO, NEW, qp.LEADER_INFO_DATA) == two.bytes_heard()
