"""A learner's handshake, its sync and its live stream, behind a leader that is bytes."""

import pytest

from pyzoo.errors import StorageError
from pyzoo.quorum import packets as qp
from pyzoo.quorum.leader_connector import DIAL_TRIES
from pyzoo.quorum.packets import packet
from tests.support.apprentices import (
    END,
    UPTODATE,
    Apprentice,
    commit,
    commit_and_activate,
    diff,
    leader_info,
    new_leader,
    proposal,
    serving_learner,
    syncing,
)
from tests.support.histories import run_of, z
from tests.support.terms import INIT_MS, SYNC_MS, TICK_MS

ONE, TWO, THREE, FOUR = run_of(1, 1, 4)
NEW = z(1, 0)
PING = packet(qp.PING, ONE, None)

# --- connecting


@pytest.fixture
def apprentice() -> Apprentice:
    """One that waits for its sync in epoch 1."""
    return syncing()


@pytest.fixture
def serving() -> Apprentice:
    """One in step in epoch 1, with an empty history."""
    return serving_learner()


def test_the_leader_is_dialled_at_once_within_the_init_limit() -> None:
    assert [("dial", INIT_MS)] == Apprentice().steps()


def test_the_connect_limit_bounds_the_dial_where_it_is_set() -> None:
    assert [("dial", 2 * TICK_MS)] == Apprentice(connect_limit=2).steps()


def test_a_dial_that_fails_is_tried_again_after_pauses_that_grow_and_then_no_more() -> None:
    apprentice = Apprentice()
    for failed, pause_ms in enumerate((2, 4, 8, 16, 32, 64, *[100] * 6), 1):
        apprentice.learner.gone(apprentice.now_ms)
        apprentice.run(pause_ms - 1)
        assert failed == len(apprentice.owner.links)
        apprentice.run(1)
    assert DIAL_TRIES == len(apprentice.owner.links)
    apprentice.learner.gone(apprentice.now_ms)
    apprentice.run(100)
    assert apprentice.is_over


def test_no_dial_begins_after_the_limit() -> None:
    apprentice = Apprentice(connect_limit=1)
    apprentice.run(TICK_MS)
    apprentice.learner.gone(apprentice.now_ms)
    apprentice.run(100)
    assert (1, True) == (len(apprentice.owner.links), apprentice.is_over)


@pytest.mark.parametrize(("is_observer", "name"), [(False, "FOLLOWERINFO"), (True, "OBSERVERINFO")])
def test_the_first_packet_says_who_it_is_and_what_it_promised(is_observer: bool, name: str) -> None:
    apprentice = Apprentice(accepted=4, is_observer=is_observer)
    apprentice.connect()
    (info,) = apprentice.owner.packets()
    assert (getattr(qp, name), z(4, 0)) == (info.type, info.zxid)
    assert qp.encode_learner_info(2, 0) == info.data


# --- the promise


def promise(accepted: int, current: int, offered: int) -> Apprentice:
    apprentice = Apprentice(accepted, current, last=z(1, 7))
    apprentice.connect()
    apprentice.owner.packets()
    apprentice.owner.done.clear()
    apprentice.hear(leader_info(offered))
    return apprentice


@pytest.mark.parametrize(("accepted", "current_epoch"), [(3, 2), (4, -1)])
def test_the_promise_tells_the_current_epoch_unless_it_was_given_before(accepted: int, current_epoch: int) -> None:
    (ack_epoch,) = promise(accepted, 2, 4).owner.packets()
    assert current_epoch == qp.decode_ack_epoch(ack_epoch.data)


@pytest.mark.parametrize("type", [qp.NEWLEADER, qp.DIFF, qp.PING, 99])
def test_anything_else_in_place_of_leaderinfo_ends_it(type: int) -> None:
    apprentice = Apprentice()
    apprentice.connect()
    apprentice.hear(packet(type, NEW, None))
    assert apprentice.is_over


@pytest.mark.parametrize("type", [qp.NEWLEADER, qp.PROPOSAL, qp.UPTODATE, qp.LEADERINFO, 99])
def test_anything_else_in_place_of_the_kind_of_sync_ends_it(apprentice: Apprentice, type: int) -> None:
    apprentice.hear(packet(type, NEW, None))
    assert apprentice.is_over


# --- DIFF


def test_what_is_logged_and_not_committed_is_unfinished(serving: Apprentice) -> None:
    serving.hear(proposal(ONE), proposal(TWO), commit(ONE))
    assert [TWO] == [one.zxid for one in serving.learner.unfinished()]


def test_what_the_sync_has_logged_and_not_applied_is_unfinished(apprentice: Apprentice) -> None:
    apprentice.hear(diff(ONE), proposal(ONE), commit(ONE), new_leader(1))
    assert [ONE] == [one.zxid for one in apprentice.learner.unfinished()]


# --- SNAP and TRUNC


def snap(zxid: int) -> bytes:
    return packet(qp.SNAP, zxid, None)


