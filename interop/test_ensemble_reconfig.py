"""Changes of the membership while the ensemble runs: members of both kinds join, change role, leave and lead on.

Every test leaves the three servers it found as voters, in whatever version of the configuration.
"""

import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import BadArgumentsError, BadVersionError, NewConfigNoQuorumError, NoAuthError

from interop.conftest import new_ensemble
from interop.ensemble import Ensemble, Settings
from interop.member import JAVA38, JAVA39, JAVA395, OBSERVER, PARTICIPANT, PYZOO, Member
from interop.writer import Writer

#: In the order of sids, the last one leads at first; then the kind that joins.
MIXES = [
    ((JAVA395, JAVA39, PYZOO), JAVA395),
    ((PYZOO, PYZOO, JAVA39), PYZOO),
    ((PYZOO, JAVA38, PYZOO), JAVA38),
    ((PYZOO, PYZOO, PYZOO), PYZOO),
]
SUPER = "super:lK75jTNcA+U9vtVEw5vB51mj/w4="
SETTINGS = Settings(properties={"zookeeper.DigestAuthenticationProvider.superDigest": SUPER}, reconfig=True)
CONFIG = "/zookeeper/config"
Connect = Callable[..., KazooClient]
WriteTo = Callable[[Ensemble, str], Writer]
Newcomer = Callable[[str], Member]


@pytest.fixture(scope="module", params=MIXES, ids=lambda mix: "-".join(mix[0]))
def mix(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], str]:
    chosen: tuple[tuple[str, ...], str] = request.param
    return chosen


