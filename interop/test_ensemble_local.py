"""Sessions that only one member knows, and members without a quorum that serve reads only."""

from collections.abc import Callable, Iterator

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NotReadOnlyCallError

from interop import requests as rq
from interop.client import Client
from interop.conftest import new_ensemble
from interop.ensemble import Ensemble, Settings
from interop.member import JAVA38, JAVA39, PYZOO, Member
from interop.writer import ANSWER_SECONDS

#: In the order of sids; the last one leads.
MIXES = [(JAVA39, PYZOO, PYZOO), (PYZOO, JAVA38, JAVA39), (PYZOO, PYZOO, PYZOO)]
SETTINGS = Settings(
    {"localSessionsEnabled": "true", "localSessionsUpgradingEnabled": "true"},
    properties={"readonlymode.enabled": "true"},
)
Connect = Callable[..., KazooClient]


@pytest.fixture(scope="module", params=MIXES, ids="-".join)
def ensemble(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    with new_ensemble(tmp_path_factory, request.param, settings=SETTINGS) as started:
        started.start_led_by(3)
        client = Client(started.members[1])
        assert 0 == client.call(rq.CREATE, rq.create("/first")).error
        yield started


def common_zxid(ensemble: Ensemble) -> int:
    """The last zxid, once all members have it."""

    def zxids() -> set[int]:
        return {member.zxid() for member in ensemble.members.values()}

    ensemble.wait_until(lambda: 1 == len(zxids()), "all members have the same zxid")
    return zxids().pop()


def test_a_local_session_reads_and_writes_without_a_transaction_of_its_own(ensemble: Ensemble) -> None:
    before = common_zxid(ensemble)
    for member in ensemble.members.values():
        client = Client(member)
        assert 0 == client.call(rq.GET_DATA, rq.path_watch("/")).error
        assert 0 == client.call(rq.CLOSE_SESSION).error
    assert before == common_zxid(ensemble)
    client = Client(ensemble.members[1])
    assert 0 == client.call(rq.CREATE, rq.create("/by-a-local-session")).error
    assert before + 1 == common_zxid(ensemble)
    client.call(rq.CLOSE_SESSION)


def test_a_local_session_does_not_move(ensemble: Ensemble) -> None:
    for member in ensemble.members.values():
        client = Client(member)
        others = [other for other in ensemble.members.values() if other is not member]
        assert [0, 0] == [client.moved_to(other).session for other in others]
        client.call(rq.CLOSE_SESSION)


def test_an_ephemeral_makes_a_local_session_global(ensemble: Ensemble) -> None:
    members = list(ensemble.members.values())
    for member, other in zip(members, members[1:] + members[:1], strict=True):
        client = Client(member)
        path = f"/upgraded-{member.sid}"
        assert 0 == client.call(rq.CREATE, rq.create(path, flags=1)).error
        moved = client.moved_to(other)
        assert client.session == moved.session
        moved.call(rq.SYNC, rq.text("/"))
        assert path.encode() in moved.call(rq.GET_EPHEMERALS, rq.text("/")).body
        assert 0 == moved.call(rq.CLOSE_SESSION).error


@pytest.fixture
def isolate(ensemble: Ensemble) -> Iterator[Callable[[int], Member]]:
    """Kill all but one member and wait until that one serves reads; they are back after the test."""
    ensemble.wait_until_serving()

    def kill_others(sid: int) -> Member:
        ensemble.kill(*(other for other in ensemble.members if other != sid))
        member = ensemble.members[sid]
        ensemble.wait_until(lambda: "ro" == member.word("isro"), f"{member} serves read-only")
        return member

    yield kill_others
    down = [member.sid for member in ensemble.members.values() if not member.is_running()]
    if down:
        ensemble.start(*down)


@pytest.mark.parametrize("sid", [1, 2, 3])
def test_a_member_without_a_quorum_serves_reads_and_refuses_writes(
    ensemble: Ensemble, isolate: Callable[[int], Member], connect: Connect, sid: int
) -> None:
    client = connect(ensemble)
    client.ensure_path("/read-only")
    client.set("/read-only", b"%d" % sid)
    client.stop()
    zxid = common_zxid(ensemble)
    member = isolate(sid)
    assert "read-only" == member.mode()
    reader = KazooClient(ensemble.hosts, timeout=10.0, read_only=True)
    reader.start(ANSWER_SECONDS)
    try:
        assert "CONNECTED_RO" == reader.client_state
        assert b"%d" % sid == reader.get("/read-only")[0]
        with pytest.raises(NotReadOnlyCallError):
            reader.set("/read-only", b"no")
        with pytest.raises(NotReadOnlyCallError):
            reader.create("/read-only/no")
        with pytest.raises(NotReadOnlyCallError):
            reader.create("/read-only/no", ephemeral=True)
        assert b"%d" % sid == reader.get("/read-only")[0]
        assert zxid == member.zxid()
    finally:
        reader.stop()
        reader.close()
    ensemble.start(*(other for other in ensemble.members if other != sid))
    assert ["rw"] * 3 == [each.word("isro") for each in ensemble.members.values()]
    ensemble.compare()


def test_a_client_without_the_read_only_flag_is_turned_away_by_a_read_only_member(
    ensemble: Ensemble, isolate: Callable[[int], Member]
) -> None:
    member = isolate(1)
    with pytest.raises(AssertionError, match="refused"):
        Client(member)
    ensemble.start(2, 3)
    assert Client(member).session
