"""What clients see of an ensemble, whichever member they talk to and whoever leads."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError, NodeExistsError, NoNodeError

from interop import requests as rq
from interop.client import Client
from interop.conftest import new_ensemble
from interop.ensemble import Ensemble
from interop.member import JAVA38, JAVA39, JAVA395, PYZOO

#: In the order of sids; the last one leads.
MIXES = [
    (JAVA39, PYZOO, PYZOO),
    (PYZOO, JAVA38, JAVA39),
    (JAVA395, JAVA38, PYZOO),
    (PYZOO, PYZOO, JAVA38),
    (PYZOO, PYZOO, PYZOO),
]
WAIT_SECONDS = 60.0
#: More than pyzoo applies at once.
MANY = 12_000
Connect = Callable[..., KazooClient]


@pytest.fixture(scope="module", params=MIXES, ids="-".join)
def ensemble(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    with new_ensemble(tmp_path_factory, request.param) as started:
        started.start_led_by(len(request.param))
        yield started


def test_every_member_takes_every_kind_of_write_and_all_see_it(ensemble: Ensemble, connect: Connect) -> None:
    clients = [connect(member) for member in ensemble.members.values()]
    clients[0].create("/writes")
    for number, client in enumerate(clients):
        top = client.create(f"/writes/{number}", b"1")
        assert [f"{top}/s-000000000{n}" for n in (0, 1)] == [
            client.create(f"{top}/s-", sequence=True),
            client.create(f"{top}/s-", sequence=True),
        ]
        assert 1 == client.set(top, b"2").version
        with pytest.raises(BadVersionError):
            client.set(top, b"3", version=0)
        with pytest.raises(NodeExistsError):
            client.create(top)
        client.delete(f"{top}/s-0000000000")
        transaction = client.transaction()
        transaction.create(f"{top}/m", b"multi")
        transaction.set_data(top, b"4")
        transaction.commit()
        failing = client.transaction()
        failing.create(f"{top}/not-this")
        failing.check(top, 99)
        assert all(isinstance(result, Exception) for result in failing.commit())
    for reader in clients:
        reader.sync("/")
        for number in range(len(clients)):
            assert b"4" == reader.get(f"/writes/{number}")[0]
            assert ["m", "s-0000000001"] == sorted(reader.get_children(f"/writes/{number}"))


def test_a_read_after_sync_sees_what_another_member_acknowledged(ensemble: Ensemble, connect: Connect) -> None:
    clients = [connect(member) for member in ensemble.members.values()]
    clients[0].create("/synced", b"0")
    for number in range(1, 31):
        writer, reader = clients[number % 3], clients[(number + 1) % 3]
        writer.set("/synced", str(number).encode())
        reader.sync("/synced")
        assert number == int(reader.get("/synced")[0])


def test_a_watch_on_one_member_fires_for_a_write_on_another(ensemble: Ensemble, connect: Connect) -> None:
    clients = [connect(member) for member in ensemble.members.values()]
    clients[0].create("/watched")
    fired = []
    for client in clients:
        client.sync("/watched")
        for watch in (client.get, client.get_children, client.exists):
            event = threading.Event()
            watch("/watched" if watch != client.exists else "/watched/new", watch=lambda _, event=event: event.set())
            fired.append(event)
    clients[1].create("/watched/new")
    clients[2].set("/watched", b"changed")
    assert all(event.wait(WAIT_SECONDS) for event in fired)


def test_ephemerals_go_with_the_session_on_every_member(ensemble: Ensemble, connect: Connect) -> None:
    clients = [connect(member) for member in ensemble.members.values()]
    clients[0].create("/ephemerals")
    for owner in clients:
        mortal = connect(ensemble.members[clients.index(owner) + 1])
        mortal.create("/ephemerals/e", ephemeral=True)
        gone = []
        for reader in clients:
            reader.sync("/")
            event = threading.Event()
            assert reader.exists("/ephemerals/e", watch=lambda _, event=event: event.set()) is not None
            gone.append(event)
        mortal.stop()
        assert all(event.wait(WAIT_SECONDS) for event in gone)


def test_a_session_with_very_many_ephemerals_ends_while_others_write(ensemble: Ensemble, connect: Connect) -> None:
    clients = [connect(member) for member in ensemble.members.values()]
    for path in ("/many-ephemerals", "/aside"):
        clients[0].create(path)
    for member in ensemble.members.values():
        mortal = connect(member)
        for begin in range(0, MANY, 1000):
            transaction = mortal.transaction()
            for at in range(begin, begin + 1000):
                transaction.create(f"/many-ephemerals/{at}", ephemeral=True)
            transaction.commit()
        closer = threading.Thread(target=mortal.stop)
        closer.start()
        version = clients[0].get("/aside")[1].version
        while closer.is_alive():
            for client in clients:
                version += 1
                assert version == client.set("/aside", b"x").version
        closer.join()
        for reader in clients:
            reader.sync("/")
            assert [] == reader.get_children("/many-ephemerals")
    ensemble.compare()


def test_a_session_that_falls_silent_expires_and_one_that_pings_does_not(ensemble: Ensemble, connect: Connect) -> None:
    watcher = connect(ensemble.members[1])
    watcher.create("/expiry")
    gone = []
    for member in ensemble.members.values():
        alive = connect(member, 2.0)
        alive.create(f"/expiry/alive{member.sid}", ephemeral=True)
        silent = Client(member, timeout=1500)
        assert 0 == silent.call(rq.CREATE, rq.create(f"/expiry/silent{member.sid}", flags=1)).error
        watcher.sync("/")
        event = threading.Event()
        assert watcher.exists(f"/expiry/silent{member.sid}", watch=lambda _, event=event: event.set()) is not None
        gone.append(event)
    assert all(event.wait(WAIT_SECONDS) for event in gone)
    assert [f"alive{sid}" for sid in ensemble.members] == sorted(watcher.get_children("/expiry"))


def test_a_session_moves_between_members_and_the_member_it_left_may_not_write(ensemble: Ensemble) -> None:
    first = Client(ensemble.members[1])
    assert 0 == first.call(rq.CREATE, rq.create("/moving", flags=1)).error
    left = first
    for sid in (2, 3, 1):
        moved = left.moved_to(ensemble.members[sid])
        assert first.session == moved.session
        assert 0 == moved.call(rq.SET_DATA, rq.set_data("/moving", str(sid))).error
        assert b"/moving" in moved.call(rq.GET_EPHEMERALS, rq.text("/")).body
        left.send(rq.SET_DATA, rq.set_data("/moving", "not from here"))
        reply = left.receive()
        assert reply is None or reply.error == -118
        left = moved
    wrong = Client(ensemble.members[2], session=first.session, password=b"wrong password..")
    assert 0 == wrong.session
    assert 0 == left.call(rq.CLOSE_SESSION).error


def test_a_closed_session_is_refused_by_every_member(ensemble: Ensemble) -> None:
    client = Client(ensemble.members[1])
    client.call(rq.CLOSE_SESSION)
    for member in ensemble.members.values():
        # Apache's server hangs up without an answer when it learns of the end just then.
        Client(member).call(rq.SYNC, rq.text("/"))
        assert 0 == client.moved_to(member).session


def test_containers_and_ttl_nodes_and_acls_travel_through_every_member(ensemble: Ensemble) -> None:
    leader = ensemble.wait_until_serving()
    for member in ensemble.members.values():
        client = Client(member)
        path = f"/kinds{member.sid}"
        assert 0 == client.call(rq.CREATE_CONTAINER, rq.create(path, flags=4)).error
        assert 0 == client.call(rq.AUTH, rq.auth("digest", "user:secret")).error
        mine = [(31, "auth", "")]
        assert 0 == client.call(rq.CREATE2, rq.create(f"{path}/mine", b"x", mine)).error
        changed = client.call(rq.SET_ACL, rq.set_acl(f"{path}/mine", [(1, "auth", "")]))
        assert 0 == changed.error
        # Until Apache's leader has applied it too, which may be later, it checks against the old ACL.
        ensemble.wait_until_applied(leader, changed.zxid)
        assert 0 == client.call(rq.GET_DATA, rq.path_watch(f"{path}/mine")).error
        assert -102 == client.call(rq.SET_DATA, rq.set_data(f"{path}/mine", b"y")).error
        stranger = Client(ensemble.members[member.sid % 3 + 1])
        stranger.call(rq.SYNC, rq.text("/"))
        assert -102 == stranger.call(rq.GET_DATA, rq.path_watch(f"{path}/mine")).error
        for one in (client, stranger):
            one.call(rq.CLOSE_SESSION)


def test_no_client_deletes_a_container_through_a_member(ensemble: Ensemble) -> None:
    leader = ensemble.wait_until_serving()
    for member in ensemble.members.values():
        forwards = member.kind in (JAVA38, JAVA395)
        if forwards and leader.kind != PYZOO:
            # What is forwarded is a matter of the leader.
            continue
        path = f"/not-for-clients{member.sid}"
        client = Client(member)
        assert 0 == client.call(rq.CREATE_CONTAINER, rq.create(path, flags=4)).error
        client.send(rq.DELETE_CONTAINER, rq.text(path))
        reply = client.receive()
        assert (-6 if forwards else None) == (None if reply is None else reply.error)
        for reader in ensemble.members.values():
            look = Client(reader)
            look.call(rq.SYNC, rq.text("/"))
            assert 0 == look.call(rq.EXISTS, rq.path_watch(path)).error
            look.call(rq.CLOSE_SESSION)
        client.close()


def test_the_words_say_who_leads_and_how_many_follow(ensemble: Ensemble) -> None:
    leader = ensemble.wait_until_serving()
    assert 3 == leader.sid
    assert [1, 2] == [member.sid for member in ensemble.followers()]
    numbers = leader.mntr()
    assert ("leader", 2, 3) == (
        numbers["zk_server_state"],
        float(numbers["zk_synced_followers"]),
        float(numbers["zk_quorum_size"]),
    )
    for follower in ensemble.followers():
        numbers = follower.mntr()
        assert ("follower", "following - broadcast") == (numbers["zk_server_state"], numbers["zk_peer_state"])


GARBAGE = {
    "nothing": b"",
    "zeros": bytes(64),
    "text": b"GET / HTTP/1.1\r\nHost: zookeeper\r\n\r\n",
    "ones": b"\xff" * 64,
    "hello of an absurd length": struct.pack(">qqi", -65536, 9, 0x7FFFFFFF) + b"x" * 40,
    "hello and an absurd frame": struct.pack(">qqi", -65536, 9, 14) + b"127.0.0.1:9999" + b"\x7f\xff\xff\xff" * 9,
    "packet of an absurd length": struct.pack(">iqi", 11, 0, 0x7FFFFFFF) + b"x" * 40,
    "packet of a negative length": struct.pack(">iqi", 11, 0, -2) + b"x" * 40,
    "learner info cut short": struct.pack(">iqi", 11, 0, 20) + b"x" * 7,
    "unknown first packet": struct.pack(">iqii", 99, 0, -1, -1),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_on_the_quorum_and_election_ports_harms_nobody(ensemble: Ensemble, connect: Connect, what: str) -> None:
    leader = ensemble.wait_until_serving()
    ports = [member.election_port for member in ensemble.members.values()] + [leader.quorum_port]
    connections = [socket.create_connection(("127.0.0.1", port), 5) for port in ports]
    for connection in connections:
        connection.sendall(GARBAGE[what])
    for connection in connections[::2]:
        connection.close()
    client = connect(ensemble)
    client.ensure_path("/garbage")
    client.set("/garbage", what.encode())
    for connection in connections:
        connection.close()
    assert leader is ensemble.wait_until_serving()
    assert all(member.is_running() for member in ensemble.members.values())


def test_all_members_end_with_the_same_tree(ensemble: Ensemble, connect: Connect) -> None:
    client = connect(ensemble)
    client.create("/many")
    # Beyond some zxids whose digests the members remember.
    for result in [client.create_async(f"/many/{number}", b"x" * number) for number in range(300)]:
        result.get(WAIT_SECONDS)
    with pytest.raises(NoNodeError):
        client.delete("/many/missing")
    client.stop()
    ensemble.compare()
    assert any(member.digests() for member in ensemble.members.values())
