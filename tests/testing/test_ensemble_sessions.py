"""Sessions and time of an ensemble in this process."""

from collections.abc import Iterator

import pytest
from kazoo.client import KazooState
from kazoo.exceptions import NoAuthError, NotReadOnlyCallError

from pyzoo.shell import requests as rq
from pyzoo.subtrees.acl_text import OPEN_ACL
from pyzoo.testing import EmbeddedEnsemble, EmbeddedMember, EmbeddedServerError, NoSuchSession
from tests.support.kazoo_session import kazoo_session


@pytest.fixture(scope="module")
def ensemble() -> Iterator[EmbeddedEnsemble]:
    with EmbeddedEnsemble(tick_time_ms=500, properties={"extendedTypesEnabled": True}) as ensemble:
        yield ensemble


@pytest.fixture
def follower(ensemble: EmbeddedEnsemble) -> EmbeddedMember:
    leader = ensemble.find_leader()
    return next(member for member in ensemble.members if member is not leader)


def test_a_session_expires_whichever_member_has_its_client(
    ensemble: EmbeddedEnsemble, follower: EmbeddedMember
) -> None:
    with kazoo_session(follower.connect_string) as client:
        client.create("/here", ephemeral=True)
        with pytest.raises(EmbeddedServerError, match=r"sessions expire at the leader"):
            follower.expire(client)
        lost = client.handler.event_object()
        client.add_listener(lambda state: lost.set() if state == KazooState.LOST else None)
        ensemble.expire(client)
        assert not ensemble.find_leader().exists("/here")
        assert lost.wait(60)


def test_a_client_is_dropped_whichever_member_it_is_connected_to(
    ensemble: EmbeddedEnsemble, follower: EmbeddedMember
) -> None:
    with kazoo_session(follower.connect_string) as client:
        states: list[str] = []
        client.add_listener(states.append)
        session_id = client.client_id[0]
        assert next(session for session in ensemble.sessions() if session.id == session_id).is_connected
        ensemble.drop(client)
        follower.wait_until(lambda: [KazooState.SUSPENDED, KazooState.CONNECTED] == states)
        assert session_id == client.client_id[0]
    with pytest.raises(NoSuchSession, match="no client is connected to any member with the session 0x5"):
        ensemble.drop(5)


def test_time_passes_for_all_members_and_nobody_loses_its_leader(
    ensemble: EmbeddedEnsemble, follower: EmbeddedMember
) -> None:
    with kazoo_session(follower.connect_string) as client:
        states: list[str] = []
        client.add_listener(states.append)
        created = client.handler.async_result()
        client._call(rq.Create("/short", b"", OPEN_ACL, rq.FLAGS["ttl"], 60_000), created)
        created.get(timeout=60)
        leader = ensemble.find_leader()
        ensemble.step_clock(3600)
        assert not leader.exists("/short")
        follower.wait_until(lambda: client.exists("/short") is None)
        assert leader is ensemble.leader()
        assert [] == states
        session_id = client.client_id[0]
        ensemble.step_clock(60, silent=True)
        assert session_id not in [session.id for session in ensemble.sessions()]


def test_faults_of_a_member_are_those_of_its_clients_only(ensemble: EmbeddedEnsemble, follower: EmbeddedMember) -> None:
    with (
        kazoo_session(follower.connect_string) as client,
        kazoo_session(ensemble.find_leader().connect_string) as other,
    ):
        follower.fail_next("create", "NoAuth")
        other.create("/app")
        follower.wait_until("/app")
        with pytest.raises(NoAuthError):
            client.create("/app/job")
        client.create("/app/job")


def test_faults_stay_with_a_member_in_whichever_role(ensemble: EmbeddedEnsemble, follower: EmbeddedMember) -> None:
    follower.refuse_writes()
    follower.fail_next("exists", "NoAuth")
    leader = ensemble.find_leader()
    ensemble.kill(leader.sid)
    ensemble.find_leader()
    ensemble.wait_until_serving()
    with kazoo_session(follower.connect_string) as client:
        with pytest.raises(NotReadOnlyCallError):
            client.create("/refused")
        with pytest.raises(NoAuthError):
            client.exists("/")
        follower.heal()
        client.create("/taken")
    ensemble.restart(leader.sid)


def test_an_ensemble_goes_on_as_long_as_a_quorum_has_room_on_its_disks(ensemble: EmbeddedEnsemble) -> None:
    first, second = [member for member in ensemble.members if member is not ensemble.find_leader()]
    with kazoo_session(ensemble.find_leader().connect_string) as client:
        first.disk_full()
        client.create("/with-two")
        second.disk_full()
        waiting = client.create_async("/with-one")
        waiting.wait(0.05)
        assert not waiting.ready()
        second.heal()
        assert "/with-one" == waiting.get(timeout=60)
        first.heal()
    ensemble.wait_until_serving()
