"""What Apache's tests of elections hold its FastLeaderElection to.

FLETest                               test_election.py; joins late: a late server, servers that start at any time
FLENewEpochTest, FLERestartTest       below
FLELostMessageTest                    below
FLEBackwardElectionRoundTest          below
FLEOutOfElectionTest (FLEDontCare)    below
FLEPredicateTest                      below
FLEZeroWeightTest                     below
FLEMalformedNotificationMessageTest   test_notification.py
CnxManagerTest                        test_cnxmanager.py, test_hello.py; TLS: interop/test_tls_member_refusals.py
LearnerHandlerTest                    test_sync_plan.py, test_scenarios.py
QuorumPeerMainTest                    test_leader.py, test_leader_time.py (disloyal voters, what is out of view),
                                      interop/test_ensemble_sync.py, tests/sim (fraud, quorum loss, who joins late)
"""

from collections.abc import Iterable

import pytest

from pyzoo.quorum.election import FINALIZE_WAIT_MS, ElectionSettings, FastLeaderElection
from pyzoo.quorum.hello import Hello, encode_hello
from pyzoo.quorum.link import ELECTION
from pyzoo.quorum.notification import Notification
from pyzoo.quorum.verifier import make_verifier
from pyzoo.quorum.vote import FOLLOWING, LEADING, LOOKING, Vote
from pyzoo.sim.options import Options
from tests.support.electors import Electors, members
from tests.support.histories import z
from tests.support.scenes import Scene

SETTLED_MS = 5_000


def looking(my_id: int, voters: int, zxid: int = 0, epoch: int = 0) -> FastLeaderElection:
    """A server in its first round."""
    election = FastLeaderElection(ElectionSettings(my_id), make_verifier(members(voters)))
    election.look_for_leader(zxid, epoch, 0)
    return election


def hears(election: FastLeaderElection, votes: Iterable[tuple[int, Vote]]) -> None:
    for sender, vote in votes:
        election.notification_received(sender, Notification(vote), 0)


def leader_of(election: FastLeaderElection) -> int | None:
    return None if election.outcome is None else election.outcome.leader


# --- FLELostMessageTest


def test_a_follower_whose_vote_was_lost_makes_the_leader_all_the_same() -> None:
    election = looking(2, 3)
    hears(election, [(1, Vote(1, 0, 1, 0, LOOKING))])
    assert [1, 3, 1] == [receiver for receiver, _ in election.take_messages()]
    hears(election, [(1, Vote(2, 0, 1, 0, FOLLOWING))])
    assert (2, LEADING) == (leader_of(election), election.state)


# --- FLEBackwardElectionRoundTest (ZOOKEEPER-1514)


def test_who_is_followed_in_an_older_round_does_not_go_back_to_it() -> None:
    election = looking(1, 3)
    followed = [(sender, Vote(1, 0, 1, 0, FOLLOWING)) for sender in (2, 3)]
    hears(election, followed)
    assert LEADING == election.state
    election.look_for_leader(0, 0, 0)
    hears(election, followed)
    assert (None, LOOKING) == (leader_of(election), election.state)


# --- FLERestartTest, FLENewEpochTest


@pytest.mark.parametrize("restarted", [1, 2, 3])
def test_a_server_that_is_started_anew_finds_the_others(restarted: int) -> None:
    electors = Electors(members(3), restarted)
    for sid in (1, 2, 3):
        electors.start(sid)
    electors.run(SETTLED_MS)
    electors.stop(restarted)
    for sid in electors.servers if restarted == 3 else ():
        electors.look_again(sid)
    electors.start(restarted)
    electors.run(SETTLED_MS)
    (leader,) = set(electors.leaders().values())
    assert leader is not None


def test_a_leader_of_a_later_round_is_found_by_who_begins_with_the_first() -> None:
    electors = Electors(members(3), 1)
    for sid in (2, 3):
        electors.start(sid)
    electors.run(SETTLED_MS)
    for sid in (2, 3):
        electors.look_again(sid)
    electors.run(SETTLED_MS)
    electors.start(1)
    electors.run(SETTLED_MS)
    assert {1: 3, 2: 3, 3: 3} == electors.leaders()


# --- FLEOutOfElectionTest


def test_zxids_and_rounds_of_those_who_follow_do_not_matter() -> None:
    election = looking(3, 5)
    hears(
        election,
        [
            (1, Vote(5, z(1, 1), 1, 2, FOLLOWING, 1)),
            (2, Vote(5, z(1, 2), 1, 2, FOLLOWING, 1)),
            (4, Vote(5, z(2, 1), 2, 2, FOLLOWING, 1)),
            (5, Vote(5, z(2, 1), 2, 2, LEADING, 1)),
        ],
    )
    assert 5 == leader_of(election)


