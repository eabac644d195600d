"""What a leader and its learners count and measure."""

from pyzoo.quorum import packets as qp
from pyzoo.quorum.packets import packet
from tests.support.apprentices import UPTODATE, commit, diff, inform, new_leader, proposal, serving_learner, syncing
from tests.support.histories import run_of, z
from tests.support.terms import Term, serving


def test_the_quorum_of_a_proposal_is_timed() -> None:
    term, _ = serving(2)
    term.run(10)
    term.propose(z(1, 1))
    term.run(30)
    term.leader.broadcast.acked_up_to(1, z(1, 1))
    term.run(5)
    term.acked(2, z(1, 1))
    metrics = term.leader.metrics
    assert (1, 1) == (metrics.proposal_count, metrics.commit_count)
    assert (1, 30) == (
        metrics.proposal_ack_creation_latency.basic.count,
        metrics.proposal_ack_creation_latency.basic.sum,
    )
    assert (1, 35) == (metrics.quorum_ack_latency.basic.count, metrics.quorum_ack_latency.basic.sum)


def test_a_leader_that_logs_last_is_timed_too() -> None:
    term, _ = serving(2, 3)
    term.propose(z(1, 1), 2, 3)
    assert run_of(1, 1, 1) == term.owner.commits()
    term.run(20)
    term.leader.broadcast.acked_up_to(1, z(1, 1))
    assert 20 == term.leader.metrics.proposal_ack_creation_latency.basic.sum


def test_single_acknowledgements_are_timed_as_seldom_as_is_wished() -> None:
    term, _ = serving(2)
    term.leader.metrics.ack_logging_frequency = 2
    for zxid in run_of(1, 1, 4):
        term.propose(zxid, 2)
    assert 2 == term.leader.metrics.ack_latency.of("2").basic.count
    term.leader.metrics.ack_logging_frequency = 0
    for zxid in run_of(1, 5, 8):
        term.propose(zxid, 2)
    assert 2 == term.leader.metrics.ack_latency.of("2").basic.count


def test_syncs_are_counted_by_their_kind_and_while_they_last() -> None:
    term = Term(zxids=run_of(1, 1, 5), accepted=1, current_epoch=1)
    term.joined(2, z(1, 5))
    metrics = term.leader.metrics
    assert (1, 0) == (metrics.diff_count, metrics.snap_count)
    # One when it began, none when it was acknowledged.
    assert (2, 1, 0) == (
        metrics.inflight_diff_count.count,
        metrics.inflight_diff_count.sum,
        metrics.inflight_diff_count.min,
    )


def test_packets_to_a_learner_wait_behind_what_the_network_has_not_taken() -> None:
    term, [far] = serving(2)
    before = term.leader.metrics.learner_handler_qp_size.of("2")
    before.reset()
    for zxid in run_of(1, 1, 3):
        term.propose(zxid)
    assert (3, 2, 0 + 1 + 2) == (before.count, before.max, before.sum)
    far.heard()
    term.propose(z(1, 4))
    assert (4, 3) == (before.count, before.sum)


def test_what_the_network_does_not_take_is_timed_at_every_ping() -> None:
    term, [far] = serving(2)
    times = term.leader.metrics.learner_handler_qp_time_ms.of("2").basic
    term.run(1000)
    assert (2, 0) == (times.count, times.sum)
    far.link.unsent = 1
    term.run(1000)
    assert 0 < times.max <= 1000


def test_sessions_that_learners_ask_about_are_counted() -> None:
    _, [far] = serving(2)
    far.say(packet(qp.REVALIDATE, -1, qp.encode_revalidate(7, 1000)))
    assert 1 == far.term.leader.metrics.revalidate_count


def test_a_follower_counts_what_its_leader_says() -> None:
    follower = serving_learner()
    follower.hear(proposal(z(1, 1)), commit(z(1, 1)), proposal(z(1, 2)))
    metrics = follower.learner.metrics
    assert (2, 1) == (metrics.learner_proposal_received_count, metrics.learner_commit_received_count)


def test_an_observer_counts_commits_only() -> None:
    observer = serving_learner(is_observer=True)
    observer.hear(inform(z(1, 1)))
    metrics = observer.learner.metrics
    assert (0, 1) == (metrics.learner_proposal_received_count, metrics.learner_commit_received_count)


def test_coming_into_step_is_timed_by_role() -> None:
    for is_observer in (False, True):
        learner = syncing(is_observer=is_observer)
        learner.now_ms += 40
        learner.hear(diff(), new_leader(1), UPTODATE)
        metrics = learner.learner.metrics
        times = (metrics.follower_sync_time, metrics.observer_sync_time)
        assert [0, 1] == sorted(one.count for one in times)
        assert 40 == times[is_observer].sum
