"""The leader's handshake, its quorums and its broadcast, with learners that are bytes."""

import pytest

from pyzoo.jute.records import Id
from pyzoo.quorum import packets as qp
from pyzoo.quorum.leader import BROADCAST, DISCOVERY, SYNCHRONIZATION
from pyzoo.quorum.packets import packet
from tests.support.histories import payload_of, run_of, z
from tests.support.terms import SYNC_MS, TICK_MS, Far, Term, named, packets_of, serving

NEW = z(1, 0)
IN_STEP = [("LEADERINFO", NEW), ("DIFF", 0), ("NEWLEADER", NEW)]

# --- the handshake


def test_a_leader_alone_is_through_at_once() -> None:
    assert [("serve", NEW)] == Term(1).owner.named("serve")


def test_what_an_oracle_lets_a_leader_decide_alone_it_has_to_have_logged_itself() -> None:
    term = Term(2, oracle=lambda: True)
    far = term.joined(2)
    term.propose(z(1, 1), 2)
    far.handler.gone(0)
    term.run(2 * SYNC_MS)
    assert term.leader.failure is None
    assert [] == term.owner.commits()
    term.leader.broadcast.acked(1, z(1, 1))
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


def test_a_packet_out_of_turn_closes_the_connection() -> None:
    far = Term(5).known(2)
    far.ack_epoch()
    assert far.is_closed


def test_malformed_bytes_close_that_connection_alone() -> None:
    term, (two, three) = serving(2, 3)
    two.say(packet(qp.ACK, 0, None)[:12] + b"\x80\x00\x00\x00")
    assert (True, False) == (two.is_closed, three.is_closed)
    assert [three.handler] == list(term.leader.handlers)


# --- discovery


@pytest.mark.parametrize(("own", "others", "epoch"), [(4, (0, 0), 5), (0, (7, 3), 8), (2, (2, 9), 10)])
def test_the_epoch_is_one_more_than_any_that_was_promised(own: int, others: tuple[int, int], epoch: int) -> None:
    term = Term(5, accepted=own)
    fars = [term.known(sid, accepted) for sid, accepted in zip((2, 3), others, strict=True)]
    assert [[("LEADERINFO", z(epoch, 0))]] * 2 == [far.heard() for far in fars]


def test_a_fixed_epoch_does_not_change_for_a_later_learner() -> None:
    term = Term()
    term.known(2)
    assert [("LEADERINFO", NEW)] == term.known(3, accepted=7).heard()
    assert [("accepted epoch", 1)] == term.owner.named("accepted epoch")


def test_observers_and_strangers_raise_the_epoch_but_are_no_part_of_the_quorum() -> None:
    term = Term()
    fars = [term.known(4, 6, is_observer=True), term.known(77, 8)]
    assert [[], []] == [far.heard() for far in fars]
    term.known(2)
    assert [[("LEADERINFO", z(9, 0))]] * 2 == [far.heard() for far in fars]


# --- who is ahead


@pytest.mark.parametrize(("current", "zxid"), [(2, z(1, 4)), (1, z(1, 6)), (3, 0)])
def test_a_server_that_is_ahead_is_refused_before_the_quorum(current: int, zxid: int) -> None:
    term = Term(zxids=run_of(1, 1, 5), accepted=3, current_epoch=1)
    assert term.promised(2, zxid, current).is_closed
    assert DISCOVERY == term.leader.phase


def test_a_server_that_is_ahead_is_truncated_after_the_quorum() -> None:
    term = Term(zxids=run_of(1, 1, 5), accepted=3, current_epoch=1)
    term.promised(2, current=1)
    late = term.promised(3, z(1, 7), 1)
    assert [("LEADERINFO", z(4, 0)), ("TRUNC", z(1, 5)), ("NEWLEADER", z(4, 0))] == late.heard()


def test_an_observer_that_is_ahead_is_refused_before_the_quorum() -> None:
    term = Term(zxids=run_of(1, 1, 5), accepted=3, current_epoch=1)
    term.known(2)
    assert term.promised(4, z(1, 6), 1, is_observer=True).is_closed


