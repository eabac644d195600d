"""Members that die, hang and come back, while a client keeps writing: nothing acknowledged is lost."""

from collections.abc import Callable, Iterator

import pytest

from interop.conftest import new_ensemble
from interop.ensemble import Ensemble
from interop.member import JAVA38, JAVA39, JAVA395, PYZOO, Member
from interop.server import ask
from interop.writer import Writer

#: In the order of sids; the last one leads first.
MIXES = [(JAVA39, PYZOO, PYZOO), (PYZOO, JAVA38, JAVA39), (JAVA395, JAVA39, PYZOO), (PYZOO, PYZOO, PYZOO)]
WriteTo = Callable[[Ensemble, str], Writer]


@pytest.fixture(scope="module", params=MIXES, ids="-".join)
def ensemble(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    with new_ensemble(tmp_path_factory, request.param) as started:
        started.start_led_by(len(request.param))
        yield started


def assert_all_well(ensemble: Ensemble, writer: Writer) -> None:
    """Every member has all that was acknowledged, and the same tree."""
    writer.stop()
    ensemble.wait_until_serving()
    writer.assert_session_survived()
    ensemble.assert_nothing_lost(writer)


def wait_for_another_leader(ensemble: Ensemble, old: Member) -> Member:
    ensemble.wait_until(lambda: ensemble.leader() not in (None, old), f"another one leads in place of {old}")
    leader = ensemble.leader()
    assert leader is not None
    return leader


def is_replaced_by_its_end(ensemble: Ensemble, leader: Member, writer: Writer, end: Callable[[], object]) -> None:
    """Writes go on before and after, and it follows when it is back."""
    writer.wait_for_more()
    end()
    wait_for_another_leader(ensemble, leader)
    writer.wait_for_more()
    ensemble.start(leader.sid)
    writer.wait_for_more()
    assert leader.mode() == "follower"
    assert_all_well(ensemble, writer)


def test_a_killed_follower_comes_back_and_catches_up(ensemble: Ensemble, write_to: WriteTo) -> None:
    leader = ensemble.wait_until_serving()
    writer = write_to(ensemble, "/follower-killed")
    follower = ensemble.followers()[0]
    writer.wait_for_more()
    follower.kill()
    writer.wait_for_more()
    ensemble.start(follower.sid)
    writer.wait_for_more()
    assert leader is ensemble.leader()
    assert_all_well(ensemble, writer)


def test_a_follower_that_hangs_is_left_out_and_comes_back(ensemble: Ensemble, write_to: WriteTo) -> None:
    leader = ensemble.wait_until_serving()
    writer = write_to(ensemble, "/follower-hung")
    follower = ensemble.followers()[-1]
    writer.wait_for_more()
    follower.pause()
    writer.wait_for_more()
    ensemble.wait_until(
        lambda: 1 == float(leader.mntr().get("zk_synced_followers", 0)), "the leader gives the hung follower up"
    )
    follower.resume()
    ensemble.wait_until_serving()
    writer.wait_for_more()
    assert leader is ensemble.leader()
    assert_all_well(ensemble, writer)


def test_a_killed_leader_is_replaced_and_sessions_go_on(ensemble: Ensemble, write_to: WriteTo) -> None:
    leader = ensemble.wait_until_serving()
    is_replaced_by_its_end(ensemble, leader, write_to(ensemble, "/leader-killed"), leader.kill)


def test_a_leader_that_is_told_to_stop_is_replaced_and_follows_when_it_is_back(
    ensemble: Ensemble, write_to: WriteTo
) -> None:
    leader = ensemble.wait_until_serving()
    is_replaced_by_its_end(ensemble, leader, write_to(ensemble, "/leader-stopped"), leader.stop)


def test_a_leader_that_hangs_is_replaced_and_follows_when_it_wakes(ensemble: Ensemble, write_to: WriteTo) -> None:
    leader = ensemble.wait_until_serving()
    writer = write_to(ensemble, "/leader-hung")
    writer.wait_for_more()
    leader.pause()
    wait_for_another_leader(ensemble, leader)
    writer.wait_for_more()
    leader.resume()
    ensemble.wait_until(lambda: leader.mode() == "follower", "the old leader follows")
    writer.wait_for_more()
    assert_all_well(ensemble, writer)


def test_a_leader_without_followers_stops_serving(ensemble: Ensemble, write_to: WriteTo) -> None:
    leader = ensemble.wait_until_serving()
    writer = write_to(ensemble, "/minority")
    writer.wait_for_more()
    others = [follower.sid for follower in ensemble.followers()]
    ensemble.kill(*others)
    ensemble.wait_until_not_serving(leader)
    assert "imok" == leader.word("ruok")
    acknowledged = len(writer.created)
    assert b"" == ask(leader.address, bytes.fromhex("0000002c") + bytes(44))
    assert acknowledged == len(writer.created)
    for sid in others:
        ensemble.members[sid].start()
    ensemble.wait_until_serving()
    writer.wait_for_more()
    assert_all_well(ensemble, writer)


def test_everything_is_there_after_all_were_killed_at_once(ensemble: Ensemble, write_to: WriteTo) -> None:
    writer = write_to(ensemble, "/all-killed")
    writer.wait_for_more(50)
    ensemble.kill(*ensemble.members)
    ensemble.start()
    writer.wait_for_more()
    assert_all_well(ensemble, writer)
