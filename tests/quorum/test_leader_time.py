"""The time that a leader gives its learners, and they it: pings, limits of each phase, and the end of a term."""

import pytest

from pyzoo.quorum import packets as qp
from pyzoo.quorum.leader import BROADCAST
from pyzoo.quorum.packets import packet
from tests.support.histories import run_of, z
from tests.support.terms import INIT_MS, SYNC_MS, TICK_MS, Far, Term, named, serving

NEW = z(1, 0)


def pings(far: Far) -> int:
    return len([one for one in far.packets() if one.type == qp.PING])


def test_pings_go_out_every_half_tick_with_the_zxid_proposed_last() -> None:
    term, (two,) = serving(2)
    term.propose(z(1, 1), 1, 2)
    two.heard()
    term.run(TICK_MS)
    assert [("PING", z(1, 1))] * 2 == named(two.packets())


def test_pings_begin_behind_newleader() -> None:
    term, _ = serving(2)
    known = term.known(3)
    known.heard()
    term.run(TICK_MS)
    assert 0 == pings(known)
    known.ack_epoch()
    term.run(TICK_MS)
    assert 2 == pings(known)


def alive(term: Term, *fars: Far, for_ms: int) -> None:
    """Time passes, and these answer all the while."""
    for _ in range(0, for_ms, TICK_MS // 2):
        for far in fars:
            far.say(packet(qp.PING, 0, b""))
        term.run(TICK_MS // 2)


def test_a_leader_stays_while_a_quorum_answers() -> None:
    term, (two, three) = serving(2, 3)
    alive(term, two, for_ms=10 * SYNC_MS)
    assert term.leader.failure is None
    assert three.is_closed


def test_a_learner_that_is_silent_for_the_sync_limit_is_closed() -> None:
    term, (two, three) = serving(2, 3)
    alive(term, two, for_ms=SYNC_MS - TICK_MS // 2)
    assert not three.is_closed
    alive(term, two, for_ms=TICK_MS)
    assert three.is_closed


def test_a_proposal_without_an_ack_closes_a_link_that_answers_pings() -> None:
    term, (two, three) = serving(2, 3)
    term.propose(z(1, 1), 1)
    two.ack(z(1, 1))
    alive(term, two, three, for_ms=SYNC_MS - TICK_MS // 2)
    assert not three.is_closed
    alive(term, two, three, for_ms=TICK_MS)
    assert (False, True) == (two.is_closed, three.is_closed)


def test_acks_that_come_in_time_keep_the_link() -> None:
    term, (two,) = serving(2)
    for zxid in run_of(1, 1, 8):
        term.propose(zxid, 1)
        alive(term, two, for_ms=SYNC_MS // 2)
        two.ack(zxid)
    assert not two.is_closed


def test_each_phase_has_the_init_limit_for_itself() -> None:
    term = Term()
    far = term.connect(2)
    term.run(INIT_MS - 1)
    far.info()
    term.run(INIT_MS - 1)
    far.ack_epoch()
    term.run(INIT_MS - 1)
    far.ack_new_leader()
    assert (None, BROADCAST) == (term.leader.failure, term.leader.phase)


@pytest.mark.parametrize(("steps", "phase"), [(0, "discovery"), (1, "discovery"), (2, "synchronization")])
def test_a_phase_without_a_quorum_ends_the_term_after_the_init_limit(steps: int, phase: str) -> None:
    term = Term()
    if steps:
        far = term.known(2)
        if steps == 2:
            far.ack_epoch()
    term.run(INIT_MS - 1)
    assert term.leader.failure is None
    term.run(1)
    assert phase in str(term.leader.failure)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_learner_that_is_silent_during_the_handshake_is_closed_after_the_init_limit(steps: int) -> None:
    term, (two,) = serving(2)
    far = term.connect(3)
    for step in (far.info, far.ack_epoch)[:steps]:
        step()
    alive(term, two, for_ms=INIT_MS - TICK_MS // 2)
    assert not far.is_closed
    alive(term, two, for_ms=TICK_MS)
    assert (True, False) == (far.is_closed, two.is_closed)


@pytest.mark.parametrize(("waited_ms", "fails"), [(100, False), (101, True)])
def test_a_voter_that_looks_again_while_the_epoch_is_open_may_end_the_term(waited_ms: int, fails: bool) -> None:
    term = Term(max_time_to_wait_for_epoch_ms=100)
    term.leader.advance(waited_ms)
    term.leader.looking_reported(2)
    assert fails == (term.leader.failure is not None)


def test_a_voter_that_looks_again_is_nothing_by_default() -> None:
    term = Term()
    term.leader.advance(INIT_MS - 1)
    term.leader.looking_reported(2)
    assert term.leader.failure is None


@pytest.mark.parametrize(("zxid", "left"), [(z(1, 0xFFFFFFFD), True), (z(1, 0xFFFFFFFE), False)])
def test_an_epoch_ends_before_its_counter_does(zxid: int, left: bool) -> None:
    term, _ = serving(2)
    term.leader.broadcast.propose(zxid, b"")
    assert left == term.leader.broadcast.takes_proposals