@pytest.mark.parametrize(("current", "zxid"), [(-1, z(1, 5)), (-1, z(9, 9)), (1, -1)])
def test_a_promise_given_before_or_an_empty_server_is_not_counted(current: int, zxid: int) -> None:
    term = Term(zxids=run_of(1, 1, 5), accepted=3, current_epoch=1)
    far = term.promised(2, zxid, current)
    assert [("LEADERINFO", z(4, 0))] == far.heard()
    assert (DISCOVERY, False) == (term.leader.phase, far.is_closed)


def test_promises_of_observers_and_strangers_are_not_counted() -> None:
    term = Term(5)
    term.known(2)
    term.known(3)
    term.promised(6, is_observer=True)
    term.promised(77)
    assert DISCOVERY == term.leader.phase


# --- synchronisation


def synced(peer: int) -> Far:
    """A follower that ends with `peer`, of a leader with 1:1 to 1:5."""
    term = Term(zxids=run_of(1, 1, 5), accepted=1, current_epoch=1)
    term.promised(2, current=1)
    return term.promised(3, peer, 1)


def test_a_diff_is_proposals_with_their_commits_then_newleader() -> None:
    far = synced(z(1, 3))
    packets = far.packets()
    assert [
        ("LEADERINFO", z(2, 0)),
        ("DIFF", z(1, 5)),
        *(("PROPOSAL", z(1, 4)), ("COMMIT", z(1, 4))),
        *(("PROPOSAL", z(1, 5)), ("COMMIT", z(1, 5))),
        ("NEWLEADER", z(2, 0)),
    ] == named(packets)
    assert payload_of(z(1, 4)) == packets[2].data


def snapped(term: Term, far: Far) -> None:
    """Let the network take the whole stream."""
    while far.link.wants_drain:
        far.handler.drained(term.now_ms)


def test_a_snapshot_goes_out_raw_between_snap_and_newleader() -> None:
    data = synced(z(3, 0)).bytes_heard()
    before = packet(qp.LEADERINFO, z(2, 0), qp.LEADER_INFO_DATA) + packet(qp.SNAP, z(1, 5), None)
    assert data.startswith(before + b"snapshot")
    assert [("NEWLEADER", z(2, 0))] == named(packets_of(data[len(before) + 8 :]))


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


def test_an_older_learner_waits_for_the_log_on_disk() -> None:
    term = Term(zxids=run_of(1, 1, 5), cached=2, accepted=1, current_epoch=1)
    term.promised(2, current=1)
    three = term.promised(3, z(1, 2), 1)
    assert [("read log", 3, z(1, 2), z(1, 5))] == term.owner.named("read log")
    assert [("LEADERINFO", z(2, 0))] == three.heard()
    three.handler.log_read(list(Term(zxids=run_of(1, 2, 5)).history.committed_log.proposals))
    assert [z(1, 3), z(1, 4), z(1, 5)] == [zxid for name, zxid in three.heard() if name == "PROPOSAL"]


def test_a_log_that_cannot_serve_makes_it_a_snapshot() -> None:
    term = Term(zxids=run_of(1, 1, 5), cached=2, accepted=1, current_epoch=1)
    term.promised(2, current=1)
    three = term.promised(3, z(1, 2), 1)
    three.handler.log_read(None)
    assert packet(qp.SNAP, z(1, 5), None) in three.bytes_heard()


def test_a_log_read_for_a_learner_that_has_gone_is_ignored() -> None:
    term = Term(zxids=run_of(1, 1, 5), cached=2, accepted=1, current_epoch=1)
    term.promised(2, current=1)
    three = term.promised(3, z(1, 2), 1)
    three.handler.close("test")
    three.bytes_heard()
    three.handler.log_read(None)
    assert b"" == three.bytes_heard()


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


def test_acks_of_newleader_by_observers_and_strangers_are_not_counted() -> None:
    term = Term(5)
    two, three = term.known(2), term.known(3)
    two.ack_epoch()
    three.ack_epoch()
    two.ack_new_leader()
    term.joined(6, is_observer=True)
    term.joined(77)
    assert SYNCHRONIZATION == term.leader.phase


def test_an_ack_of_another_epoch_is_not_that_of_newleader() -> None:
    term = Term()
    far = term.promised(2)
    far.ack(z(7, 0))
    assert SYNCHRONIZATION == term.leader.phase
    far.ack_new_leader()
    assert BROADCAST == term.leader.phase