@pytest.mark.parametrize("sent", [[], [END], [END, new_leader(1)]])
def test_a_snapshot_that_was_not_saved_is_no_history_of_ours(apprentice: Apprentice, sent: list[bytes]) -> None:
    apprentice.hear(snap(ONE), b"nodes", *sent)
    apprentice.learner.gone(0)
    assert (True, True) == (apprentice.is_over, apprentice.learner.needs_reload)


def test_a_snapshot_that_was_saved_is_kept_after_a_failure(apprentice: Apprentice) -> None:
    apprentice.hear(snap(ONE), END, new_leader(1))
    apprentice.learner.snapshot_saved()
    apprentice.learner.gone(0)
    assert (True, False) == (apprentice.is_over, apprentice.learner.needs_reload)


def test_a_truncation_that_fails_leaves_a_memory_that_is_not_to_be_trusted() -> None:
    apprentice = syncing(epoch=2, last=z(1, 9))
    apprentice.owner.truncates = False
    with pytest.raises(StorageError):
        apprentice.hear(packet(qp.TRUNC, z(1, 7), None))
    assert apprentice.learner.needs_reload


# --- what must not come


@pytest.mark.parametrize("zxids", [[ONE, THREE], [ONE, ONE], [TWO, ONE], [TWO], [z(2, 1), THREE]])
def test_a_discontinuous_proposal_ends_the_sync(zxids: list[int]) -> None:
    apprentice = syncing(epoch=3, last=z(1, 0))
    apprentice.hear(diff(), *map(proposal, zxids))
    assert apprentice.is_over


@pytest.mark.parametrize("zxids", [[ONE, z(2, 1)], [z(2, 1), z(2, 2)], [z(2, 1), z(3, 1)]])
def test_a_proposal_of_a_later_epoch_goes_on(zxids: list[int]) -> None:
    apprentice = syncing(epoch=4, last=z(1, 0))
    apprentice.hear(diff(), *map(proposal, zxids))
    assert not apprentice.is_over


@pytest.mark.parametrize("wire", [commit(ONE), proposal(ONE) + commit(TWO)])
@pytest.mark.parametrize("first", [diff(), packet(qp.TRUNC, 0, None)])
def test_a_commit_that_matches_nothing_ends_the_sync(apprentice: Apprentice, first: bytes, wire: bytes) -> None:
    apprentice.hear(first, wire)
    assert apprentice.is_over


def test_a_proposal_without_a_transaction_ends_the_sync(apprentice: Apprentice) -> None:
    apprentice.hear(diff(), packet(qp.PROPOSAL, ONE, None))
    assert apprentice.is_over


@pytest.mark.parametrize("wire", [PING, packet(99, 0, None), UPTODATE, packet(qp.SYNC, 0, None)])
def test_pings_and_strangers_during_the_sync_are_neither_answered_nor_errors(
    apprentice: Apprentice, wire: bytes
) -> None:
    apprentice.hear(diff(), wire)
    assert [("synchronised",)] == apprentice.steps()
    apprentice.hear(new_leader(1), PING)
    assert [("ACK", NEW)] == apprentice.sent()
    assert not apprentice.is_over


def test_malformed_bytes_end_it(apprentice: Apprentice) -> None:
    apprentice.hear(diff()[:12] + b"\x80\x00\x00\x00")
    assert apprentice.is_over


# --- the live stream


@pytest.mark.parametrize("proposed", [[], [ONE], [ONE, TWO]])
def test_a_commit_of_anything_but_the_oldest_ends_it_and_memory_is_not_trusted(
    serving: Apprentice, proposed: list[int]
) -> None:
    serving.hear(*map(proposal, proposed))
    serving.steps()
    serving.hear(commit(TWO))
    assert (True, True) == (serving.is_over, serving.learner.needs_reload)
    assert [] == serving.steps()


@pytest.mark.parametrize("zxid", [NEW, ONE, THREE, z(0, 9)])
def test_a_discontinuous_proposal_of_the_live_stream_ends_it(serving: Apprentice, zxid: int) -> None:
    serving.hear(proposal(ONE))
    serving.steps()
    serving.hear(proposal(zxid))
    assert serving.is_over
    assert [] == serving.steps()


def test_a_ping_is_answered_with_its_zxid_and_the_sessions_heard_of(serving: Apprentice) -> None:
    serving.owner.touches = qp.encode_touches({5: 6000})
    serving.hear(PING)
    (answer,) = serving.owner.packets()
    assert (qp.PING, ONE, qp.encode_touches({5: 6000})) == (answer.type, answer.zxid, answer.data)


def test_a_ping_is_never_answered_with_null(serving: Apprentice) -> None:
    serving.hear(PING)
    assert packet(qp.PING, ONE, b"") == serving.link.data_to_send()


@pytest.mark.parametrize("valid", [True, False])
def test_a_session_is_revalidated_by_the_leader(serving: Apprentice, valid: bool) -> None:
    serving.learner.send(qp.revalidate_packet(5, 6000))
    assert packet(qp.REVALIDATE, -1, qp.encode_revalidate(5, 6000)) == serving.link.data_to_send()
    serving.hear(packet(qp.REVALIDATE, -1, qp.encode_revalidated(5, valid)))
    assert [("revalidated", 5, valid)] == serving.steps()