def test_epochs_do_not_matter_between_servers_whose_notifications_differ_in_version() -> None:
    election = looking(3, 5)
    hears(
        election,
        [
            (1, Vote(5, z(1, 1), 9, 1, FOLLOWING, 1)),
            (2, Vote(5, z(1, 1), 9, 1, FOLLOWING, 1)),
            (4, Vote(5, z(2, 1), 10, 2, FOLLOWING)),
            (5, Vote(5, z(2, 1), 10, 2, LEADING)),
        ],
    )
    assert 5 == leader_of(election)


def test_the_leader_may_be_of_a_newer_version_than_its_followers() -> None:
    election = looking(3, 5)
    hears(
        election,
        [
            (1, Vote(5, z(15, 0), 10, 0x17, FOLLOWING)),
            (2, Vote(5, z(15, 0), 10, 0x17, FOLLOWING)),
            (4, Vote(5, z(15, 0), 10, 0x18, FOLLOWING, 1)),
            (5, Vote(5, z(15, 0), 10, 0x18, LEADING, 1)),
        ],
    )
    assert 5 == leader_of(election)


def test_those_who_look_and_agree_elect() -> None:
    election = looking(3, 5)
    hears(election, [(sender, Vote(5, z(2, 1), 1, 1, LOOKING)) for sender in (1, 2, 5)])
    election.advance(FINALIZE_WAIT_MS)
    assert 5 == leader_of(election)


def test_votes_of_different_rounds_do_not_add_up() -> None:
    election = looking(3, 5)
    hears(
        election,
        [
            (1, Vote(5, z(1, 1), 1, 1, LOOKING)),
            (2, Vote(5, z(2, 1), 2, 2, LOOKING)),
            (4, Vote(5, z(2, 1), 3, 2, LOOKING)),
        ],
    )
    election.advance(FINALIZE_WAIT_MS)
    assert leader_of(election) is None


# --- FLEPredicateTest


@pytest.mark.parametrize(
    ("vote", "other", "is_better"),
    [
        pytest.param((4, 0, 0), (3, 0, 2), False, id="an-older-epoch"),
        pytest.param((0, 0, 1), (1, 0, 0), True, id="a-newer-epoch"),
        pytest.param((0, 1, 0), (1, 0, 0), True, id="a-newer-zxid"),
        pytest.param((1, 1, 0), (0, 1, 0), True, id="a-larger-id"),
    ],
)
def test_votes_are_better_by_epoch_then_zxid_then_id(
    vote: tuple[int, int, int], other: tuple[int, int, int], is_better: bool
) -> None:
    ours, theirs = (Vote(leader, zxid, 1, epoch) for leader, zxid, epoch in (vote, other))
    assert is_better == (ours.candidacy > theirs.candidacy)


# --- FLEZeroWeightTest


@pytest.mark.parametrize("seed", range(3))
def test_of_nine_servers_only_those_with_weight_are_elected(seed: int) -> None:
    groups = ((1, (1, 2, 3)), (2, (4, 5, 6)), (3, (7, 8, 9)))
    weights = tuple((sid, int(sid <= 3)) for sid in range(1, 10))
    electors = Electors(members(9, groups=groups, weights=weights), seed)
    for sid in range(1, 10):
        electors.start(sid)
    electors.run(SETTLED_MS)
    assert dict.fromkeys(range(1, 10), 3) == electors.leaders()


# --- FLEMalformedNotificationMessageTest


@pytest.mark.parametrize("text", ["server.3", "no configuration", "server.1=here:1:2\nversion=ff", "version=ff"])
def test_a_configuration_that_cannot_be_read_is_ignored_and_the_vote_counts(text: str) -> None:
    scene = Scene(1, Options(clients=0))
    member = scene.ensemble.members[1]
    member.start()
    scene.run_until(lambda: member.peer is not None)
    peer = scene.peer(member)
    link = peer.peer_accepted(ELECTION, "server3", 40000)
    said = Notification(Vote(3, 0, 1, 0), text).encode()
    hello = encode_hello(Hello(3, [("server3", 3888)]), False)
    peer.take_effects()
    peer.peer_bytes(link, hello + len(said).to_bytes(4, "big") + said)
    peer.take_effects()
    assert 3 == peer.election.current_vote.leader
    assert 0 == peer.configuration.current.version
