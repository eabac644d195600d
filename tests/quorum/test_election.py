"""Fast leader election among servers on a virtual network."""

import pytest
from attrs import evolve

from pyzoo.config.membership import Membership
from pyzoo.quorum.election import ANSWER_AGAIN_MS, FINALIZE_WAIT_MS, ElectionSettings, FastLeaderElection
from pyzoo.quorum.notification import Notification
from pyzoo.quorum.verifier import make_verifier
from pyzoo.quorum.vote import FOLLOWING, LEADING, OBSERVING
from tests.support.electors import LONGEST_DELAY_MS, Electors, members

SETTLED_MS = 5_000
SEEDS = range(25)


def started(membership: Membership, seed: int, *zxids: int) -> Electors:
    electors = Electors(membership, seed)
    for sid, zxid in enumerate(zxids, 1):
        electors.start(sid, zxid)
    return electors


@pytest.mark.parametrize("seed", SEEDS)
def test_all_follow_the_voter_with_the_newest_zxid(seed: int) -> None:
    electors = started(members(5), seed, 7, 9, 8, 9, 1)
    electors.run(SETTLED_MS)
    assert dict.fromkeys(range(1, 6), 4) == electors.leaders()
    assert {1: FOLLOWING, 2: FOLLOWING, 3: FOLLOWING, 4: LEADING, 5: FOLLOWING} == {
        sid: one.state for sid, one in electors.servers.items()
    }


def test_a_newer_epoch_wins_over_a_newer_zxid() -> None:
    electors = Electors(members(3), 1)
    electors.start(1, zxid=2, epoch=3)
    electors.start(2, zxid=9, epoch=2)
    electors.start(3, zxid=9, epoch=2)
    electors.run(SETTLED_MS)
    assert {1: 1, 2: 1, 3: 1} == electors.leaders()


@pytest.mark.parametrize(("voters", "up"), [(2, 1), (3, 1), (4, 2), (5, 2)])
def test_a_minority_elects_nobody(voters: int, up: int) -> None:
    electors = started(members(voters), 1, *range(up))
    electors.run(600_000)
    assert {None} == set(electors.leaders().values())


def test_one_server_of_one_elects_itself() -> None:
    electors = started(members(1), 1, 0)
    electors.run(SETTLED_MS)
    assert {1: 1} == electors.leaders()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_late_server_joins_the_leader_that_is_there_though_its_own_vote_is_better(seed: int) -> None:
    electors = started(members(3), seed, 0, 0)
    electors.run(SETTLED_MS)
    for election in electors.servers.values():
        election.established(1)
    electors.start(3, zxid=5)
    electors.run(SETTLED_MS)
    assert {1: 2, 2: 2, 3: 2} == electors.leaders()


def test_a_server_that_alone_knows_of_a_reconfiguration_joins_the_leader_of_the_others() -> None:
    electors = started(members(3), 1, 5, 5)
    electors.run(SETTLED_MS)
    for election in electors.servers.values():
        election.established(1)
    electors.start(3, zxid=9)
    proposed = Membership(members(3).servers[1:], version=9)
    electors.servers[3].configure(electors.servers[3].current, make_verifier(proposed))
    electors.run(SETTLED_MS)
    assert {1: 2, 2: 2, 3: 2} == electors.leaders()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rest_elects_anew_when_the_leader_is_gone(seed: int) -> None:
    electors = started(members(3), seed, 0, 0, 0)
    electors.run(SETTLED_MS)
    electors.stop(3)
    electors.look_again(1, zxid=4)
    electors.run(electors.chance.randint(0, 400))
    electors.look_again(2, zxid=3)
    electors.run(SETTLED_MS)
    assert {1: 1, 2: 1} == electors.leaders()


@pytest.mark.parametrize("seed", SEEDS)
def test_who_looks_before_the_others_is_heard_by_them(seed: int) -> None:
    """As a leader does that steps down with the newest history, while its followers still follow it."""
    electors = started(members(3), seed, 6, 5, 5)
    electors.run(SETTLED_MS)
    assert {1: 1, 2: 1, 3: 1} == electors.leaders()
    electors.look_again(1, zxid=7)
    electors.run(2 * LONGEST_DELAY_MS)
    electors.look_again(2, zxid=6)
    electors.look_again(3, zxid=6)
    electors.run(SETTLED_MS)
    assert {1: 1, 2: 1, 3: 1} == electors.leaders()


def test_a_server_does_not_follow_a_leader_that_only_others_name() -> None:
    electors = started(members(5), 1, 0, 0, 0, 0, 9)
    electors.run(SETTLED_MS)
    electors.stop(5)
    electors.stop(4)
    electors.start(4, zxid=1)
    electors.run(SETTLED_MS)
    assert {1: 5, 2: 5, 3: 5, 4: None} == electors.leaders()


