"""A network that is cut between members: one side serves, the other knows that it may not, and they heal."""

from collections.abc import Callable, Iterator

import pytest

from interop import requests as rq
from interop.client import Client
from interop.conftest import new_ensemble
from interop.ensemble import NOT_SERVING, Ensemble, Settings
from interop.member import JAVA38, JAVA39, JAVA395, PYZOO, Member
from interop.relay import Network
from interop.writer import Writer

#: In the order of sids; the last one leads at first.
MIXES = [(JAVA39, PYZOO, PYZOO), (PYZOO, JAVA38, JAVA395), (PYZOO, PYZOO, PYZOO)]
LONG_MS = 40000
WriteTo = Callable[[Ensemble, str], Writer]


@pytest.fixture(scope="module", params=MIXES, ids="-".join)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    with new_ensemble(tmp_path_factory, request.param, settings=Settings(relayed=True)) as started:
        started.start_led_by(3)
        yield started


@pytest.fixture
def ensemble(shared: Ensemble) -> Ensemble:
    shared.let_lead(3)
    return shared


@pytest.fixture
def network(ensemble: Ensemble) -> Iterator[Network]:
    assert ensemble.network is not None
    yield ensemble.network
    ensemble.network.heal()


def successor_of(old: Member, ensemble: Ensemble) -> Member:
    """Who leads next: any of the others, whichever has seen more of what was written last."""
    others = [member for member in ensemble.members.values() if member is not old]
    ensemble.wait_until(lambda: ensemble.leader() in others, f"one of {others} leads")
    leader = ensemble.leader()
    assert leader is not None
    return leader


def test_a_leader_that_is_cut_off_stops_and_the_others_go_on(
    ensemble: Ensemble, network: Network, write_to: WriteTo
) -> None:
    writer = write_to(ensemble, "/leader-cut-off")
    writer.wait_for_more()
    old = ensemble.members[3]
    network.cut_off(old.sid)
    ensemble.wait_until_not_serving(old)
    successor = successor_of(old, ensemble)
    writer.wait_for_more()
    assert NOT_SERVING in old.word("srvr")
    network.heal()
    ensemble.wait_until(lambda: old.mode() == "follower", "the old leader follows")
    assert ensemble.leader() is successor
    writer.assert_session_survived()
    ensemble.assert_all_well(writer)


def test_nothing_is_acknowledged_by_a_leader_that_is_cut_off(ensemble: Ensemble, network: Network) -> None:
    client = Client(ensemble.members[3], timeout=LONG_MS)
    assert 0 == client.call(rq.CREATE, rq.create("/acknowledged")).error
    network.cut_off(3)
    client.send(rq.CREATE, rq.create("/not-acknowledged"))
    assert client.receive() is None
    successor_of(ensemble.members[3], ensemble)
    network.reset()
    network.heal()
    ensemble.wait_until_serving()
    for member in ensemble.members.values():
        client = client.moved_to(member)
        client.call(rq.SYNC, rq.text("/"))
        assert 0 == client.call(rq.GET_DATA, rq.path_watch("/acknowledged")).error
        assert -101 == client.call(rq.GET_DATA, rq.path_watch("/not-acknowledged")).error
    assert 0 == client.call(rq.DELETE, rq.path_version("/acknowledged")).error
    assert 0 == client.call(rq.CLOSE_SESSION).error
    ensemble.compare()


def test_a_follower_that_is_cut_off_stops_serving_and_catches_up(
    ensemble: Ensemble, network: Network, write_to: WriteTo
) -> None:
    writer = write_to(ensemble, "/follower-cut-off")
    network.cut_off(1)
    ensemble.wait_until_not_serving(ensemble.members[1])
    writer.wait_for_more()
    assert ensemble.leader() is ensemble.members[3]
    network.heal()
    ensemble.wait_until(lambda: ensemble.members[1].mode() == "follower", "server 1 follows again")
    assert ensemble.leader() is ensemble.members[3]
    writer.assert_session_survived()
    ensemble.assert_all_well(writer)


@pytest.mark.parametrize(("source", "target"), [(3, 1), (1, 3)], ids=["from the leader", "to the leader"])
def test_a_cut_in_one_direction_takes_out_one_follower_only(
    ensemble: Ensemble, network: Network, write_to: WriteTo, source: int, target: int
) -> None:
    leader = ensemble.members[3]
    writer = write_to(ensemble, f"/one-way-{source}-{target}")
    network.cut_one_way(source, target)
    ensemble.wait_until(
        lambda: 1 == float(leader.mntr().get("zk_synced_followers", 0)), "the leader gives the follower up"
    )
    writer.wait_for_more()
    assert leader.mode() == "leader"
    network.heal()
    ensemble.assert_all_well(writer)


def test_a_cut_between_followers_is_not_noticed(ensemble: Ensemble, network: Network, write_to: WriteTo) -> None:
    writer = write_to(ensemble, "/between-followers")
    network.cut_one_way(1, 2)
    network.cut_one_way(2, 1)
    writer.wait_for_more(100)
    assert ["follower", "follower", "leader"] == [member.mode() for member in ensemble.members.values()]
    writer.assert_session_survived()
    network.heal()
    ensemble.assert_all_well(writer)


def test_members_that_lose_all_their_connections_find_together_again(
    ensemble: Ensemble, network: Network, write_to: WriteTo
) -> None:
    writer = write_to(ensemble, "/reset")
    for _ in range(3):
        writer.wait_for_more()
        network.reset()
        ensemble.wait_until_serving()
    ensemble.assert_all_well(writer)