@pytest.fixture(scope="module")
def ensemble(mix: tuple[tuple[str, ...], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    with new_ensemble(tmp_path_factory, mix[0], settings=SETTINGS) as started:
        started.start_led_by(len(mix[0]))
        yield started


@pytest.fixture
def admin(ensemble: Ensemble, connect: Connect) -> KazooClient:
    """A client of the leader that may change the configuration."""
    leader = ensemble.wait_until_serving()
    # A member that changes its role closes the connections of its clients; the leader is the last to do so.
    client = connect(leader)
    client.add_auth("digest", "super:secret")
    return client


def config_lines(member: Member, connect: Connect) -> set[str]:
    return set(connect(member).get(CONFIG)[0].decode().splitlines())


def server_lines(ensemble: Ensemble, *members: Member) -> set[str]:
    return {f"server.{member.sid}={ensemble.server_line(member)}" for member in members}


def join(admin: KazooClient, ensemble: Ensemble, member: Member) -> str:
    """Make a running server a member, or give it another role; returns the version of the new configuration."""
    line = f"server.{member.sid}={ensemble.server_line(member)}"
    return version_of(admin.reconfig(joining=line, leaving=None, new_members=None)[0])


def leave(admin: KazooClient, *members: Member) -> str:
    sids = ",".join(str(member.sid) for member in members)
    return version_of(admin.reconfig(joining=None, leaving=sids, new_members=None)[0])


def version_of(text: bytes) -> str:
    found = re.search(r"^version=([0-9a-f]+)$", text.decode(), re.MULTILINE)
    assert found, text
    return found[1]


def assert_all_have(ensemble: Ensemble, version: str, members: list[Member]) -> None:
    """Members write the same text for a version, and it names exactly these members."""
    for member in ensemble.running():
        assert member.home is not None
        static, written = member.home / "zoo.cfg", member.home / f"zoo.cfg.dynamic.{version}"
        line = f"dynamicConfigFile={written}\n"
        ensemble.wait_until(lambda static=static, line=line: line in static.read_text(), f"{member} has {version}")  # type: ignore[misc]
        assert written.read_text() == "\n".join(sorted(server_lines(ensemble, *members)))


@pytest.fixture
def newcomer(ensemble: Ensemble, mix: tuple[tuple[str, ...], str], admin: KazooClient) -> Iterator[Newcomer]:
    """Start a server that is no member yet, until it has synchronised; it is taken out again after the test."""
    started: list[Member] = []

    def start(role: str) -> Member:
        member = ensemble.add(mix[1], role)
        started.append(member)
        ensemble.write_config(member, ensemble.members.values())
        start_non_voter(ensemble, member)
        return member

    yield start
    for member in started:
        leave(admin, member)
        member.stop()
        del ensemble.members[member.sid]
        assert member.home is not None
        shutil.rmtree(member.home)


def start_non_voter(ensemble: Ensemble, member: Member) -> None:
    member.start()
    ensemble.wait_until(lambda: member.mode() in ("follower", "observer"), f"{member} has synchronised")


def wait_for_mode(ensemble: Ensemble, member: Member, mode: str) -> None:
    ensemble.wait_until(lambda: member.mode() == mode, f"{member} is {mode}")


def test_an_observer_joins_serves_and_leaves(
    ensemble: Ensemble, newcomer: Newcomer, admin: KazooClient, connect: Connect
) -> None:
    observer = newcomer(OBSERVER)
    version = join(admin, ensemble, observer)
    assert_all_have(ensemble, version, list(ensemble.members.values()))
    wait_for_mode(ensemble, observer, "observer")
    client = connect(observer)
    assert client.create("/by-the-observer", b"x") == "/by-the-observer"
    client.sync("/")
    assert config_lines(observer, connect) == {
        *server_lines(ensemble, *ensemble.members.values()),
        f"version={version}",
    }
    client.delete("/by-the-observer")
    client.stop()
    others = [member for member in ensemble.members.values() if member is not observer]
    assert_all_have(ensemble, leave(admin, observer), others)


def test_a_newcomer_is_counted_among_the_followers_and_apart(ensemble: Ensemble, newcomer: Newcomer) -> None:
    leader = ensemble.wait_until_serving()
    newcomer(PARTICIPANT)
    numbers = leader.mntr()
    counts = [float(numbers[f"zk_synced_{kind}"]) for kind in ("followers", "non_voting_followers", "observers")]
    assert [3, 1, 0] == counts


def test_a_voter_joins_and_its_vote_counts(
    ensemble: Ensemble, newcomer: Newcomer, admin: KazooClient, write_to: WriteTo
) -> None:
    voter = newcomer(PARTICIPANT)
    assert_all_have(ensemble, join(admin, ensemble, voter), list(ensemble.members.values()))
    writer = write_to(ensemble, f"/voter-joins-{voter.sid}")
    writer.wait_for_more()
    follower = next(member for member in ensemble.followers() if member is not voter)
    follower.kill()
    # Three of four: without the newcomer there is no quorum.
    writer.wait_for_more()
    ensemble.start(follower.sid)
    writer.stop()
    writer.assert_session_survived()
    ensemble.compare()


def test_a_follower_that_was_removed_does_not_count_and_may_come_back(
    ensemble: Ensemble, admin: KazooClient, write_to: WriteTo
) -> None:
    ensemble.wait_until_serving()
    removed, stays = ensemble.followers()
    version = leave(admin, removed)
    assert_all_have(ensemble, version, [member for member in ensemble.members.values() if member is not removed])
    writer = write_to(ensemble, "/follower-removed")
    removed.kill()
    writer.wait_for_more()
    # Its own file does not name it any more, and no server starts without being named.
    ensemble.write_config(removed, ensemble.members.values())
    start_non_voter(ensemble, removed)
    writer.wait_for_more()
    assert_all_have(ensemble, join(admin, ensemble, removed), list(ensemble.members.values()))
    stays.kill()
    writer.wait_for_more()
    ensemble.start(stays.sid)
    writer.stop()
    writer.assert_session_survived()
    ensemble.compare()


def test_a_removed_leader_hands_over_without_losing_sessions(
    ensemble: Ensemble, admin: KazooClient, write_to: WriteTo
) -> None:
    removed = ensemble.wait_until_serving()
    writer = write_to(ensemble, "/leader-removed")
    writer.wait_for_more()
    version = leave(admin, removed)
    others = [member for member in ensemble.members.values() if member is not removed]
    ensemble.wait_until(lambda: ensemble.leader() in others, "a server that stays leads")
    wait_for_mode(ensemble, removed, "follower")
    writer.wait_for_more()
    assert_all_have(ensemble, version, others)
    assert_all_have(ensemble, join(admin, ensemble, removed), list(ensemble.members.values()))
    writer.wait_for_more()
    writer.stop()
    writer.assert_session_survived()
    ensemble.compare()


def test_a_voter_turns_observer_and_back(ensemble: Ensemble, admin: KazooClient) -> None:
    ensemble.wait_until_serving()
    changed = ensemble.followers()[0]
    for role, mode in ((OBSERVER, "observer"), (PARTICIPANT, "follower")):
        changed.role = role
        version = join(admin, ensemble, changed)
        wait_for_mode(ensemble, changed, mode)
        ensemble.wait_until_serving()
        assert_all_have(ensemble, version, list(ensemble.members.values()))


def test_impossible_changes_are_refused_by_name(ensemble: Ensemble, admin: KazooClient, connect: Connect) -> None:
    ensemble.wait_until_serving()
    before = config_lines(ensemble.members[1], connect)
    absent = ",".join(f"server.{sid}=127.0.0.1:1{sid}:2{sid}:participant;127.0.0.1:3{sid}" for sid in (7, 8, 9))
    with pytest.raises(NewConfigNoQuorumError):
        admin.reconfig(joining=None, leaving=None, new_members=absent)
    with pytest.raises(BadVersionError):
        admin.reconfig(joining=None, leaving="1", new_members=None, from_config=7)
    with pytest.raises(BadArgumentsError):
        admin.reconfig(joining=None, leaving="1,2", new_members=None)
    with pytest.raises(BadArgumentsError):
        admin.reconfig(joining="server.9=nonsense", leaving=None, new_members=None)
    with pytest.raises(NoAuthError):
        connect(ensemble).reconfig(joining=None, leaving="1", new_members=None)
    assert before == config_lines(ensemble.members[1], connect)


def test_the_configuration_is_there_after_a_restart_of_all(
    ensemble: Ensemble, admin: KazooClient, connect: Connect
) -> None:
    ensemble.wait_until_serving()
    changed = ensemble.followers()[0]
    changed.role = OBSERVER
    version = join(admin, ensemble, changed)
    assert_all_have(ensemble, version, list(ensemble.members.values()))
    ensemble.kill(*ensemble.members)
    ensemble.start()
    assert "observer" == changed.mode()
    expected = {*server_lines(ensemble, *ensemble.members.values()), f"version={version}"}
    assert [expected] * 3 == [config_lines(member, connect) for member in ensemble.members.values()]
    changed.role = PARTICIPANT
    join(admin, ensemble, changed)
    wait_for_mode(ensemble, changed, "follower")
    ensemble.compare()
