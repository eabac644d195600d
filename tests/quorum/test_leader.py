"""The leader's handshake, its quorums and its broadcast, with learners that are bytes."""

from typing import Any

import pytest

from pyzoo.jute.records import Id
from pyzoo.quorum import packets as qp
from pyzoo.quorum.leader import DISCOVERY
from pyzoo.quorum.learner_handler import MOST_EARLY_ACKS
from pyzoo.quorum.packets import packet
from tests.support.collector import no_circles
from tests.support.histories import payload_of, run_of, z
from tests.support.terms import SYNC_MS, TICK_MS, Far, Term, named, packets_of, serving

NEW = z(1, 0)

# --- the handshake


def test_what_an_oracle_lets_a_leader_decide_alone_it_has_to_have_logged_itself() -> None:
    term = Term(2, oracle=lambda: True)
    far = term.joined(2)
    term.propose(z(1, 1), 2)
    far.handler.gone(0)
    term.run(2 * SYNC_MS)
    assert term.leader.failure is None
    assert [] == term.owner.commits()
    term.acked(1, z(1, 1))
    assert [z(1, 1)] == term.owner.commits()


def test_leaderinfo_and_newleader_carry_their_data() -> None:
    term = Term()
    info, _, new_leader = term.promised(2).packets()
    assert b"\x00\x01\x00\x00" == info.data
    assert term.leader.broadcast.last_seen.members.text().encode() == new_leader.data


@pytest.mark.parametrize("type", [qp.ACK, qp.ACKEPOCH, qp.REQUEST, qp.PING, 99])
def test_the_first_packet_has_to_be_an_info(type: int) -> None:
    term = Term()
    far = term.connect(2)
    far.say(packet(type, 0, bytes(20)))
    assert far.is_closed
    assert {} == term.leader.handlers


@pytest.mark.parametrize("data", [None, b"", bytes(7), bytes(8), bytes(20)])
def test_a_learner_that_says_too_little_or_is_too_old_is_closed(data: bytes | None) -> None:
    far = Term().connect(2)
    far.say(packet(qp.FOLLOWERINFO, 0, data))
    assert far.is_closed


def test_a_learner_with_a_newer_configuration_is_closed() -> None:
    far = Term().connect(2)
    far.info(config_version=1)
    assert far.is_closed


@pytest.mark.parametrize("type", [qp.FOLLOWERINFO, qp.ACK, qp.PING])
def test_only_ackepoch_answers_leaderinfo(type: int) -> None:
    far = Term().known(2)
    far.say(packet(type, 0, None))
    assert far.is_closed


@pytest.mark.parametrize("type", [qp.ACKEPOCH, qp.PING, qp.REQUEST])
def test_only_acks_come_before_that_of_newleader(type: int) -> None:
    far = Term().promised(2)
    far.say(packet(type, 0, bytes(20)))
    assert far.is_closed


def test_malformed_bytes_close_that_connection_alone() -> None:
    term, (two, three) = serving(2, 3)
    two.say(packet(qp.ACK, 0, None)[:12] + b"\x80\x00\x00\x00")
    assert (True, False) == (two.is_closed, three.is_closed)
    assert [three.handler] == list(term.leader.handlers)


def test_connections_that_came_to_nothing_leave_no_circles_for_the_collector() -> None:
    term, _ = serving(2, 3)
    with no_circles():
        for sid in range(4, 24):
            far = Far(term, sid, True, 1 << 16)
            far.say(b"no packet at all" * 4)
            far.link.packets.take()
        del far


# --- discovery


@pytest.mark.parametrize(("own", "others", "epoch"), [(4, (0, 0), 5), (0, (7, 3), 8), (2, (2, 9), 10)])
def test_the_epoch_is_one_more_than_any_that_was_promised(own: int, others: tuple[int, int], epoch: int) -> None:
    term = Term(5, accepted=own)
    fars = [term.known(sid, accepted) for sid, accepted in zip((2, 3), others, strict=True)]
    assert [[("LEADERINFO", z(epoch, 0))]] * 2 == [far.heard() for far in fars]


