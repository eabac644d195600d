"""The files: a server boots from what another one wrote, after a clean stop and after a kill, and has the same tree."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from interop import requests as rq
from interop.client import Client
from interop.conftest import StartServer, required, subject_is_real
from interop.histories import RandomRequests, child_names
from interop.java import JavaZooKeeper, zookeeper_38, zookeeper_39
from interop.server import Config, Server

OPERATIONS = 700
#: Of a walk, whose requests travel together.
NODES_AT_ONCE = 100
#: Creates that are on their way when the server is killed.
UNANSWERED = 1000
VERSIONS: dict[str, Callable[[], JavaZooKeeper]] = {"3.9.6": zookeeper_39, "3.8.0": zookeeper_38}
SUPER = "super:lK75jTNcA+U9vtVEw5vB51mj/w4="
Tree = dict[str, tuple[bytes, bytes]]


def config(snap_count: int = 100000, **lines: str) -> Config:
    properties = {
        "zookeeper.DigestAuthenticationProvider.superDigest": SUPER,
        # Nothing may expire while trees are compared.
        "znode.container.checkIntervalMs": "3600000",
    }
    return Config({"extendedTypesEnabled": "true", "snapCount": str(snap_count), **lines}, properties)


def tree_of(server: Server) -> Tree:
    """Everything about every node: path to (data and Stat, ACL and Stat), as the server sends them."""
    client = Client(server)
    client.call(rq.AUTH, rq.auth("digest", "super:secret"))
    tree: Tree = {}
    waiting = ["/"]
    while waiting:
        paths, waiting = waiting[:NODES_AT_ONCE], waiting[NODES_AT_ONCE:]
        for path in paths:
            client.send(rq.GET_DATA, rq.path_watch(path))
            client.send(rq.GET_ACL, rq.text(path))
            client.send(rq.GET_CHILDREN2, rq.path_watch(path))
        for path in paths:
            data, acl, children = (client.answer().body for _ in range(3))
            tree[path] = data, acl
            waiting.extend(f"{path.rstrip('/')}/{name}" for name in child_names(bytes(16) + children))
    client.close()
    return tree


def assert_same_tree(expected: Tree, actual: Tree) -> None:
    assert sorted(expected) == sorted(actual)
    for path, (data, acl) in expected.items():
        assert (path, data.hex(), acl.hex()) == (path, actual[path][0].hex(), actual[path][1].hex())


def write_history(server: Server, seed: int, top: str, with_new_multi_types: bool = True) -> list[Client]:
    """Random requests by some sessions, two of which stay open and own ephemerals."""
    chance = random.Random(seed)
    requests = RandomRequests(chance, top, honest_kinds=True)
    clients = [Client(server) for _ in range(3)]
    clients[0].call(rq.CREATE, rq.create(top))
    for number in range(OPERATIONS):
        opcode, body = requests.draw()
        if opcode == rq.MULTI and not with_new_multi_types:
            opcode, body = (
                rq.MULTI,
                rq.multi([(rq.CREATE, rq.create(f"{top}/m{number}")), (rq.SET_DATA, rq.set_data(top, b"m"))]),
            )
        if not clients[number % 3].connection.closed:
            clients[number % 3].send(opcode, body)
            clients[number % 3].receive()
    for number, client in enumerate(clients):
        client.call(rq.CREATE, rq.create(f"{top}-ephemeral{number}", b"mine", flags=1))
    clients.pop().call(rq.CLOSE_SESSION)
    return clients


def write_quota(server: Server, top: str) -> None:
    client = Client(server)
    client.call(rq.CREATE, rq.create(f"/zookeeper/quota{top}"))
    client.call(rq.CREATE, rq.create(f"/zookeeper/quota{top}/zookeeper_limits", b"count=9999,bytes=-1"))
    client.call(rq.CREATE, rq.create(f"/zookeeper/quota{top}/zookeeper_stats", b"count=0,bytes=0"))
    client.call(rq.CREATE, rq.create(f"{top}/counted", b"12345"))
    client.close()


def assert_sessions_live_on(clients: list[Client], server: Server, top: str) -> list[Client]:
    moved = [client.moved_to(server) for client in clients]
    assert [client.session for client in clients] == [client.session for client in moved]
    expected = [f"{top}-ephemeral{number}".encode() for number in range(len(moved))]
    for path, client in zip(expected, moved, strict=True):
        assert path in client.call(rq.GET_EPHEMERALS, rq.text("/")).body
    return moved


def digest_mismatches(server: Server) -> str:
    return server.mntr()["zk_digest_mismatches_count"]


def assert_no_digest_mismatch(server: Server) -> None:
    assert "0" == digest_mismatches(server)
    assert "digest mismatch" not in server.output().lower()


def copy_of(server: Server, to: Path) -> Path:
    """A home with a copy of the server's data directory."""
    shutil.copytree(server.data_dir, to / "data")
    return to


