"""A leader that is about to end proposes nothing more, and goes when a quorum of the others has all and knows it."""

from pyzoo.quorum.hand_over import HandOver, others_can_elect
from tests.support.histories import payload_of, z
from tests.support.terms import Far, Term, serving


def acknowledged(term: Term, far: Far, zxid: int) -> None:
    far.ack(zxid)
    far.heard()


def test_it_is_over_when_a_quorum_of_the_others_has_acknowledged_everything() -> None:
    term, (two, three) = serving(2, 3)
    term.propose(z(1, 1), 1)
    term.propose(z(1, 2), 1)
    hand_over = HandOver(term.leader.broadcast)
    assert not hand_over.is_over
    two.ack(z(1, 1), z(1, 2))
    for far in (two, three):
        far.heard()
    assert not hand_over.is_over
    three.ack(z(1, 1))
    assert not hand_over.is_over
    three.ack(z(1, 2))
    assert hand_over.is_level
    assert hand_over.is_over


def test_followers_have_to_know_of_the_last_commit() -> None:
    term, (two, three) = serving(2, 3)
    term.propose(z(1, 1), 1)
    for far in (two, three):
        far.ack(z(1, 1))
    hand_over = HandOver(term.leader.broadcast)
    assert not hand_over.is_over
    two.heard()
    assert not hand_over.is_over
    assert ("COMMIT", z(1, 1)) in three.heard()
    assert hand_over.is_level


def test_where_nothing_was_proposed_it_is_over_at_once() -> None:
    term, _ = serving(2, 3)
    assert HandOver(term.leader.broadcast).is_level


def test_one_of_four_others_may_lag() -> None:
    term, fars = serving(2, 3, 4, 5, voters=5)
    term.propose(z(1, 1), 1)
    hand_over = HandOver(term.leader.broadcast)
    for far in fars[:3]:
        far.ack(z(1, 1))
    for far in fars:
        far.heard()
    assert hand_over.is_level


def test_what_was_held_back_goes_out_and_nothing_comes_after_it() -> None:
    term, (two,) = serving(2)
    broadcast = term.leader.broadcast
    broadcast.propose(z(1, 1), payload_of(z(1, 1)))
    HandOver(broadcast)
    assert [("PROPOSAL", z(1, 1))] == two.heard()
    assert not broadcast.is_holding
    assert not broadcast.takes_proposals


def test_a_follower_that_has_just_come_is_level_with_what_its_sync_has_brought() -> None:
    term, (two,) = serving(2)
    for counter in (1, 2):
        term.propose(z(1, counter), 1)
        acknowledged(term, two, z(1, counter))
        term.history.committed_log.add(z(1, counter), payload_of(z(1, counter)))
        term.history.last = z(1, counter)
    hand_over = HandOver(term.leader.broadcast)
    assert hand_over.is_over
    assert not hand_over.is_level
    three = term.promised(3, zxid=z(1, 1))
    three.heard()
    assert not others_can_elect(term.leader.broadcast)
    three.ack_new_leader()
    three.heard()
    assert hand_over.is_level


def test_others_that_are_no_quorum_are_not_waited_for() -> None:
    term, (_, three) = serving(2, 3)
    assert others_can_elect(term.leader.broadcast)
    term.propose(z(1, 1), 1)
    hand_over = HandOver(term.leader.broadcast)
    assert not hand_over.is_over
    three.handler.gone(term.now_ms)
    assert not others_can_elect(term.leader.broadcast)
    assert hand_over.is_over
    assert not hand_over.is_level


def test_observers_elect_nobody() -> None:
    term, _ = serving(2)
    term.joined(4, is_observer=True)
    assert not others_can_elect(term.leader.broadcast)
