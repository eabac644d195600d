"""Observers of either kind behind leaders and observer masters of either kind."""

from collections.abc import Callable, Iterator

import pytest
from kazoo.client import KazooClient

from interop import requests as rq
from interop.client import Client
from interop.conftest import new_ensemble
from interop.ensemble import Ensemble, Settings
from interop.member import JAVA38, JAVA39, JAVA395, OBSERVER, PYZOO, Member
from interop.ports import free_port
from interop.writer import Writer

#: Voters, the second one leads; observers. Of two voters, the one that does not lead is the only observer master.
MIXES = [
    ((JAVA39, PYZOO), (JAVA39, JAVA38)),
    ((PYZOO, JAVA39), (PYZOO, JAVA395)),
    ((PYZOO, JAVA38), (PYZOO,)),
    ((PYZOO, PYZOO), (PYZOO,)),
]
COMMIT_LOG_COUNT = 500
#: Few, as every comparison walks over all of them.
NODES = 50
WAIT_SECONDS = 60.0
#: Nobody reads a log on disk for a learner.
LINES = {"snapshotSizeFactor": "-1"}
Connect = Callable[..., KazooClient]
WriteTo = Callable[[Ensemble, str], Writer]


@pytest.fixture(
    scope="module",
    params=[(mix, masters) for masters in (False, True) for mix in MIXES],
    ids=lambda case: f"{'-'.join(case[0][0])}-observed-by-{'-'.join(case[0][1])}{'-masters' * case[1]}",
)
def ensemble(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    (voters, observers), masters = request.param
    settings = Settings(LINES)
    if masters:
        settings = Settings({**LINES, "observerMasterPort": str(free_port())}, own_addresses=True)
    with new_ensemble(tmp_path_factory, voters, observers, settings) as started:
        started.start_led_by(2)
        yield started


@pytest.fixture
def observers(ensemble: Ensemble) -> list[Member]:
    ensemble.wait_until_serving()
    return [member for member in ensemble.members.values() if member.role == OBSERVER]


def test_an_observer_takes_reads_writes_watches_and_ephemerals(
    ensemble: Ensemble, observers: list[Member], connect: Connect
) -> None:
    leading = connect(ensemble.members[2])
    for observer in observers:
        assert "observer" == observer.mode()
        client = connect(observer)
        top = client.create(f"/observed{observer.sid}", b"1")
        changes: list[str] = []
        client.get(top, watch=lambda event, changes=changes: changes.append(event.type))
        client.create(f"{top}/mine", ephemeral=True)
        leading.sync(top)
        assert client.client_id[0] == leading.exists(f"{top}/mine").ephemeralOwner
        leading.set(top, b"2")
        client.sync(top)
        assert b"2" == client.get(top)[0]
        ensemble.wait_until(lambda changes=changes: ["CHANGED"] == changes, "the watch fires")  # type: ignore[misc]
        transaction = client.transaction()
        transaction.create(f"{top}/a")
        transaction.set_data(top, b"3")
        assert [f"{top}/a", 2] == [getattr(result, "version", result) for result in transaction.commit()]
        client.stop()
        leading.sync(top)
        assert leading.exists(f"{top}/mine") is None
    ensemble.compare()


def test_observers_are_where_the_configuration_sends_them(ensemble: Ensemble, observers: list[Member]) -> None:
    behind = 1 if ensemble.settings.own_addresses else 2
    expected = {1: 0.0, 2: 0.0, behind: float(len(observers))}

    def counts() -> dict[int, float]:
        return {sid: float(ensemble.members[sid].mntr().get("zk_synced_observers", 0)) for sid in (1, 2)}

    ensemble.wait_until(lambda: expected == counts(), f"the observers are behind server {behind}")


def test_observers_that_die_hold_nobody_up(ensemble: Ensemble, observers: list[Member], write_to: WriteTo) -> None:
    writer = Writer(ensemble.members[2].host_port, "/observers-die")
    writer.start()
    for observer in observers:
        observer.kill()
    writer.wait_for_more()
    ensemble.start(*(observer.sid for observer in observers))
    writer.stop()
    for observer in observers:
        writer.assert_nothing_lost(observer.host_port)
    writer.close()
    ensemble.compare()


def test_an_observer_that_missed_more_than_is_remembered_gets_a_snapshot(
    ensemble: Ensemble, observers: list[Member], connect: Connect
) -> None:
    client = connect(ensemble.members[1])
    client.create("/missed")
    client.create("/missed/ephemeral", ephemeral=True)
    observers[0].stop()
    created = [client.create_async(f"/missed/{number}") for number in range(NODES)]
    written = [client.set_async(f"/missed/{number % NODES}", b"x") for number in range(COMMIT_LOG_COUNT + 200)]
    for result in [*created, *written]:
        result.get(WAIT_SECONDS)
    before = len(observers[0].syncs())
    ensemble.start(observers[0].sid)
    assert ["SNAP"] == observers[0].syncs()[before:]
    ensemble.compare()


def test_a_session_moves_between_observer_and_voter(ensemble: Ensemble, observers: list[Member]) -> None:
    client = Client(observers[0], timeout=20000)
    assert 0 == client.call(rq.CREATE, rq.create("/moving", flags=1)).error
    for member in (ensemble.members[1], observers[-1], ensemble.members[2], observers[0]):
        moved = client.moved_to(member)
        assert moved.session == client.session
        moved.call(rq.SYNC, rq.text("/"))
        assert b"/moving" in moved.call(rq.GET_EPHEMERALS, rq.text("/")).body
        client = moved
    assert 0 == client.call(rq.CLOSE_SESSION).error


def test_a_session_of_an_observer_expires_with_its_ephemerals(
    ensemble: Ensemble, observers: list[Member], connect: Connect
) -> None:
    client = Client(observers[0], timeout=2000)
    assert 0 == client.call(rq.CREATE, rq.create("/expiring", flags=1)).error
    voter = connect(ensemble.members[1])
    voter.sync("/")
    assert voter.exists("/expiring") is not None
    client.close()
    ensemble.wait_until(lambda: voter.exists("/expiring") is None, "the session expires")


def test_a_writer_on_observers_keeps_its_session_through_a_change_of_leader(
    ensemble: Ensemble, observers: list[Member]
) -> None:
    writer = Writer(",".join(observer.host_port for observer in observers), "/leader-changes", session_seconds=20)
    writer.start()
    writer.wait_for_more()
    ensemble.members[2].kill()
    ensemble.start(2)
    writer.wait_for_more()
    writer.stop()
    writer.assert_session_survived()
    ensemble.assert_nothing_lost(writer)
    writer.close()