def test_acks_ahead_of_that_of_newleader_are_kept_as_far_as_a_sync_is_long() -> None:
    far = Term().promised(2)
    early: Any = far.handler._early_acks
    far.ack(z(0, 1))
    assert ([z(0, 1)], False) == (list(early), far.is_closed)
    early.extend([z(0, 1)] * (MOST_EARLY_ACKS - 2))
    far.ack(z(0, 1))
    assert not far.is_closed
    far.ack(z(0, 1))
    assert (MOST_EARLY_ACKS, True) == (len(early), far.is_closed)


# --- who is ahead


@pytest.mark.parametrize(("current", "zxid"), [(2, z(1, 4)), (1, z(1, 6)), (3, 0)])
def test_a_server_that_is_ahead_is_refused_before_the_quorum(current: int, zxid: int) -> None:
    term = Term(zxids=run_of(1, 1, 5), accepted=3, current_epoch=1)
    assert term.promised(2, zxid, current).is_closed
    assert DISCOVERY == term.leader.phase


@pytest.mark.parametrize(("current", "zxid"), [(-1, z(1, 5)), (-1, z(9, 9)), (1, -1)])
def test_a_promise_given_before_or_an_empty_server_is_not_counted(current: int, zxid: int) -> None:
    term = Term(zxids=run_of(1, 1, 5), accepted=3, current_epoch=1)
    far = term.promised(2, zxid, current)
    assert [("LEADERINFO", z(4, 0))] == far.heard()
    assert (DISCOVERY, False) == (term.leader.phase, far.is_closed)


# --- synchronisation


def snapped(term: Term, far: Far) -> None:
    """Let the network take the whole stream."""
    while far.link.wants_drain:
        far.handler.drained(term.now_ms)