def test_a_late_follower_gets_what_is_outstanding_and_not_in_its_sync() -> None:
    term, _ = serving(2)
    for zxid in run_of(1, 1, 3):
        term.propose(zxid, 1)
    for zxid in run_of(1, 1, 2):
        term.history.committed_log.add(zxid, payload_of(zxid))
    term.history.last = z(1, 2)
    late = term.promised(3, z(1, 1))
    assert [
        ("LEADERINFO", NEW),
        ("DIFF", z(1, 2)),
        ("PROPOSAL", z(1, 2)),
        ("COMMIT", z(1, 2)),
        ("PROPOSAL", z(1, 3)),
        ("NEWLEADER", NEW),
    ] == late.heard()


def test_an_observer_gets_nothing_of_what_is_outstanding() -> None:
    term, _ = serving(2)
    term.history.last = NEW
    term.propose(z(1, 1))
    assert [("LEADERINFO", NEW), ("DIFF", NEW), ("NEWLEADER", NEW)] == term.promised(4, NEW, is_observer=True).heard()


# --- commits around UPTODATE, and early acks


def test_commits_are_held_between_newleader_and_uptodate() -> None:
    term, (two,) = serving(2)
    term.history.last = NEW
    term.propose(z(1, 1))
    three = term.promised(3, NEW)
    term.propose(z(1, 2))
    two.ack(z(1, 1))
    term.leader.broadcast.acked(1, z(1, 1))
    assert [z(1, 1)] == term.owner.commits()
    assert [
        ("LEADERINFO", NEW),
        ("DIFF", NEW),
        ("PROPOSAL", z(1, 1)),
        ("NEWLEADER", NEW),
        ("PROPOSAL", z(1, 2)),
    ] == three.heard()
    three.ack_new_leader()
    assert [("UPTODATE", -1), ("COMMIT", z(1, 1))] == three.heard()


def test_proposal_acks_that_come_before_that_of_newleader_count_after_it() -> None:
    term, _ = serving(2)
    term.history.last = NEW
    term.propose(z(1, 1), 1)
    three = term.promised(3, NEW)
    three.ack(z(1, 1))
    assert [] == term.owner.commits()
    three.ack_new_leader()
    assert [z(1, 1)] == term.owner.commits()


def test_a_sync_answer_stays_behind_commits_that_are_held() -> None:
    term, (two,) = serving(2)
    term.history.last = NEW
    term.propose(z(1, 1), 1)
    three = term.promised(3, NEW)
    three.heard()
    two.ack(z(1, 1))
    term.leader.broadcast.sync_requested(three.handler)
    three.ack_new_leader()
    assert [("UPTODATE", -1), ("COMMIT", z(1, 1)), ("SYNC", 0)] == three.heard()


# --- broadcast


def test_proposals_go_to_followers_and_to_those_without_a_vote() -> None:
    term, (two,) = serving(2)
    term.history.last = NEW
    stranger, observer = term.joined(77, NEW), term.joined(4, NEW, is_observer=True)
    term.propose(z(1, 1))
    assert [[("PROPOSAL", z(1, 1))]] * 2 + [[]] == [far.heard() for far in (two, stranger, observer)]


def test_proposals_that_are_held_back_go_out_together_and_count_no_acknowledgement_before() -> None:
    term, (two,) = serving(2)
    for zxid in (z(1, 1), z(1, 2)):
        term.leader.broadcast.propose(zxid, payload_of(zxid))
    for sid in (2, 3):
        term.leader.broadcast.acked(sid, z(1, 1))
    assert ([], [], True) == (two.heard(), term.owner.commits(), term.leader.broadcast.is_holding)
    term.leader.broadcast.release()
    assert ([("PROPOSAL", z(1, 1)), ("PROPOSAL", z(1, 2))], False) == (two.heard(), term.leader.broadcast.is_holding)
    for sid in (2, 3):
        term.leader.broadcast.acked(sid, z(1, 1))
    assert [z(1, 1)] == term.owner.commits()