def java(version: str) -> JavaZooKeeper:
    found = required(VERSIONS[version])
    assert isinstance(found, JavaZooKeeper)
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("snap_count", [100000, 150])
def test_real_boots_from_a_stopped_subject_and_back(
    start_real: StartServer, start_subject: StartServer, tmp_path: Path, version: str, snap_count: int
) -> None:
    # 3.8.0 cannot replay a create2 of a multi; to Apache's server the key means nothing.
    settings = config(snap_count, **({"multi.create2AsCreate": "true"} if version == "3.8.0" else {}))
    if snap_count == 100000:
        # One log, of the size that it has by default.
        settings = evolve(settings, lines={**settings.lines, "preAllocSize": "65536"})
    subject = start_subject(settings)
    clients = write_history(subject, 1, "/one", not (version == "3.8.0" and subject_is_real()))
    write_quota(subject, "/one")
    expected, zxid = tree_of(subject), subject.zxid()
    subject.stop()

    real = start_real(settings, copy_of(subject, tmp_path / "to-real"), java(version))
    assert zxid == real.zxid()
    assert_same_tree(expected, tree_of(real))
    assert_no_digest_mismatch(real)
    clients = assert_sessions_live_on(clients, real, "/one")
    clients += write_history(real, 2, "/two")
    expected, zxid = tree_of(real), real.zxid()
    real.stop()

    again = start_subject(settings, copy_of(real, tmp_path / "back"))
    assert zxid == again.zxid()
    assert_same_tree(expected, tree_of(again))
    judge = start_real(settings, copy_of(real, tmp_path / "judge"), java(version))
    assert digest_mismatches(judge) == digest_mismatches(again)
    assert_sessions_live_on(clients[:2], again, "/one")
    assert_sessions_live_on(clients[2:], again, "/two")


@pytest.mark.parametrize("version", VERSIONS)
def test_subject_boots_from_a_killed_real(
    start_real: StartServer, start_subject: StartServer, tmp_path: Path, version: str
) -> None:
    settings = config(snap_count=150, forceSync="yes")
    real = start_real(settings, version=java(version))
    clients = write_history(real, 3, "/three")
    expected, zxid = tree_of(real), real.zxid()
    real.kill()
    subject = start_subject(settings, copy_of(real, tmp_path / "to-subject"))
    assert zxid <= subject.zxid()
    assert_same_tree(expected, tree_of(subject))
    # A busy Apache server may write a digest into a snapshot that its own tree does not have after a reload.
    judge = start_real(settings, copy_of(real, tmp_path / "judge"), java(version))
    assert digest_mismatches(judge) == digest_mismatches(subject)
    assert_sessions_live_on(clients, subject, "/three")


def killed_while_writing(subject: Server, settled: int) -> int:
    """Pipeline creates of /k/0, /k/1, ... and kill the server in the middle; returns how many were acknowledged."""
    client = Client(subject)
    client.call(rq.CREATE, rq.create("/k"))
    for number in range(UNANSWERED):
        client.send(rq.CREATE, rq.create(f"/k/{number}", b"x" * 200))
    acknowledged = 0
    while acknowledged < settled and client.receive() is not None:
        client.send(rq.CREATE, rq.create(f"/k/{UNANSWERED + acknowledged}", b"x" * 200))
        acknowledged += 1
    subject.kill()
    while client.receive() is not None:
        acknowledged += 1
    return acknowledged


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("settled", [50, 400])
def test_nothing_acknowledged_is_lost_by_a_kill(
    start_real: StartServer, start_subject: StartServer, tmp_path: Path, version: str, settled: int
) -> None:
    settings = config(snap_count=120, forceSync="yes")
    subject = start_subject(settings)
    acknowledged = killed_while_writing(subject, settled)
    real = start_real(settings, copy_of(subject, tmp_path / "to-real"), java(version))
    tree = tree_of(real)
    numbers = sorted(int(path.removeprefix("/k/")) for path in tree if path.startswith("/k/"))
    assert list(range(len(numbers))) == numbers
    assert acknowledged <= len(numbers)
    assert_no_digest_mismatch(real)
    # Before the sessions that it has read from the log expire.
    zxid = real.zxid()
    restarted = start_subject(settings, copy_of(subject, tmp_path / "restarted"))
    assert_same_tree(tree, tree_of(restarted))
    assert zxid == restarted.zxid()
    assert_no_digest_mismatch(restarted)