def test_a_large_snapshot_waits_for_the_network_and_everything_else_for_the_snapshot() -> None:
    term = Term(zxids=run_of(1, 1, 5), accepted=1, current_epoch=1)
    two = term.promised(2, current=1)
    two.ack_new_leader()
    term.history.chunks = [b"x" * (1 << 20)] * 3
    three = term.promised(3, z(3, 0), 1)
    assert len(three.bytes_heard()) < 2 << 20
    term.propose(z(2, 1), 1, 2)
    term.propose(z(2, 2))
    term.run(TICK_MS // 2)
    assert b"" == three.bytes_heard()
    snapped(term, three)
    rest = three.bytes_heard()
    assert [
        ("PROPOSAL", z(2, 1)),
        ("COMMIT", z(2, 1)),
        ("PROPOSAL", z(2, 2)),
        ("NEWLEADER", z(2, 0)),
    ] == named(packets_of(rest[2 << 20 :]))


def test_without_the_disk_an_older_learner_gets_a_snapshot_at_once() -> None:
    term = Term(zxids=run_of(1, 1, 5), cached=2, accepted=1, current_epoch=1, snapshot_size_factor=-1)
    term.promised(2, current=1)
    assert packet(qp.SNAP, z(1, 5), None) in term.promised(3, z(1, 2), 1).bytes_heard()
    assert [] == term.owner.named("read log")


def test_too_many_snapshots_at_a_time_send_observers_away_but_no_followers() -> None:
    term = Term(zxids=run_of(1, 1, 5), accepted=1, current_epoch=1, max_concurrent_snap_syncs=1)
    term.promised(2, current=1)
    fars = [
        term.promised(3, z(3, 0), 1),
        term.promised(4, z(3, 0), 1, is_observer=True),
        term.promised(5, z(3, 0), 1),
        term.promised(6, z(1, 4), 1, is_observer=True),
    ]
    assert [False, True, False, False] == [far.is_closed for far in fars]


# --- broadcast


def test_proposals_that_are_held_back_go_out_together_and_count_no_acknowledgement_before() -> None:
    term, (two,) = serving(2)
    for zxid in (z(1, 1), z(1, 2)):
        term.leader.broadcast.propose(zxid, payload_of(zxid))
    for sid in (2, 3):
        term.acked(sid, z(1, 1))
    assert ([], [], True) == (two.heard(), term.owner.commits(), term.leader.broadcast.is_holding)
    term.leader.broadcast.release()
    assert ([("PROPOSAL", z(1, 1)), ("PROPOSAL", z(1, 2))], False) == (two.heard(), term.leader.broadcast.is_holding)
    for sid in (2, 3):
        term.acked(sid, z(1, 1))
    assert [z(1, 1)] == term.owner.commits()


def test_a_learner_that_joins_while_proposals_are_held_back_gets_each_of_them_once() -> None:
    term, (two,) = serving(2)
    term.history.last = NEW
    term.leader.broadcast.propose(z(1, 1), payload_of(z(1, 1)))
    three = term.promised(3, NEW)
    term.leader.broadcast.release()
    assert [("PROPOSAL", z(1, 1))] == two.heard()
    assert [("PROPOSAL", z(1, 1))] == [packet for packet in three.heard() if packet[0] == "PROPOSAL"]


def test_unknown_packets_of_a_learner_are_survived() -> None:
    _, (two,) = serving(2)
    two.say(packet(99, 0, None), packet(qp.PROPOSAL, z(1, 1), b""))
    assert not two.is_closed


def test_a_request_is_handed_on_as_it_came() -> None:
    term, (two,) = serving(2)
    ids = [Id("ip", "127.0.0.1")]
    two.say(qp.request_packet(qp.encode_request(5, 6, 1, b"body"), ids))
    assert [("request", 5, 6, 1, b"body", ids)] == term.owner.named("request")
    assert [two.handler] == term.owner.handlers_of_requests


def test_a_request_without_identities_has_none() -> None:
    term, (two,) = serving(2)
    two.say(packet(qp.REQUEST, -1, qp.encode_request(5, 6, 1, b"")))
    assert [("request", 5, 6, 1, b"", [])] == term.owner.named("request")


def test_the_sessions_in_a_ping_are_touched() -> None:
    term, (two,) = serving(2)
    two.say(packet(qp.PING, 0, qp.encode_touches({5: 6000, 7: 8000})), packet(qp.PING, 0, None))
    assert [("touch", 5, 6000), ("touch", 7, 8000)] == term.owner.named("touch")
    assert not two.is_closed


@pytest.mark.parametrize("lives", [True, False])
def test_a_revalidation_is_answered_with_what_the_owner_says(lives: bool) -> None:
    term, (two,) = serving(2)
    if lives:
        term.owner.live_sessions.add(5)
    two.say(packet(qp.REVALIDATE, -1, qp.encode_revalidate(5, 6000)))
    assert [("revalidate", 2, 5, 6000)] == term.owner.named("revalidate")
    assert packet(qp.REVALIDATE, -1, qp.encode_revalidated(5, lives)) == two.bytes_heard()


def test_the_syncs_that_wait_for_a_commit_are_counted() -> None:
    term, (two,) = serving(2)
    term.propose(z(1, 1))
    term.leader.broadcast.sync_requested(two.handler)
    assert 1 == term.leader.broadcast.pending_syncs
    for sid in (1, 2):
        term.acked(sid, z(1, 1))
    assert 0 == term.leader.broadcast.pending_syncs


def test_operators_see_how_far_each_follower_has_certainly_acknowledged() -> None:
    term, (second, third) = serving(2, 3)
    broadcast = term.leader.broadcast
    for number in range(1, 6):
        term.propose(z(1, number))
    second.ack(z(1, 1), z(1, 2), z(1, 3))
    assert (z(1, 3), z(1, 0)) == (broadcast.acked_by(second.handler), broadcast.acked_by(third.handler))
    third.ack(z(1, 1))
    broadcast.acked_up_to(1, z(1, 5))
    second.ack(z(1, 4), z(1, 5))
    assert (z(1, 5), True) == (broadcast.acked_by(second.handler), broadcast.acked_by(third.handler) < z(1, 5))