def test_a_learner_that_joins_while_proposals_are_held_back_gets_each_of_them_once() -> None:
    term, (two,) = serving(2)
    term.history.last = NEW
    term.leader.broadcast.propose(z(1, 1), payload_of(z(1, 1)))
    three = term.promised(3, NEW)
    term.leader.broadcast.release()
    assert [("PROPOSAL", z(1, 1))] == two.heard()
    assert [("PROPOSAL", z(1, 1))] == [packet for packet in three.heard() if packet[0] == "PROPOSAL"]


def test_a_commit_goes_to_followers_and_as_inform_to_observers() -> None:
    term, (two,) = serving(2)
    term.history.last = NEW
    stranger, observer = term.joined(77, NEW), term.joined(4, NEW, is_observer=True)
    term.propose(z(1, 1), 1, 2)
    expected = [("PROPOSAL", z(1, 1)), ("COMMIT", z(1, 1))]
    assert [expected, expected] == [two.heard(), stranger.heard()]
    (inform,) = observer.packets()
    assert (qp.INFORM, z(1, 1), payload_of(z(1, 1))) == (inform.type, inform.zxid, inform.data)


def test_all_that_was_logged_can_be_acknowledged_at_once() -> None:
    term, _ = serving(2)
    for zxid in run_of(1, 1, 3):
        term.propose(zxid, 2)
    assert [] == term.owner.commits()
    term.leader.broadcast.acked_up_to(1, z(1, 2))
    assert run_of(1, 1, 2) == term.owner.commits()


def test_acks_of_observers_and_strangers_commit_nothing() -> None:
    term, _ = serving(2)
    term.history.last = NEW
    stranger, observer = term.joined(77, NEW), term.joined(4, NEW, is_observer=True)
    term.propose(z(1, 1), 1)
    stranger.ack(z(1, 1))
    observer.ack(z(1, 1))
    assert [] == term.owner.commits()
    assert not stranger.is_closed


@pytest.mark.parametrize("zxid", [NEW, z(1, 1), z(1, 9), z(0, 1), z(7, 7)])
def test_late_and_unknown_acks_do_nothing(zxid: int) -> None:
    term, (two,) = serving(2)
    term.propose(z(1, 1), 1, 2)
    two.ack(zxid)
    assert [z(1, 1)] == term.owner.commits()
    assert not two.is_closed


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


# --- sync


def test_a_sync_with_nothing_outstanding_is_answered_at_once() -> None:
    term, (two,) = serving(2)
    term.leader.broadcast.sync_requested(two.handler)
    assert [("SYNC", 0)] == two.heard()


def test_a_sync_is_answered_after_the_commit_of_what_was_proposed_before() -> None:
    term, (two,) = serving(2)
    term.propose(z(1, 1))
    term.propose(z(1, 2))
    two.heard()
    term.leader.broadcast.sync_requested(two.handler)
    term.propose(z(1, 3))
    term.leader.broadcast.acked_up_to(1, z(1, 3))
    two.ack(z(1, 1))
    assert 1 == term.leader.broadcast.pending_syncs
    two.ack(z(1, 2))
    two.ack(z(1, 3))
    assert [
        ("PROPOSAL", z(1, 3)),
        ("COMMIT", z(1, 1)),
        ("COMMIT", z(1, 2)),
        ("SYNC", 0),
        ("COMMIT", z(1, 3)),
    ] == two.heard()
    assert 0 == term.leader.broadcast.pending_syncs


# --- learners that come again


def test_what_a_learner_acknowledged_before_it_came_again_does_not_count() -> None:
    """It may have been told to cut that off since; then only the leader's own disk has it."""
    term, (two, _) = serving(2, 3, voters=5)
    term.propose(z(1, 1))
    two.ack(z(1, 1))
    again = term.joined(2)
    term.leader.broadcast.acked(1, z(1, 1))
    term.leader.broadcast.acked(3, z(1, 1))
    assert [] == term.owner.commits()
    again.ack(z(1, 1))
    assert [z(1, 1)] == term.owner.commits()


def test_a_learner_that_comes_again_ends_its_old_connection() -> None:
    term, (two,) = serving(2)
    again = term.known(2)
    assert (True, False) == (two.is_closed, again.is_closed)
