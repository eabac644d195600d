"""How a member that was away catches up: DIFF, SNAP and TRUNC, by every kind of leader and learner."""

from collections.abc import Callable, Iterator

import pytest
from kazoo.client import KazooClient

from interop import requests as rq
from interop.client import Client
from interop.conftest import new_ensemble
from interop.ensemble import Ensemble, Settings
from interop.member import JAVA38, JAVA39, PYZOO, Member

#: Leader and learner, servers 2 and 3; server 1 only makes the quorum.
PAIRS = [(PYZOO, JAVA39), (PYZOO, JAVA38), (JAVA39, PYZOO), (JAVA38, PYZOO), (PYZOO, PYZOO)]
COMMIT_LOG_COUNT = 500
#: Nodes that are created before the same ones are written again: every comparison walks over all of them.
NODES = 50
WAIT_SECONDS = 60.0
#: A session that outlives every restart here, so that its end adds no transaction.
LONG_MS = 60000
#: Servers 1 and 2 never read their log for a learner, server 3 does whatever the size.
SETTINGS = Settings({"snapshotSizeFactor": "-1"}, {3: {"snapshotSizeFactor": "0"}}, relayed=True)
Connect = Callable[..., KazooClient]


@pytest.fixture(scope="module", params=PAIRS, ids=lambda pair: f"{pair[0]}-leads-{pair[1]}")
def ensemble(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    leader, learner = request.param
    with new_ensemble(tmp_path_factory, (PYZOO, leader, learner), settings=SETTINGS) as started:
        started.start_led_by(2)
        yield started


@pytest.fixture
def leader(ensemble: Ensemble) -> Member:
    return ensemble.let_lead(2)


@pytest.fixture
def learner(ensemble: Ensemble, leader: Member) -> Member:
    return ensemble.members[3]


def write(client: KazooClient, top: str, count: int) -> None:
    """That many transactions and one."""
    client.create(top)
    created = [client.create_async(f"{top}/{number}", b"x" * 50) for number in range(min(count, NODES))]
    written = [client.set_async(f"{top}/{number % NODES}", b"%d" % number) for number in range(NODES, count)]
    for result in [*created, *written]:
        result.get(WAIT_SECONDS)


def write_before(ensemble: Ensemble, learner: Member, client: KazooClient, top: str) -> None:
    """Some transactions that the learner has on disk: what only its memory has goes with a kill.

    A learner that has none of an epoch gets a snapshot, as the leader has no transaction that it could begin behind.
    """
    write(client, top, 10)
    ensemble.wait_until(lambda: learner.log_holds(f"{top}/9".encode()), f"{learner} has logged {top}")


def sync_at_start(ensemble: Ensemble, learner: Member) -> list[str]:
    """Start the learner; returns how it was synchronised."""
    before = len(learner.syncs())
    ensemble.start(learner.sid)
    return learner.syncs()[before:]


def test_a_learner_that_missed_a_few_transactions_gets_a_diff(
    ensemble: Ensemble, leader: Member, learner: Member, connect: Connect
) -> None:
    client = connect(leader)
    write_before(ensemble, learner, client, "/before")
    learner.kill()
    write(client, "/missed", COMMIT_LOG_COUNT // 2)
    assert ["DIFF"] == sync_at_start(ensemble, learner)
    ensemble.compare()


def test_a_learner_that_missed_more_than_the_leader_remembers_gets_a_snapshot_and_keeps_it(
    ensemble: Ensemble, leader: Member, learner: Member, connect: Connect
) -> None:
    client = connect(leader)
    client.create("/ephemeral-in-snapshot", ephemeral=True)
    learner.stop()
    write(client, "/forgotten", COMMIT_LOG_COUNT + 200)
    assert ["SNAP"] == sync_at_start(ensemble, learner)
    ensemble.compare()
    assert connect(learner).exists("/ephemeral-in-snapshot").ephemeralOwner == client.client_id[0]
    write(client, "/right-after-it", 10)
    learner.kill()
    assert ["DIFF"] == sync_at_start(ensemble, learner)
    ensemble.compare()


def test_the_log_on_disk_serves_a_learner_that_missed_more_than_the_leader_remembers(
    ensemble: Ensemble, connect: Connect
) -> None:
    leader, learner = ensemble.let_lead(3), ensemble.members[2]
    client = connect(leader)
    write_before(ensemble, learner, client, "/before-on-disk")
    learner.stop()
    write(client, "/on-disk", COMMIT_LOG_COUNT + 200)
    assert ["DIFF"] == sync_at_start(ensemble, learner)
    ensemble.compare()


def test_an_old_leader_throws_away_what_only_it_has_logged(ensemble: Ensemble) -> None:
    assert ensemble.network is not None
    old = ensemble.let_lead(3)
    client = Client(old, timeout=LONG_MS)
    assert 0 == client.call(rq.CREATE, rq.create("/kept")).error
    ensemble.network.cut_off(old.sid)
    for number in range(5):
        client.send(rq.CREATE, rq.create(f"/thrown-away-{number}"))
    ensemble.wait_until(lambda: old.log_holds(b"/thrown-away-4"), "the leader logs what it proposes")
    old.kill()
    ensemble.network.reset()
    ensemble.network.heal()
    leader = ensemble.wait_until_serving()
    assert leader is not old
    assert ["TRUNC"] == sync_at_start(ensemble, old)
    client = client.moved_to(old)
    assert client.session
    children = client.call(rq.GET_CHILDREN2, rq.path_watch("/")).body
    assert b"kept" in children
    assert b"thrown-away" not in children
    assert not old.log_holds(b"/thrown-away-0")
    client.call(rq.CLOSE_SESSION)
    ensemble.compare()


def test_an_old_leader_that_wakes_in_a_later_epoch_with_transactions_of_its_own_gets_a_snapshot(
    ensemble: Ensemble, connect: Connect
) -> None:
    assert ensemble.network is not None
    old = ensemble.let_lead(3)
    client = Client(old, timeout=LONG_MS)
    ensemble.network.cut_off(old.sid)
    client.send(rq.CREATE, rq.create("/of-the-old-epoch"))
    ensemble.wait_until(lambda: old.log_holds(b"/of-the-old-epoch"), "the leader logs what it proposes")
    old.kill()
    ensemble.network.reset()
    ensemble.network.heal()
    leader = ensemble.wait_until_serving()
    write(connect(leader), "/of-the-new-epoch", 10)
    assert ["SNAP"] == sync_at_start(ensemble, old)
    assert connect(old).exists("/of-the-old-epoch") is None
    ensemble.compare()