@pytest.mark.parametrize("seed", SEEDS)
def test_an_observer_finds_the_leader_and_never_becomes_it(seed: int) -> None:
    electors = started(members(3, observers=1), seed, 1, 2, 0, 99)
    electors.run(SETTLED_MS)
    assert {1: 2, 2: 2, 3: 2, 4: 2} == electors.leaders()
    assert OBSERVING == electors.servers[4].state


def test_two_that_are_no_voters_to_each_other_do_not_answer_without_end() -> None:
    removed = FastLeaderElection(ElectionSettings(1), make_verifier(members(2)))
    observer = FastLeaderElection(ElectionSettings(9, is_observer=True), make_verifier(members(3)))
    removed.current = removed.last_seen = make_verifier(Membership(members(3).servers[1:2]))
    for one in (removed, observer):
        one.look_for_leader(5, 1, 0)
        one.take_messages()
    removed.notification_received(9, looking(removed), 0)
    said = 0
    for now_ms in range(1000):
        for speaker, hearer in ((removed, observer), (observer, removed)):
            for receiver, notification in speaker.take_messages():
                if receiver == hearer.settings.my_id:
                    said += 1
                    hearer.notification_received(speaker.settings.my_id, notification, now_ms)
    assert 0 < said <= 2 + 2 * 1000 // ANSWER_AGAIN_MS


def test_who_is_no_voter_is_answered_while_it_looks() -> None:
    voter = FastLeaderElection(ElectionSettings(1), make_verifier(members(3)))
    voter.look_for_leader(5, 1, 0)
    voter.take_messages()
    question = looking(voter)
    answers = []
    for now_ms in (0, 1, ANSWER_AGAIN_MS):
        voter.notification_received(9, question, now_ms)
        answers.append(len(voter.take_messages()))
    voter.notification_received(9, evolve(question, vote=evolve(question.vote, state=OBSERVING)), 1000)
    assert ([1, 0, 1], []) == (answers, voter.take_messages())


def looking(one: FastLeaderElection) -> Notification:
    """What somebody else asks that has the same history."""
    return Notification(one.current_vote, one.current.members.text())


def test_a_server_with_an_unexpectedly_empty_database_does_not_help_another_to_lead() -> None:
    electors = started(members(3), 1, -1, 5)
    electors.run(60_000)
    assert {1: None, 2: None} == electors.leaders()


@pytest.mark.parametrize("seed", SEEDS)
def test_servers_that_start_at_any_time_end_with_one_leader_who_says_so(seed: int) -> None:
    electors = Electors(members(5), seed)
    for sid in electors.chance.sample(range(1, 6), 5):
        electors.start(sid, zxid=electors.chance.randint(0, 3))
        electors.run(electors.chance.randint(0, 300))
    for _ in range(5):
        electors.run(20_000)
        for sid in electors.without_backing():
            electors.look_again(sid)
    (leader,) = set(electors.leaders().values())
    assert leader is not None
    assert LEADING == electors.servers[leader].state


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_waits_for_a_better_vote_when_all_voters_have_told_the_same(seed: int) -> None:
    electors = started(members(3), seed, 1, 5, 3)
    most_deliveries = 3
    electors.run(most_deliveries * LONGEST_DELAY_MS)
    assert most_deliveries * LONGEST_DELAY_MS < FINALIZE_WAIT_MS
    assert {1: 2, 2: 2, 3: 2} == electors.leaders()


def test_a_better_vote_is_waited_for_while_one_voter_has_said_nothing() -> None:
    electors = started(members(3), 1, 1, 5)
    electors.run(FINALIZE_WAIT_MS)
    assert {1: None, 2: None} == electors.leaders()


def test_voters_of_a_proposed_configuration_are_waited_for_too() -> None:
    electors = Electors(members(3), 1)
    proposed = Membership(members(4).servers, version=9)
    for sid in (1, 2, 3):
        electors.start(sid)
        electors.servers[sid].configure(electors.servers[sid].current, make_verifier(proposed))
        electors.look_again(sid, zxid=5)
    electors.run(FINALIZE_WAIT_MS)
    assert {1: None, 2: None, 3: None} == electors.leaders()
    electors.run(SETTLED_MS)
    assert {1: 3, 2: 3, 3: 3} == electors.leaders()


def test_a_voter_of_weight_zero_never_leads() -> None:
    membership = members(3, groups=((1, (1, 2, 3)),), weights=((3, 0),))
    electors = started(membership, 1, 1, 2, 9)
    electors.run(SETTLED_MS)
    assert {1: 2, 2: 2, 3: 2} == electors.leaders()