def test_a_request_is_sent_as_it_is(serving: Apprentice) -> None:
    request = qp.request_packet(qp.encode_request(5, 6, 1, b"body"), [])
    serving.learner.send(request)
    assert request == serving.link.data_to_send()


def test_an_unknown_packet_of_the_live_stream_is_survived(serving: Apprentice) -> None:
    serving.hear(packet(99, 0, None), proposal(ONE))
    assert [("log", ONE)] == serving.steps()


# --- reconfigurations


def test_a_reconfiguration_that_changes_role_or_leader_ends_it_once_it_is_committed(serving: Apprentice) -> None:
    serving.owner.majors.add(ONE)
    serving.hear(proposal(ONE), commit_and_activate(ONE, 3))
    assert ("commit", ONE) == serving.steps()[-1]
    assert (True, False) == (serving.is_over, serving.learner.needs_reload)


def test_a_reconfiguration_in_the_sync_that_changes_the_role_ends_it_without_the_epoch(apprentice: Apprentice) -> None:
    apprentice.owner.majors.add(ONE)
    apprentice.hear(diff(ONE), proposal(ONE), commit_and_activate(ONE, 3), new_leader(1))
    apprentice.learner.persisted(ONE)
    assert apprentice.is_over
    assert ("current epoch", 1) not in apprentice.steps()


def test_a_configuration_of_newleader_that_changes_the_role_ends_it_at_uptodate(apprentice: Apprentice) -> None:
    apprentice.owner.received_is_major = True
    apprentice.hear(diff(), new_leader(1), UPTODATE)
    assert apprentice.is_over
    assert ("serve",) not in apprentice.steps()


# --- time


@pytest.mark.parametrize("sent", [[], [leader_info(1)], [leader_info(1), diff()]])
def test_each_wait_until_newleader_has_the_init_limit(sent: list[bytes]) -> None:
    apprentice = Apprentice()
    apprentice.connect()
    for one in sent:
        apprentice.run(INIT_MS - 1)
        apprentice.hear(one)
    apprentice.run(INIT_MS - 1)
    assert not apprentice.is_over
    apprentice.run(1)
    assert apprentice.is_over


@pytest.mark.parametrize("sent", [[new_leader(1)], [new_leader(1), UPTODATE], [new_leader(1), UPTODATE, PING]])
def test_each_wait_after_newleader_has_the_sync_limit(apprentice: Apprentice, sent: list[bytes]) -> None:
    apprentice.hear(diff())
    for one in sent:
        apprentice.run(SYNC_MS - 1)
        apprentice.hear(one)
    apprentice.run(SYNC_MS - 1)
    assert not apprentice.is_over
    apprentice.run(1)
    assert apprentice.is_over


def test_nothing_happens_any_more_once_it_is_over(serving: Apprentice) -> None:
    serving.hear(proposal(ONE))
    serving.learner.fail("test")
    serving.steps()
    serving.learner.persisted(ONE)
    serving.learner.snapshot_saved()
    serving.learner.bytes_received(commit(ONE), 0)
    serving.run(10 * INIT_MS)
    assert [] == serving.steps()
    assert "test" == serving.learner.failure


# --- what is no transaction


def test_a_proposal_that_is_no_transaction_ends_it_and_is_not_logged(serving: Apprentice) -> None:
    serving.hear(proposal(ONE))
    serving.owner.refuses.add(TWO)
    serving.hear(proposal(TWO))
    assert "no transaction" == serving.learner.failure
    assert [ONE] == [one.zxid for one in serving.learner.unfinished()]


def test_a_proposal_of_the_sync_that_is_no_transaction_ends_it_at_newleader() -> None:
    apprentice = syncing()
    apprentice.owner.refuses.add(TWO)
    apprentice.hear(diff(TWO), proposal(ONE), commit(ONE), proposal(TWO), commit(TWO), new_leader(1))
    assert "no transaction" == apprentice.learner.failure
    assert [ONE] == [one.zxid for one in apprentice.learner.unfinished()]


def test_what_is_activated_in_the_sync_and_is_no_reconfiguration_ends_it_with_a_reload() -> None:
    apprentice = syncing()
    apprentice.hear(diff(ONE), proposal(ONE), commit_and_activate(ONE, 1), new_leader(1))
    apprentice.owner.refuses.add(ONE)
    apprentice.learner.persisted(ONE)
    assert "no reconfiguration" == apprentice.learner.failure
    assert apprentice.learner.needs_reload


def test_what_is_activated_later_and_is_no_reconfiguration_stays_part_of_the_history(serving: Apprentice) -> None:
    serving.hear(proposal(ONE))
    serving.owner.refuses.add(ONE)
    serving.hear(commit_and_activate(ONE, 1))
    assert "no reconfiguration" == serving.learner.failure
    assert [ONE] == [one.zxid for one in serving.learner.unfinished()]
